"""Staleness: whether what is stored of an asset is still what its code and its upstream assets would give.

Owns: the values of that judgement, ``StaleStatus``, ``StaleCause`` and ``Verdict``. How it is reached:
``staleness_judge``. Must not know stores, times of day or words for people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

from penstock.keys import AssetKey
from penstock.partitions.subset import PartitionsSubset
from penstock.values import frozen


class StaleStatus(Enum):
    """Whether an asset, or a partition of it, is to be made again."""

    MISSING = "MISSING"
    STALE = "STALE"
    FRESH = "FRESH"


class StaleCauseKind(Enum):
    """Why an asset is to be made."""

    NEVER_MADE = "never made"
    CODE_CHANGED = "code changed"
    UPSTREAM_NEWER = "upstream newer"
    DEPENDENCY_ADDED = "dependency added"
    DEPENDENCY_REMOVED = "dependency removed"
    LAST_TRY_FAILED = "last try failed"
    UPSTREAM_STALE = "upstream stale"


@frozen(kw_only=True)
class StaleCause:
    """One reason why an asset, or some partitions of it, are to be made.

    Args:
        kind: what happened.
        dependency: the upstream asset that it is about, None where it is about the asset itself.
        before: the version that was used, of the code or of the upstream asset; None when it is not known.
        now: the version that holds now; None when it is not known, or differs from partition to partition.
        at: when the upstream asset was made, in seconds since 1970.
        root: of ``UPSTREAM_STALE`` the asset at which it begins.
        root_kind: of ``UPSTREAM_STALE`` what happened there.
    """

    kind: StaleCauseKind
    dependency: AssetKey | None = None
    before: str | None = None
    now: str | None = None
    at: float | None = None
    root: AssetKey | None = None
    root_kind: StaleCauseKind | None = None

    @property
    def is_own(self) -> bool:
        """Whether it stands by itself, and not only because something upstream is to be made first."""
        return self.kind is not StaleCauseKind.UPSTREAM_STALE


Causes = tuple[StaleCause, ...]


@frozen(kw_only=True)
class PartitionVerdict:
    """What holds alike for some partitions of an asset.

    Args:
        subset: the partitions, at least one.
        status: theirs.
        causes: why they are to be made; empty for those that are fresh.
    """

    subset: PartitionsSubset
    status: StaleStatus
    causes: Causes = ()


@frozen(kw_only=True)
class Verdict:
    """What holds for one asset.

    Args:
        key: the asset.
        status: the worst of its partitions; an asset that has no partition yet is fresh.
        causes: why it is to be made, each kind and dependency once, those of partitions together.
        groups: of a partitioned asset every partition there is in one of these; missing, stale, fresh.
    """

    key: AssetKey
    status: StaleStatus
    causes: Causes = ()
    groups: tuple[PartitionVerdict, ...] | None = None

    @property
    def is_changed(self) -> bool:
        """Whether anything of it is to be made."""
        return self.status is not StaleStatus.FRESH

    @property
    def is_partitioned(self) -> bool:
        """Whether it is judged partition by partition."""
        return self.groups is not None

    @property
    def changed_partitions(self) -> PartitionsSubset | None:
        """The partitions that are to be made; None when there is none, or the asset has no partitions."""
        return together(one.subset for one in self.groups or () if one.status is not StaleStatus.FRESH)

    @property
    def root(self) -> tuple[AssetKey, StaleCauseKind] | None:
        """Where it begins, and what happened there; None for an asset that is fresh."""
        first = next((cause for cause in self.causes if cause.is_own), None)
        if first is not None:
            return self.key, first.kind
        for cause in self.causes:
            if cause.root is not None and cause.root_kind is not None:
                return cause.root, cause.root_kind
        return None


Verdicts = Mapping[AssetKey, Verdict]


def together(subsets: Iterable[PartitionsSubset]) -> PartitionsSubset | None:
    """The partitions of several subsets of one definition; None when there is none."""
    found: PartitionsSubset | None = None
    for one in subsets:
        found = one if found is None else found | one
    return None if found is None or found.is_empty else found

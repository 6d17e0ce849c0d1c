"""What conditions ask about the world.

Owns: the protocol ``Facts`` and its values. Who reads a store answers it, each question when it is asked;
tests answer from dicts. Every answer is as of one moment: nothing that is stored after ``head`` counts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from penstock.keys import AssetCheckKey, AssetKey
from penstock.partitions.subset import PartitionsSubset


class Update(NamedTuple):
    """An asset, or one of its partitions, was made or observed.

    ``id`` is its place in the log, ``at`` in seconds since 1970; ``run_id`` is empty for what was reported.
    """

    id: int
    at: float
    run_id: str
    partition: str | None = None
    version: str | None = None


class Verdict(NamedTuple):
    """A check was evaluated, on a partition or on all; the first three as of ``Update``."""

    id: int
    at: float
    run_id: str
    passed: bool


class Work(NamedTuple):
    """What conditions want to know of a run: its tags, and what it is to make and to check."""

    tags: Mapping[str, str]
    makes: frozenset[AssetKey] = frozenset()
    checks: frozenset[AssetCheckKey] = frozenset()


class Facts(Protocol):
    """What is known of assets, checks and runs. What has no partitions has the partition ``ONCE``."""

    @property
    def head(self) -> int:
        """The place in the log up to which everything counts."""
        ...

    def made(self, key: AssetKey) -> PartitionsSubset:
        """What was ever made; of what is observed, what was ever observed."""
        ...

    def running(self, key: AssetKey) -> PartitionsSubset:
        """What runs that are not over are to make and have not made."""
        ...

    def failed(self, key: AssetKey) -> PartitionsSubset:
        """What the last run that was to make it failed to make."""
        ...

    def backfilling(self, key: AssetKey) -> PartitionsSubset:
        """What backfills that are not over are to make and have not made."""
        ...

    def updates(self, key: AssetKey, after: int) -> Sequence[Update]:
        """What happened to an asset after a place in the log, oldest first."""
        ...

    def latest(self, key: AssetKey, partitions: Collection[str] | None = None) -> Mapping[str | None, Update]:
        """The latest update of each of these partitions, or of the whole asset under None."""
        ...

    def changed(self, key: AssetKey, after: int) -> Collection[str | None]:
        """The partitions whose data version is another one than at a place in the log; None for the whole."""
        ...

    def updated_at(self, key: AssetKey) -> datetime | None:
        """When the data of an asset changed last, as its freshness goes by it; None for never."""
        ...

    def verdicts(self, key: AssetCheckKey) -> Mapping[str | None, Verdict]:
        """The latest evaluation of a check on each partition that it was evaluated on; None for the whole."""
        ...

    def runs(self, run_ids: Collection[str]) -> Mapping[str, Work]:
        """What is known of these runs; those that are gone are left out."""
        ...

"""What an asset or a check gives back instead of a bare value.

Owns: ``MaterializeResult``, ``ObserveResult`` and ``AssetCheckResult``.
Must not know definitions: a result names its asset by key, or leaves that to the step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import evolve, field

from penstock.define.inout import NO_VALUE
from penstock.define.versions import DataVersion
from penstock.errors import InvalidDefinitionError
from penstock.events.values import AssetCheckEvaluation, AssetCheckSeverity, as_metadata
from penstock.keys import AssetCheckKey, AssetKey, CoercibleToAssetKey, as_asset_key
from penstock.metadata import MetadataValue
from penstock.values import frozen


def _as_key(key: CoercibleToAssetKey | None) -> AssetKey | None:
    return None if key is None else as_asset_key(key)


def _as_facts(metadata: Mapping[str, Any] | None) -> Mapping[str, MetadataValue]:
    return as_metadata(metadata)


def _as_told(metadata: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Facts in the user's own words, for tests that call a function; faulty ones are refused at once."""
    as_metadata(metadata)
    return metadata or {}


def _as_tags(tags: Mapping[str, str] | None) -> Mapping[str, str]:
    return tags or {}


def _as_severity(severity: Any) -> AssetCheckSeverity:
    if isinstance(severity, AssetCheckSeverity):
        return severity
    raise InvalidDefinitionError(
        f"AssetCheckResult wants AssetCheckSeverity.ERROR or .WARN as severity, found {severity!r}."
    )


def _as_passed(passed: Any) -> bool:
    if isinstance(passed, bool):
        return passed
    if type(passed).__module__ == "numpy" and hasattr(passed, "item"):
        return bool(passed)
    raise InvalidDefinitionError(f"AssetCheckResult wants True or False as passed, found {passed!r}.")


@frozen(kw_only=True)
class AssetCheckResult:
    """What a check found.

    Args:
        passed: whether the asset is as it should be.
        asset_key: the asset, when the step has several.
        check_name: the check, when the step has several.
        metadata: facts about what was found.
        severity: how bad it is when it did not pass; only ``ERROR`` can block.
        description: one sentence for people.
    """

    passed: bool = field(converter=_as_passed)
    asset_key: AssetKey | None = field(default=None, converter=_as_key)
    check_name: str | None = None
    metadata: Mapping[str, MetadataValue] = field(default=None, converter=_as_facts)
    severity: AssetCheckSeverity = field(default=AssetCheckSeverity.ERROR, converter=_as_severity)
    description: str | None = None

    @property
    def asset_check_key(self) -> AssetCheckKey | None:
        """Asset and name together, None while one of them is left to the step."""
        if self.asset_key is None or self.check_name is None:
            return None
        return AssetCheckKey(self.asset_key, self.check_name)

    def to_asset_check_evaluation(
        self, check_key: AssetCheckKey, *, blocking: bool = False, partition: str | None = None
    ) -> AssetCheckEvaluation:
        """The fact that this result becomes.

        Args:
            check_key: the check it is about.
            blocking: whether the check stops what is downstream.
            partition: the partition that was checked.
        """
        return AssetCheckEvaluation(
            asset_key=check_key.asset_key,
            check_name=check_key.name,
            passed=self.passed,
            severity=self.severity,
            description=self.description,
            metadata=self.metadata,
            blocking=blocking,
            partition=partition,
        )


def _as_check_results(results: Iterable[AssetCheckResult] | None) -> tuple[AssetCheckResult, ...]:
    if isinstance(results, AssetCheckResult):
        raise InvalidDefinitionError(
            "check_results wants a list of AssetCheckResult objects, found one alone."
        )
    found = tuple(results or ())
    for one in found:
        if not isinstance(one, AssetCheckResult):
            raise InvalidDefinitionError(f"check_results wants AssetCheckResult objects, found {one!r}.")
    return found


@frozen(hash=False)
class MaterializeResult:
    """An asset was made; its value, if any, goes to its I/O manager.

    Args:
        asset_key: the asset, when the step makes several.
        metadata: facts about what was made, kept as they were given.
        check_results: of checks that the step evaluates as well.
        data_version: the version of the data, when the code knows it.
        tags: machine-readable facts.
        value: what was made; without one the I/O manager is not asked.
    """

    asset_key: AssetKey | None = field(default=None, converter=_as_key)
    metadata: Mapping[str, Any] = field(default=None, converter=_as_told)
    check_results: tuple[AssetCheckResult, ...] = field(default=None, converter=_as_check_results)
    data_version: DataVersion | None = None
    tags: Mapping[str, str] = field(default=None, converter=_as_tags)
    value: Any = NO_VALUE

    @property
    def has_value(self) -> bool:
        """Whether there is a value to store."""
        return self.value is not NO_VALUE

    def with_metadata(self, metadata: Mapping[str, Any] | None) -> MaterializeResult:
        """The same result with other facts."""
        return evolve(self, metadata=metadata)

    def __class_getitem__(cls, item: Any) -> type[MaterializeResult]:
        """``MaterializeResult[int]`` is an annotation for readers."""
        return cls


@frozen(hash=False)
class ObserveResult:
    """An asset that somebody else makes was looked at.

    Args:
        asset_key: the asset, when the step observes several.
        metadata: facts about it, kept as they were given.
        check_results: of checks that the step evaluates as well.
        data_version: the version of the data that was seen.
        tags: machine-readable facts.
    """

    asset_key: AssetKey | None = field(default=None, converter=_as_key)
    metadata: Mapping[str, Any] = field(default=None, converter=_as_told)
    check_results: tuple[AssetCheckResult, ...] = field(default=None, converter=_as_check_results)
    data_version: DataVersion | None = None
    tags: Mapping[str, str] = field(default=None, converter=_as_tags)


def is_asset_result(value: Any) -> bool:
    """Whether a value speaks of assets or checks instead of being one."""
    return isinstance(value, MaterializeResult | ObserveResult | AssetCheckResult)

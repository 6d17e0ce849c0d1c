"""Checks of what was recorded with the latest materializations of assets.

Owns: ``build_column_schema_change_checks`` and ``build_metadata_bounds_checks``, and what the latter was told
(``Bounds``). How metadata is judged: ``plan.metadata_checks``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypedDict, Unpack

from penstock.define.assets import AssetChecksDefinition
from penstock.define.built_checks import built_checks, checked_keys, checked_severity
from penstock.define.spec_rules import check_options
from penstock.define.specs import AssetCheckSpec
from penstock.errors import InvalidDefinitionError
from penstock.events.values import AssetCheckSeverity
from penstock.values import frozen

_NOT_OF_NAMES = re.compile(r"[^A-Za-z0-9_]")


@frozen(kw_only=True)
class Bounds:
    """Between what a number is to be.

    Args:
        metadata_key: under which it stands.
        min_value, max_value: None is no bound.
        exclusive_min, exclusive_max: whether the bound itself is already outside.
        severity: of a check that does not pass.
    """

    metadata_key: str
    min_value: float | None = None
    max_value: float | None = None
    exclusive_min: bool = False
    exclusive_max: bool = False
    severity: AssetCheckSeverity = AssetCheckSeverity.WARN

    def __str__(self) -> str:
        """In words: ``at least 1 and less than 10``."""
        least = "more than" if self.exclusive_min else "at least"
        most = "less than" if self.exclusive_max else "at most"
        parts = ((least, self.min_value), (most, self.max_value))
        return " and ".join(f"{words} {bound}" for words, bound in parts if bound is not None)


def build_column_schema_change_checks(
    *, assets: Sequence[Any], severity: AssetCheckSeverity = AssetCheckSeverity.WARN
) -> Sequence[AssetChecksDefinition]:
    """Make a check ``column_schema_change`` for each asset: it passes while its columns stay as they were.

    The metadata ``penstock/column_schema`` of the last two materializations is compared: which columns there
    are, and of which types. Their order does not matter.

    Args:
        assets: in any spelling; a definition stands for all its assets.
        severity: of a check that does not pass.

    Raises:
        InvalidDefinitionError: when something names no asset, or there is no such severity.
    """
    builder = "build_column_schema_change_checks()"
    said = "Whether the columns are those of the materialization before."
    specs = _specs(assets, "column_schema_change", said, builder)
    return built_checks(specs, "check_column_schemas", checked_severity(severity, builder))


class BoundOptions(TypedDict, total=False):
    """The bounds of ``build_metadata_bounds_checks``; at least one of the two values is given.

    An exclusive bound is itself already outside.
    """

    min_value: float | None
    max_value: float | None
    exclusive_min: bool
    exclusive_max: bool


def build_metadata_bounds_checks(
    *,
    assets: Sequence[Any],
    metadata_key: str,
    severity: AssetCheckSeverity = AssetCheckSeverity.WARN,
    **bounds: Unpack[BoundOptions],
) -> Sequence[AssetChecksDefinition]:
    """Make a check for each asset: it passes while a number of its latest materialization is within bounds.

    For the metadata ``rows`` it is called ``rows_bounds_check``.

    Args:
        assets: in any spelling; a definition stands for all its assets.
        metadata_key: under which the number stands.
        severity: of a check that does not pass.
        bounds: see ``BoundOptions``.

    Raises:
        InvalidDefinitionError: when something names no asset, the bounds are none, or there is no such
            severity.
    """
    builder = "build_metadata_bounds_checks()"
    check_options(bounds, BoundOptions.__annotations__, builder)
    found = Bounds(
        metadata_key=_text(metadata_key), severity=checked_severity(severity, builder), **_checked(bounds)
    )
    said = f"Whether {metadata_key!r} of the latest materialization is {found}."
    name = f"{_NOT_OF_NAMES.sub('_', metadata_key)}_bounds_check"
    return built_checks(_specs(assets, name, said, builder), "check_metadata_bounds", found)


def _text(given: Any) -> str:
    if isinstance(given, str) and given:
        return given
    raise InvalidDefinitionError(f"metadata_key wants the name of a fact, found {given!r}.")


def _checked(bounds: BoundOptions) -> BoundOptions:
    low, high = bounds.get("min_value"), bounds.get("max_value")
    for name, value in (("min_value", low), ("max_value", high)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise InvalidDefinitionError(f"{name} wants a number, found {value!r}.")
    if low is None and high is None:
        raise InvalidDefinitionError("There is no bound. Give min_value, max_value or both.")
    if low is not None and high is not None and low > high:
        raise InvalidDefinitionError(f"min_value {low} is greater than max_value {high}. Exchange them.")
    return bounds


def _specs(assets: Any, name: str, description: str, builder: str) -> list[AssetCheckSpec]:
    keys = dict.fromkeys(checked_keys(assets, builder))
    return [AssetCheckSpec(name, asset=key, description=description) for key in keys]

"""Inputs and outputs of ops: what users say of them, and what the plan sees.

Owns: ``In``, ``Out``, ``DynamicOut`` (written by users) and ``InputDefinition``,
``OutputDefinition`` (complete, with name and type). How the one becomes the other: ``inference``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import field

from penstock.keys import AssetKey, CoercibleToAssetKey, as_asset_key
from penstock.types import Type
from penstock.values import frozen

_NO_METADATA: Mapping[str, Any] = {}


class _NoValue:
    """One object that survives pickling as itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NO_VALUE"

    def __reduce__(self) -> str:
        return "NO_VALUE"


NO_VALUE: Any = _NoValue()
"""Stands for "no default": None is a value."""


@frozen(kw_only=True)
class InputDefinition:
    """An input as the plan sees it."""

    name: str
    type: Type
    default: Any = NO_VALUE
    annotation: Any = None
    asset_key: AssetKey | None = None
    input_manager_key: str | None = None
    metadata: Mapping[str, Any] = _NO_METADATA
    description: str | None = None

    @property
    def has_default_value(self) -> bool:
        """Whether a value stands in when nothing is wired or given."""
        return self.default is not NO_VALUE

    @property
    def default_value(self) -> Any:
        """The value that stands in; ``NO_VALUE`` when there is none."""
        return self.default


@frozen(kw_only=True)
class OutputDefinition:
    """An output as the plan sees it."""

    name: str
    type: Type
    is_required: bool = True
    is_dynamic: bool = False
    io_manager_key: str = "io_manager"
    metadata: Mapping[str, Any] = _NO_METADATA
    description: str | None = None
    code_version: str | None = None


def _as_optional_key(key: CoercibleToAssetKey | None) -> AssetKey | None:
    return None if key is None else as_asset_key(key)


@frozen
class In:
    """What is said of one input of an op.

    Args:
        type: its type; by default the parameter's annotation says it.
        description: one sentence for people.
        default_value: used when nothing is wired or given; by default the parameter's default.
        metadata: facts for its I/O manager.
        asset_key: the asset that it reads.
        asset_partitions: accepted for compatibility; partitions come from mappings.
        input_manager_key: the resource that loads it.
    """

    type: Any = NO_VALUE
    description: str | None = None
    default_value: Any = NO_VALUE
    metadata: Mapping[str, Any] | None = None
    asset_key: CoercibleToAssetKey | None = field(default=None, converter=_as_optional_key)
    asset_partitions: Any = None
    input_manager_key: str | None = None


@frozen
class Out:
    """What is said of one output of an op.

    Args:
        type: its type; by default the return annotation says it.
        description: one sentence for people.
        is_required: False lets the op leave it out, and what reads it is skipped then.
        io_manager_key: the resource that stores it, ``"io_manager"`` by default.
        metadata: facts for its I/O manager.
        code_version: version of the code that makes this output.
    """

    type: Any = NO_VALUE
    description: str | None = None
    is_required: bool = True
    io_manager_key: str | None = None
    metadata: Mapping[str, Any] | None = None
    code_version: str | None = None

    is_dynamic: ClassVar[bool] = False


@frozen
class DynamicOut(Out):
    """An output of which an op makes any number, each under a mapping key of its own."""

    is_dynamic: ClassVar[bool] = True


@frozen
class GraphIn:
    """What is said of one input of a graph: its type comes from what it is wired to.

    Args:
        description: one sentence for people.
    """

    description: str | None = None


@frozen
class GraphOut:
    """What is said of one output of a graph: its type comes from where it is made.

    Args:
        description: one sentence for people.
        is_required: whether the body has to return it.
    """

    description: str | None = None
    is_required: bool = field(default=True, kw_only=True)

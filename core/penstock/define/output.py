"""What an op gives back when a bare value does not say enough.

Owns: ``Output`` and ``DynamicOutput``, and what a return annotation says about them.
Must not know ops: an output is a value with a name and facts beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar, cast

from attrs import field

from penstock.define.versions import DataVersion
from penstock.errors import InvalidDefinitionError, InvariantViolationError
from penstock.events.values import as_metadata
from penstock.metadata import MetadataValue
from penstock.values import frozen

T_co = TypeVar("T_co", covariant=True)
DEFAULT_OUTPUT = "result"

_MATCHES = re.compile(r"[A-Za-z0-9_]+").fullmatch
_NO_METADATA: Mapping[str, Any] = {}


def _as_facts(metadata: Mapping[str, Any] | None) -> Mapping[str, MetadataValue]:
    return as_metadata(metadata)


@frozen(eq=False)
class Output(Generic[T_co]):
    """The value of one output of an op, with facts about it.

    Args:
        value: what the op made.
        output_name: which of its outputs this is.
        metadata: facts about the value, shown on its event.
        data_version: the version of the data, when the op knows better than its code version says.
        tags: machine-readable facts about the value.
    """

    value: T_co
    output_name: str = DEFAULT_OUTPUT
    metadata: Mapping[str, MetadataValue] = field(default=None, converter=_as_facts)
    data_version: DataVersion | None = None
    tags: Mapping[str, str] | None = field(default=None, kw_only=True)

    mapping_key: ClassVar[str | None] = None

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.output_name, str):
            raise InvariantViolationError(
                f"Output wants the name of an output as its second argument, found {self.output_name!r}."
            )
        if self.data_version is not None and not isinstance(self.data_version, DataVersion):
            raise InvariantViolationError(
                f"Output wants a DataVersion as data_version, found {self.data_version!r}."
                f" Write DataVersion({str(self.data_version)!r})."
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Output) and _facts(self) == _facts(cast("Any", other))

    __hash__ = None  # type: ignore[assignment]  # values of users need not be hashable

    def with_metadata(self, metadata: Mapping[str, Any] | None) -> Output[T_co]:
        """The same output with other facts."""
        return Output(
            self.value,
            self.output_name,
            metadata=metadata,
            data_version=self.data_version,
            tags=self.tags,
        )


@frozen(eq=False)
class DynamicOutput(Generic[T_co]):
    """One of many values of a dynamic output.

    Args:
        value: what the op made.
        mapping_key: names it among the others: letters, digits and underscores.
        output_name: which of the op's outputs this is.
        metadata: facts about the value, shown on its event.

    Raises:
        InvalidDefinitionError: when the mapping key has other characters.
    """

    value: T_co
    mapping_key: str
    output_name: str = DEFAULT_OUTPUT
    metadata: Mapping[str, MetadataValue] = field(default=None, converter=_as_facts)

    data_version: ClassVar[DataVersion | None] = None
    tags: ClassVar[Mapping[str, str] | None] = None

    def __attrs_post_init__(self) -> None:
        key: Any = self.mapping_key
        if not isinstance(key, str) or _MATCHES(key) is None:
            raise InvalidDefinitionError(
                f"{key!r} cannot be a mapping key: wanted letters, digits and underscores only"
                " (regex [A-Za-z0-9_]+), as it becomes part of step keys and file names."
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DynamicOutput) and _facts(self) == _facts(cast("Any", other))

    __hash__ = None  # type: ignore[assignment]  # values of users need not be hashable


def _facts(output: Any) -> tuple[Any, ...]:
    return (
        cast("Any", type(output)),
        output.value,
        output.output_name,
        output.mapping_key,
        dict(output.metadata),
        output.data_version,
        output.tags,
    )

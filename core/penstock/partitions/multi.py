"""Partitions with several dimensions: every combination of one key of each.

Owns: ``MultiPartitionsDefinition``. The places of its keys are reckoned from those of the dimensions; the
last dimension by name runs fastest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import product
from math import prod
from typing import cast

from attrs import field

from penstock.errors import InvalidDefinitionError, UnknownPartitionError, suggest
from penstock.partitions.boxes import BoxForm
from penstock.partitions.definition import PARTITION_TAG, PartitionsDefinition
from penstock.partitions.forms import Form
from penstock.partitions.keys import (
    SEPARATOR,
    MultiPartitionKey,
    PartitionKeyRange,
    split_key,
)
from penstock.partitions.static import StaticPartitionsDefinition
from penstock.partitions.time_window import TimeWindow
from penstock.partitions.view import DynamicPartitionsStore, View, view_of
from penstock.partitions.windows import TimeWindowPartitionsDefinition
from penstock.values import frozen


@frozen
class PartitionDimensionDefinition:
    """One dimension.

    Args:
        name: of the dimension.
        partitions_def: its partitions.
    """

    name: str
    partitions_def: PartitionsDefinition


def _as_dimensions(given: Mapping[str, PartitionsDefinition]) -> tuple[PartitionDimensionDefinition, ...]:
    if not given:
        raise InvalidDefinitionError("A multi-partitions definition wants at least one dimension.")
    for name, one in given.items():
        if isinstance(one, MultiPartitionsDefinition):
            raise InvalidDefinitionError(
                f"The dimension {name!r} has dimensions itself. Name all of them on one level."
            )
        if not isinstance(one, PartitionsDefinition):  # pyright: ignore[reportUnnecessaryIsInstance] - users err
            raise InvalidDefinitionError(f"The dimension {name!r} is no partitions definition: {one!r}.")
        barred = (
            [key for key in one.keys if SEPARATOR in key]
            if isinstance(one, StaticPartitionsDefinition)
            else []
        )
        if barred:
            raise InvalidDefinitionError(
                f"The key {barred[0]!r} of dimension {name!r} has {SEPARATOR!r}, which stands between"
                " dimensions."
            )
    return tuple(PartitionDimensionDefinition(name, given[name]) for name in sorted(given))


@frozen(repr=False)
class MultiPartitionsDefinition(PartitionsDefinition):
    """Every combination of the partitions of some dimensions, of which there may be any number.

    Args:
        partitions_defs: name of each dimension → its partitions.

    Raises:
        InvalidDefinitionError: when a dimension has dimensions itself, or keys with ``|``.
    """

    dimensions: tuple[PartitionDimensionDefinition, ...] = field(
        converter=_as_dimensions, alias="partitions_defs"
    )
    """Sorted by name."""

    @property
    def form(self) -> Form:
        """Subsets are kept as boxes."""
        return self.box_form

    @property
    def box_form(self) -> BoxForm:
        """How subsets are kept."""
        timely = [one.name for one in self.dimensions if _is_timely(one)]
        others = [one.name for one in self.dimensions if not _is_timely(one)]
        forms = {one.name: one.partitions_def.form for one in self.dimensions}
        return BoxForm(self.unknown_key, forms, (*timely, *others))

    @property
    def partitions_defs(self) -> Sequence[PartitionDimensionDefinition]:
        """The dimensions, sorted by name."""
        return self.dimensions

    @property
    def partition_dimension_names(self) -> Sequence[str]:
        """The names of the dimensions, sorted."""
        return [one.name for one in self.dimensions]

    @property
    def has_time_window_dimension(self) -> bool:
        """Whether exactly one dimension is windows of time."""
        return sum(map(_is_timely, self.dimensions)) == 1

    @property
    def time_window_dimension(self) -> PartitionDimensionDefinition:
        """The one dimension of windows of time.

        Raises:
            InvalidDefinitionError: when there is none, or several.
        """
        found = [one for one in self.dimensions if _is_timely(one)]
        if len(found) != 1:
            raise InvalidDefinitionError(
                f"One dimension of time windows was wanted, {len(found)} of"
                f" {self.partition_dimension_names} are."
            )
        return found[0]

    @property
    def time_window_partitions_def(self) -> TimeWindowPartitionsDefinition:
        """The windows of the one dimension of time."""
        return cast("TimeWindowPartitionsDefinition", self.time_window_dimension.partitions_def)

    @property
    def primary_dimension(self) -> PartitionDimensionDefinition:
        """The dimension of time when there is one, else the first."""
        return self.time_window_dimension if self.has_time_window_dimension else self.dimensions[0]

    @property
    def secondary_dimension(self) -> PartitionDimensionDefinition:
        """The first dimension that is not the primary one."""
        return next(one for one in self.dimensions if one is not self.primary_dimension)

    def get_partitions_def_for_dimension(self, dimension_name: str) -> PartitionsDefinition:
        """The partitions of a dimension.

        Raises:
            InvalidDefinitionError: when there is no such dimension.
        """
        for one in self.dimensions:
            if one.name == dimension_name:
                return one.partitions_def
        names = self.partition_dimension_names
        raise InvalidDefinitionError(
            f"There is no dimension {dimension_name!r}.{suggest(dimension_name, names)} There are: {names}."
        )

    def get_partition_key_from_str(self, partition_key_str: str) -> MultiPartitionKey:
        """A text as a key that knows its parts, whether or not it exists.

        Raises:
            UnknownPartitionError: when it has not one part a dimension.
        """
        found = split_key(partition_key_str, self.partition_dimension_names)
        if found is None:
            raise self.unknown_key(partition_key_str)
        return found

    def time_window_for_partition_key(self, partition_key: str) -> TimeWindow:
        """The window of a partition in the one dimension of time.

        Raises:
            UnknownPartitionError: when the key never exists.
        """
        part = self.get_partition_key_from_str(partition_key).keys_by_dimension[
            self.time_window_dimension.name
        ]
        return self.time_window_partitions_def.time_window_for_partition_key(part)

    def get_multipartition_keys_with_dimension_value(
        self,
        dimension_name: str,
        dimension_partition_key: str,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> Sequence[MultiPartitionKey]:
        """Every key that has a key in a dimension, in order."""
        self.get_partitions_def_for_dimension(dimension_name)
        view = view_of(current_time, dynamic_partitions_store)
        return self._product({dimension_name: [dimension_partition_key]}, view)

    def get_partition_keys(
        self,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> Sequence[MultiPartitionKey]:
        """Every key there is, in order; the last dimension by name runs fastest."""
        return self._product({}, view_of(current_time, dynamic_partitions_store))

    def get_partition_keys_in_range(
        self,
        partition_key_range: PartitionKeyRange,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> Sequence[MultiPartitionKey]:
        """Every combination of the keys within a range in each dimension.

        Raises:
            UnknownPartitionError: when an end does not exist or a range is the wrong way round.
        """
        view = view_of(current_time, dynamic_partitions_store)
        start = self.get_partition_key_from_str(partition_key_range.start).keys_by_dimension
        end = self.get_partition_key_from_str(partition_key_range.end).keys_by_dimension
        fixed: dict[str, Sequence[str]] = {}
        for one in self.dimensions:
            part = PartitionKeyRange(start[one.name], end[one.name])
            try:
                fixed[one.name] = one.partitions_def.get_partition_keys_in_range(part, *_parts(view))
            except UnknownPartitionError as fault:
                raise type(fault)(f"Dimension {one.name!r}: {fault}") from fault
        return self._product(fixed, view)

    def _product(self, fixed: Mapping[str, Sequence[str]], view: View) -> Sequence[MultiPartitionKey]:
        names = self.partition_dimension_names
        sides = [
            fixed[one.name] if one.name in fixed else one.partitions_def.get_partition_keys(*_parts(view))
            for one in self.dimensions
        ]
        return [MultiPartitionKey(dict(zip(names, one, strict=True))) for one in product(*sides)]

    def get_tags_for_partition_key(self, partition_key: str) -> Mapping[str, str]:
        """The tags of a run for a partition: the key, and the key in each dimension."""
        parts = self.get_partition_key_from_str(partition_key).keys_by_dimension
        return {
            PARTITION_TAG: partition_key,
            **{f"{PARTITION_TAG}/{name}": key for name, key in parts.items()},
        }

    def unknown_key(self, key: str, view: View | None = None) -> UnknownPartitionError:
        """What to say about a key that does not exist: in which dimension it fails."""
        names = self.partition_dimension_names
        parts = split_key(key, names)
        if parts is None:
            return UnknownPartitionError(
                f"There is no partition {key!r}: keys are written as {SEPARATOR.join(names)!r}, a part for"
                " each dimension."
            )
        for one in self.dimensions:
            part = parts.keys_by_dimension[one.name]
            try:
                if view is not None:
                    one.partitions_def.validate_partition_key(part, *_parts(view))
                elif one.partitions_def.form.place_of(part) is None:
                    raise one.partitions_def.form.unknown(part)
            except UnknownPartitionError as fault:
                return UnknownPartitionError(
                    f"There is no partition {key!r}. Dimension {one.name!r}: {fault}"
                )
        return UnknownPartitionError(f"There is no partition {key!r}.")

    # ---- arithmetic -------------------------------------------------------------------------

    def _counts(self, view: View) -> list[int]:
        return [one.partitions_def.get_num_partitions(*_parts(view)) for one in self.dimensions]

    def _count(self, view: View) -> int:
        return prod(self._counts(view))

    def _key_at(self, place: int, view: View) -> MultiPartitionKey:
        found: dict[str, str] = {}
        for one, count in reversed(list(zip(self.dimensions, self._counts(view), strict=True))):
            place, own = divmod(place, count)
            found[one.name] = one.partitions_def.get_partition_key_at(own, *_parts(view))
        return MultiPartitionKey(found)

    def _has(self, key: str, view: View) -> bool:
        parts = split_key(key, self.partition_dimension_names)
        return parts is not None and all(
            one.partitions_def.has_partition_key(parts.keys_by_dimension[one.name], *_parts(view))
            for one in self.dimensions
        )

    def _place_of(self, key: str, view: View) -> int | None:
        parts = split_key(key, self.partition_dimension_names)
        if parts is None:
            return None
        place = 0
        for one, count in zip(self.dimensions, self._counts(view), strict=True):
            part = parts.keys_by_dimension[one.name]
            if not one.partitions_def.has_partition_key(part, *_parts(view)):
                return None
            place = place * count + one.partitions_def.get_partition_index(part, *_parts(view))
        return place

    def _unknown(self, key: str, view: View) -> UnknownPartitionError:
        return self.unknown_key(key, view)

    def __str__(self) -> str:
        return " × ".join(f"{one.name} ({one.partitions_def})" for one in self.dimensions)

    def __repr__(self) -> str:
        shown = {one.name: one.partitions_def for one in self.dimensions}
        return f"MultiPartitionsDefinition({shown!r})"


def _is_timely(dimension: PartitionDimensionDefinition) -> bool:
    return isinstance(dimension.partitions_def, TimeWindowPartitionsDefinition)


def _parts(view: View) -> tuple[datetime | None, DynamicPartitionsStore | None]:
    return view.effective_dt, view.dynamic_partitions_store

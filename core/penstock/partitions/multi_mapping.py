"""Mappings between partitions of several dimensions, and between those and one dimension.

Owns: ``MultiToSingleDimensionPartitionMapping``, ``MultiPartitionMapping`` and ``DimensionPartitionMapping``.
Boxes are mapped side by side, never key by key; the mapping of a dimension may be any, also one of one's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import product
from typing import cast

from attrs import field

from penstock.errors import InvalidDefinitionError
from penstock.partitions.boxes import BoxForm
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.forms import Body
from penstock.partitions.keys import MultiPartitionKey
from penstock.partitions.mapping import (
    IdentityPartitionMapping,
    PartitionMapping,
    UpstreamPartitionsResult,
    reading,
)
from penstock.partitions.multi import MultiPartitionsDefinition
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.time_mapping import TimeWindowPartitionMapping
from penstock.partitions.view import DynamicPartitionsStore, View, view_of
from penstock.partitions.windows import TimeWindowPartitionsDefinition
from penstock.values import frozen


@frozen
class DimensionPartitionMapping:
    """How one upstream dimension is read.

    Args:
        dimension_name: the downstream dimension that reads it.
        partition_mapping: from the upstream to the downstream dimension.
    """

    dimension_name: str
    partition_mapping: PartitionMapping


@frozen
class _Part:
    """One upstream dimension read by one downstream dimension; None is the whole of a single dimension."""

    up: str | None
    down: str | None
    mapping: PartitionMapping


@frozen
class MultiToSingleDimensionPartitionMapping(PartitionMapping):
    """Partitions that share the key of one dimension belong together; the other dimensions are all meant.

    Args:
        partition_dimension_name: of the dimension; None finds the only one that fits.
    """

    partition_dimension_name: str | None = None

    def get_upstream_mapped_partitions_result_for_partitions(
        self,
        downstream_partitions_subset: PartitionsSubset | None,
        downstream_partitions_def: PartitionsDefinition | None,
        upstream_partitions_def: PartitionsDefinition,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> UpstreamPartitionsResult:
        """The upstream partitions that share a dimension's key with these."""
        part = self._part(upstream_partitions_def, downstream_partitions_def)
        view = view_of(current_time, dynamic_partitions_store)
        return _upstream([part], reading(self, downstream_partitions_subset), upstream_partitions_def, view)

    def get_downstream_partitions_for_partitions(
        self,
        upstream_partitions_subset: PartitionsSubset,
        upstream_partitions_def: PartitionsDefinition,
        downstream_partitions_def: PartitionsDefinition,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> PartitionsSubset:
        """The downstream partitions that share a dimension's key with these."""
        part = self._part(upstream_partitions_def, downstream_partitions_def)
        view = view_of(current_time, dynamic_partitions_store)
        return _downstream([part], upstream_partitions_subset, downstream_partitions_def, view)

    def validate_partition_mapping(
        self,
        upstream_partitions_def: PartitionsDefinition,
        downstream_partitions_def: PartitionsDefinition | None,
    ) -> None:
        """Refuse partitions that share no dimension, or several when none is named.

        Raises:
            InvalidDefinitionError: with what does not fit.
        """
        self._part(upstream_partitions_def, downstream_partitions_def)

    def _part(self, up: PartitionsDefinition, down: PartitionsDefinition | None) -> _Part:
        multi, single = (up, down) if isinstance(up, MultiPartitionsDefinition) else (down, up)
        if not isinstance(multi, MultiPartitionsDefinition) or isinstance(single, MultiPartitionsDefinition):
            raise InvalidDefinitionError(
                "MultiToSingleDimensionPartitionMapping wants several dimensions on one side and one on the"
                f" other; upstream it found {up!r}, downstream {down!r}."
            )
        found = fitting_dimensions(multi, single, self.partition_dimension_name)
        if len(found) != 1:
            raise InvalidDefinitionError(
                f"{'No dimension' if not found else f'More than one dimension ({found})'} of {multi!r} fits"
                f" {single!r}: it has to be the same partitions, or windows of time on both sides. Name the"
                " dimension, or say it with MultiPartitionMapping."
            )
        name = found[0]
        same = multi.get_partitions_def_for_dimension(name) == single
        mapping = IdentityPartitionMapping() if same else TimeWindowPartitionMapping()
        return _Part(name, None, mapping) if multi is up else _Part(None, name, mapping)


def fitting_dimensions(
    multi: MultiPartitionsDefinition, single: PartitionsDefinition | None, name: str | None = None
) -> list[str]:
    """The dimensions that are the same partitions as a single one, or windows of time as it is.

    Args:
        multi: several dimensions.
        single: one.
        name: only this dimension is looked at.
    """
    if name is not None:
        multi.get_partitions_def_for_dimension(name)
    return [
        one.name
        for one in multi.dimensions
        if name in (None, one.name)
        and (one.partitions_def == single or _both_timely(one.partitions_def, single))
    ]


def _both_timely(one: PartitionsDefinition, other: PartitionsDefinition | None) -> bool:
    timely = TimeWindowPartitionsDefinition
    return isinstance(one, timely) and isinstance(other, timely) and one.timezone == other.timezone


@frozen(hash=False)
class MultiPartitionMapping(PartitionMapping):
    """Each upstream dimension is read by a downstream dimension; those not named are read whole.

    Args:
        downstream_mappings_by_upstream_dimension: upstream dimension → which downstream
            one reads it, and how.
    """

    downstream_mappings_by_upstream_dimension: Mapping[str, DimensionPartitionMapping] = field()

    def __hash__(self) -> int:
        return hash(frozenset(self.downstream_mappings_by_upstream_dimension.items()))

    def get_upstream_mapped_partitions_result_for_partitions(
        self,
        downstream_partitions_subset: PartitionsSubset | None,
        downstream_partitions_def: PartitionsDefinition | None,
        upstream_partitions_def: PartitionsDefinition,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> UpstreamPartitionsResult:
        """What the dimensions read, combined."""
        self.validate_partition_mapping(upstream_partitions_def, downstream_partitions_def)
        view = view_of(current_time, dynamic_partitions_store)
        subset = reading(self, downstream_partitions_subset)
        return _upstream(self.parts, subset, upstream_partitions_def, view)

    def get_downstream_partitions_for_partitions(
        self,
        upstream_partitions_subset: PartitionsSubset,
        upstream_partitions_def: PartitionsDefinition,
        downstream_partitions_def: PartitionsDefinition,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> PartitionsSubset:
        """Who reads these, combined over the dimensions."""
        self.validate_partition_mapping(upstream_partitions_def, downstream_partitions_def)
        view = view_of(current_time, dynamic_partitions_store)
        return _downstream(self.parts, upstream_partitions_subset, downstream_partitions_def, view)

    @property
    def parts(self) -> list[_Part]:
        """The dimensions that are named."""
        return [
            _Part(up, one.dimension_name, one.partition_mapping)
            for up, one in self.downstream_mappings_by_upstream_dimension.items()
        ]

    def validate_partition_mapping(
        self,
        upstream_partitions_def: PartitionsDefinition,
        downstream_partitions_def: PartitionsDefinition | None,
    ) -> None:
        """Refuse dimensions that do not exist, and mappings that do not fit theirs.

        Raises:
            InvalidDefinitionError: with what does not fit.
        """
        for side, one in (("upstream", upstream_partitions_def), ("downstream", downstream_partitions_def)):
            if not isinstance(one, MultiPartitionsDefinition):
                raise InvalidDefinitionError(
                    f"MultiPartitionMapping wants several dimensions on both sides; {side} it found {one!r}."
                )
        for part in self.parts:
            down = _dimension(downstream_partitions_def, part.down)
            part.mapping.validate_partition_mapping(_dimension(upstream_partitions_def, part.up), down)


def _dimension(definition: PartitionsDefinition | None, name: str | None) -> PartitionsDefinition:
    if name is None:
        return cast("PartitionsDefinition", definition)
    return cast("MultiPartitionsDefinition", definition).get_partitions_def_for_dimension(name)


def _sides(subset: PartitionsSubset) -> Iterator[dict[str | None, Body]]:
    """The boxes of a subset; a single dimension is one side without a name."""
    definition = subset.partitions_def
    if isinstance(definition, MultiPartitionsDefinition):
        yield from cast("Iterator[dict[str | None, Body]]", definition.box_form.boxes(subset.body))
    elif not subset.is_empty:
        yield {None: subset.body}


def _combined(
    definition: PartitionsDefinition, sides: Mapping[str | None, Body], view: View
) -> PartitionsSubset:
    """All combinations of these sides; sides that are not named are whole."""
    if not isinstance(definition, MultiPartitionsDefinition):
        whole = definition.form.everything(view) if None not in sides else sides[None]
        return PartitionsSubset(definition, whole)
    form: BoxForm = definition.box_form
    full = {name: sides[name] if name in sides else one.everything(view) for name, one in form.forms.items()}
    return PartitionsSubset(definition, form.box(full))


def _upstream(
    parts: list[_Part], subset: PartitionsSubset, up: PartitionsDefinition, view: View
) -> UpstreamPartitionsResult:
    down = subset.partitions_def
    found, missing, strange = up.empty_subset(), up.empty_subset(), list[str]()
    readers = Counter(part.down for part in parts)
    for sides in _split(subset, {name for name, times in readers.items() if times > 1}):
        read: dict[str | None, Body] = {}
        wanted: dict[str | None, Body] = {}
        for part in parts:
            result = part.mapping.get_upstream_mapped_partitions_result_for_partitions(
                PartitionsSubset(_dimension(down, part.down), sides[part.down]),
                _dimension(down, part.down),
                _dimension(up, part.up),
                view.effective_dt,
                view.dynamic_partitions_store,
            )
            absent = result.required_but_nonexistent_subset
            read[part.up] = result.partitions_subset.body
            wanted[part.up] = result.partitions_subset.body if absent is None else read[part.up] | absent.body
            strange.extend(_with_others(up, part.up, result.strange_keys, view))
        there = _combined(up, read, view)
        found, missing = found | there, missing | (_combined(up, wanted, view) - there)
    return UpstreamPartitionsResult(found, missing, strange)


def _split(subset: PartitionsSubset, one_by_one: set[str | None]) -> Iterator[dict[str | None, Body]]:
    """Boxes, with one key a side where two upstream dimensions are read by the same downstream one."""
    for sides in _sides(subset):
        choices = [
            [(name, form.body_of([place])) for place in form.places(body)]
            if name in one_by_one
            else [(name, body)]
            for name, body in sides.items()
            for form in [_dimension(subset.partitions_def, name).form]
        ]
        yield from map(dict, product(*choices))


def _with_others(
    up: PartitionsDefinition, name: str | None, keys: tuple[str, ...], view: View
) -> Iterator[str]:
    """Keys that a dimension cannot have, with every key of the other dimensions."""
    if name is None or not keys:
        yield from keys
        return
    dimensions = cast("MultiPartitionsDefinition", up).dimensions
    given = view.effective_dt, view.dynamic_partitions_store
    sides = [
        keys if one.name == name else one.partitions_def.get_partition_keys(*given) for one in dimensions
    ]
    names = [one.name for one in dimensions]
    yield from (MultiPartitionKey(dict(zip(names, one, strict=True))) for one in product(*sides))


def _downstream(
    parts: list[_Part], subset: PartitionsSubset, down: PartitionsDefinition, view: View
) -> PartitionsSubset:
    up, found = subset.partitions_def, down.empty_subset()
    for sides in _sides(subset):
        readers: dict[str | None, Body] = {}
        for part in parts:
            own = part.mapping.get_downstream_partitions_for_partitions(
                PartitionsSubset(_dimension(up, part.up), sides[part.up]),
                _dimension(up, part.up),
                _dimension(down, part.down),
                view.effective_dt,
                view.dynamic_partitions_store,
            ).body
            readers[part.down] = readers[part.down] & own if part.down in readers else own
        found = found | _combined(down, readers, view)
    return found

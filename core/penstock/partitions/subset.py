"""Subsets of partitions: which of an asset's partitions are meant, there, or missing.

Owns: ``PartitionsSubset`` and its text. What is held, and how, belongs to the form of the definition:
ranges for windows of time, bits for listed keys, names for dynamic keys, boxes for several dimensions. The
text carries a fingerprint of the definition, so that a changed definition is noticed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol, cast

from attrs import field

from penstock.errors import InvariantViolationError
from penstock.partitions.forms import Body, Form
from penstock.partitions.keys import PartitionKeyRange
from penstock.partitions.view import DynamicPartitionsStore, view_of
from penstock.values import frozen

_VERSION = 1


class HasForm(Protocol):
    """A partitions definition, as far as subsets need one."""

    @property
    def form(self) -> Form:
        """How subsets of these partitions are kept."""
        ...


@frozen(repr=False)
class PartitionsSubset:
    """Some partitions of a definition. Subsets of one definition can be joined, met and subtracted.

    Args:
        partitions_def: whose partitions they are.
        body: which ones, in the form of the definition.
    """

    partitions_def: Any
    body: Body = field()

    @property
    def _form(self) -> Form:
        return self.partitions_def.form

    @property
    def is_empty(self) -> bool:
        """Whether there is no partition in it."""
        return not len(self.body)

    def __len__(self) -> int:
        return len(self.body)

    def __contains__(self, partition_key: object) -> bool:
        place = self._form.place_of(partition_key) if isinstance(partition_key, str) else None
        return place is not None and self._form.contains(self.body, place)

    def __iter__(self) -> Iterator[str]:
        return self._form.keys_of(self.body)

    def __or__(self, other: PartitionsSubset) -> PartitionsSubset:
        return PartitionsSubset(self.partitions_def, self.body | self._other(other))

    def __and__(self, other: PartitionsSubset) -> PartitionsSubset:
        return PartitionsSubset(self.partitions_def, self.body & self._other(other))

    def __sub__(self, other: PartitionsSubset) -> PartitionsSubset:
        return PartitionsSubset(self.partitions_def, self.body - self._other(other))

    def _other(self, other: PartitionsSubset) -> Body:
        same = other.partitions_def is self.partitions_def or other.partitions_def == self.partitions_def
        if not same:
            raise InvariantViolationError(
                f"Subsets of different partitions cannot be combined: {self.partitions_def!r} and"
                f" {other.partitions_def!r}. Map one onto the other's partitions first."
            )
        return other.body

    def empty_subset(self) -> PartitionsSubset:
        """No partition of the same definition."""
        return PartitionsSubset(self.partitions_def, self._form.body_of(()))

    def get_partition_keys(self) -> Sequence[str]:
        """The keys, in the order of the definition."""
        return list(self)

    def get_partition_keys_not_in_subset(
        self,
        partitions_def: Any = None,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> Sequence[str]:
        """The keys that exist and are not in it.

        Args:
            partitions_def: the definition, when it is not that of the subset.
            current_time: what counts as now.
            dynamic_partitions_store: knows dynamic keys.
        """
        definition = self.partitions_def if partitions_def is None else partitions_def
        everything = definition.form.everything(view_of(current_time, dynamic_partitions_store))
        return (PartitionsSubset(definition, everything) - self).get_partition_keys()

    def get_partition_key_ranges(
        self,
        partitions_def: Any = None,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> Sequence[PartitionKeyRange]:
        """The keys as ranges, in order.

        Args:
            partitions_def: is that of the subset, and may be left out.
            current_time: what counts as now.
            dynamic_partitions_store: knows the order of dynamic keys.
        """
        del partitions_def
        form, view = self._form, view_of(current_time, dynamic_partitions_store)
        runs = form.runs(self.body, view)
        return [PartitionKeyRange(form.key_at(first), form.key_at(last)) for first, last in runs]

    def with_partition_keys(self, partition_keys: Iterable[str]) -> PartitionsSubset:
        """These partitions too.

        Raises:
            UnknownPartitionError: when a key can never exist.
        """
        form, keys = self._form, list(partition_keys)
        places = form.places_of(keys)
        if None in places:
            raise form.unknown(keys[places.index(None)])
        return PartitionsSubset(self.partitions_def, self.body | form.body_of(places))

    def with_partition_key_range(
        self,
        partition_key_range: PartitionKeyRange,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> PartitionsSubset:
        """The partitions of a range too.

        Raises:
            UnknownPartitionError: when an end of the range can never exist.
        """
        form, ends = self._form, (partition_key_range.start, partition_key_range.end)
        first, last = (form.place_of(key) for key in ends)
        if first is None or last is None:
            raise form.unknown(ends[0] if first is None else ends[1])
        view = view_of(current_time, dynamic_partitions_store)
        return PartitionsSubset(self.partitions_def, self.body | form.span(first, last, view))

    def serialize(self) -> str:
        """A short text, with a fingerprint of the definition."""
        written = {"v": _VERSION, "of": self._form.identity, "in": self._form.write(self.body)}
        return json.dumps(written, separators=(",", ":"), ensure_ascii=False)

    def __repr__(self) -> str:
        shown = [key for key, _ in zip(self, range(4), strict=False)]
        rest = f", … {len(self)} in all" if len(self) > len(shown) else ""
        return f"PartitionsSubset({', '.join(shown)}{rest})"


def read_subset(definition: HasForm, text: str) -> PartitionsSubset:
    """A subset from its text.

    Raises:
        InvariantViolationError: when it is none, or was written for other partitions.
    """
    written = _opened(text)
    if written is None:
        raise InvariantViolationError(f"This is no subset of partitions: {text[:60]!r}.")
    if written["of"] != definition.form.identity:
        raise InvariantViolationError(
            "The subset was written for other partitions than these: the definition has changed since."
        )
    try:
        return PartitionsSubset(definition, definition.form.read(written["in"]))
    except (ValueError, TypeError, LookupError, AttributeError) as fault:
        raise InvariantViolationError(f"This is no subset of partitions: {text[:60]!r}.") from fault


def was_written_for(definition: HasForm, text: str) -> bool:
    """Whether a text is a subset of these partitions, as they are defined now."""
    written = _opened(text)
    return written is not None and written["of"] == definition.form.identity


def _opened(text: str) -> dict[str, Any] | None:
    try:
        found: Any = json.loads(text)
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    written = cast("dict[str, Any]", found)
    return written if written.get("v") == _VERSION and {"of", "in"} <= written.keys() else None

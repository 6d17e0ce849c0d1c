"""What every partitions definition can say.

Owns: ``PartitionsDefinition``. A definition of one's own needs only ``get_partition_keys``; the built-in
kinds answer the other questions by arithmetic. Methods take the moment that counts as now and the store of
dynamic keys; what is left out is taken from ``partition_loading_context`` and at last from the clock.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from penstock.errors import UnknownPartitionError
from penstock.partitions.forms import Form
from penstock.partitions.keys import PartitionKeyRange, fingerprint, reversed_range, unknown_key
from penstock.partitions.names import NameForm
from penstock.partitions.subset import PartitionsSubset, read_subset, was_written_for
from penstock.partitions.view import DynamicPartitionsStore, View, view_of

PARTITION_TAG = "penstock/partition"


class PartitionsDefinition(ABC):
    """A set of partition keys, in order. Equal definitions have equal keys."""

    __slots__ = ()

    @abstractmethod
    def get_partition_keys(
        self,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> Sequence[str]:
        """Every key, in order.

        Args:
            current_time: what counts as now, with a time zone; for definitions that grow with time.
            dynamic_partitions_store: knows the keys of dynamic partitions, an ``Instance`` for one.
        """

    def get_num_partitions(
        self,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> int:
        """How many partitions there are."""
        return self._count(view_of(current_time, dynamic_partitions_store))

    def get_partition_key_at(
        self,
        index: int,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> str:
        """The key of a place, counted from 0; negative places count from the end.

        Raises:
            UnknownPartitionError: when there are not so many partitions.
        """
        view = view_of(current_time, dynamic_partitions_store)
        count = self._count(view)
        place = index + count if index < 0 else index
        if not 0 <= place < count:
            raise UnknownPartitionError(f"There is no partition at place {index}: there are {count}.")
        return self._key_at(place, view)

    def get_partition_index(
        self,
        partition_key: str,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> int:
        """The place of a key, counted from 0.

        Raises:
            UnknownPartitionError: when there is no such key.
        """
        view = view_of(current_time, dynamic_partitions_store)
        place = self._place_of(partition_key, view)
        if place is None:
            raise self._unknown(partition_key, view)
        return place

    def get_first_partition_key(
        self,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> str | None:
        """The first key, None when there is no partition."""
        view = view_of(current_time, dynamic_partitions_store)
        return self._key_at(0, view) if self._count(view) else None

    def get_last_partition_key(
        self,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> str | None:
        """The last key, None when there is no partition."""
        view = view_of(current_time, dynamic_partitions_store)
        count = self._count(view)
        return self._key_at(count - 1, view) if count else None

    def has_partition_key(
        self,
        partition_key: str,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> bool:
        """Whether there is such a key."""
        return self._has(partition_key, view_of(current_time, dynamic_partitions_store))

    def validate_partition_key(
        self,
        partition_key: str,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> None:
        """Refuse a key that does not exist.

        Raises:
            UnknownPartitionError: naming the key, and what is near or how keys are written.
        """
        view = view_of(current_time, dynamic_partitions_store)
        if not self._has(partition_key, view):
            raise self._unknown(partition_key, view)

    def get_partition_keys_in_range(
        self,
        partition_key_range: PartitionKeyRange,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> Sequence[str]:
        """The keys from one to another, both included, in order.

        Raises:
            UnknownPartitionError: when an end does not exist or the range is the wrong way round.
        """
        view = view_of(current_time, dynamic_partitions_store)
        ends = partition_key_range.start, partition_key_range.end
        first, last = (self._place_of(key, view) for key in ends)
        if first is None or last is None:
            raise self._unknown(ends[0] if first is None else ends[1], view)
        if first > last:
            raise reversed_range(partition_key_range)
        return list(self._keys_between(first, last + 1, view))

    # ---- subsets ----------------------------------------------------------------------------

    @property
    def form(self) -> Form:
        """How subsets of these partitions are kept."""
        return NameForm(self)

    def empty_subset(self) -> PartitionsSubset:
        """No partition."""
        return PartitionsSubset(self, self.form.body_of(()))

    def subset_with_all_partitions(
        self,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> PartitionsSubset:
        """Every partition there is."""
        return PartitionsSubset(self, self.form.everything(view_of(current_time, dynamic_partitions_store)))

    def subset_with_partition_keys(self, partition_keys: Iterable[str]) -> PartitionsSubset:
        """Some partitions.

        Raises:
            UnknownPartitionError: when a key can never exist.
        """
        return self.empty_subset().with_partition_keys(partition_keys)

    deserialize_subset = read_subset
    can_deserialize_subset = was_written_for

    def get_serializable_unique_identifier(
        self, dynamic_partitions_store: DynamicPartitionsStore | None = None
    ) -> str:
        """A short text that changes when the definition does."""
        del dynamic_partitions_store  # dynamic keys come and go; what defines them is their name
        if type(self).__repr__ is object.__repr__:  # which is another one in each process
            return fingerprint(f"{type(self).__module__}.{type(self).__qualname__}")
        return fingerprint(repr(self))

    def __str__(self) -> str:
        return f"the keys of {type(self).__qualname__}"

    def get_tags_for_partition_key(self, partition_key: str) -> Mapping[str, str]:
        """The tags of a run for a partition."""
        return {PARTITION_TAG: partition_key}

    # ---- what the kinds answer by arithmetic ------------------------------------------------

    def _keys(self, view: View) -> Sequence[str]:
        return self.get_partition_keys(view.effective_dt, view.dynamic_partitions_store)

    def _count(self, view: View) -> int:
        return len(self._keys(view))

    def _key_at(self, place: int, view: View) -> str:
        return self._keys(view)[place]

    def _has(self, key: str, view: View) -> bool:
        return self._place_of(key, view) is not None

    def _place_of(self, key: str, view: View) -> int | None:
        keys = self._keys(view)
        return keys.index(key) if key in keys else None

    def _keys_between(self, first: int, end: int, view: View) -> Sequence[str]:
        return self._keys(view)[first:end]

    def _unknown(self, key: str, view: View) -> UnknownPartitionError:
        return unknown_key(key, self._keys(view))

"""Partitions that are added and taken away while the program runs.

Owns: ``DynamicPartitionsDefinition`` and the requests to change its keys. The keys are kept by an instance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from attrs import field

from penstock.errors import InvalidDefinitionError, UnknownPartitionError
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.keys import as_keys, unknown_key
from penstock.partitions.view import DynamicPartitionsStore, View, view_of
from penstock.values import frozen


@frozen
class AddDynamicPartitionsRequest:
    """Add keys to dynamic partitions; those already there stay where they are.

    Args:
        partitions_def_name: name of the dynamic set.
        partition_keys: to add, in order.
    """

    partitions_def_name: str
    partition_keys: Sequence[str] = field(converter=as_keys)


@frozen
class DeleteDynamicPartitionsRequest:
    """Take keys from dynamic partitions; what was recorded about them stays.

    Args:
        partitions_def_name: name of the dynamic set.
        partition_keys: to take away.
    """

    partitions_def_name: str
    partition_keys: Sequence[str] = field(converter=as_keys)


@frozen(repr=False)
class DynamicPartitionsDefinition(PartitionsDefinition):
    """Partitions whose keys an instance keeps, in the order in which they were added.

    Args:
        partition_fn: instead of a name, a function of the current time that lists the keys.
        name: under which the instance keeps the keys.

    Raises:
        InvalidDefinitionError: when neither is given, or both.
    """

    partition_fn: Callable[[datetime | None], Sequence[Any]] | None = None
    name: str | None = None

    def __attrs_post_init__(self) -> None:
        if (self.partition_fn is None) == (self.name is None) or self.name == "":
            raise InvalidDefinitionError(
                "Dynamic partitions want a name under which the instance keeps their keys:"
                " DynamicPartitionsDefinition(name=...)."
            )

    def get_partition_keys(
        self,
        current_time: datetime | None = None,
        dynamic_partitions_store: DynamicPartitionsStore | None = None,
    ) -> Sequence[str]:
        """Every key there is now, in order of insertion.

        Raises:
            InvalidInvocationError: when no instance was given.
        """
        return list(self._keys(view_of(current_time, dynamic_partitions_store)))

    def build_add_request(self, partition_keys: Sequence[str]) -> AddDynamicPartitionsRequest:
        """Ask for keys to be added, as a sensor may."""
        return AddDynamicPartitionsRequest(self._own_name(), partition_keys)

    def build_delete_request(self, partition_keys: Sequence[str]) -> DeleteDynamicPartitionsRequest:
        """Ask for keys to be taken away, as a sensor may."""
        return DeleteDynamicPartitionsRequest(self._own_name(), partition_keys)

    def _own_name(self) -> str:
        if self.name is None:
            raise InvalidDefinitionError("Partitions listed by a function have no keys to add or delete.")
        return self.name

    def _keys(self, view: View) -> Sequence[str]:
        if self.partition_fn is not None:
            return [str(getattr(one, "name", one)) for one in self.partition_fn(view.effective_dt)]
        return view.dynamic_keys(self._own_name())

    def _has(self, key: str, view: View) -> bool:
        if self.name is None:
            return key in self._keys(view)
        return view.store_of(self.name).has_dynamic_partition(self.name, key)

    def _unknown(self, key: str, view: View) -> UnknownPartitionError:
        known = self._keys(view)
        if known or self.name is None:
            return unknown_key(key, known)
        return UnknownPartitionError(
            f"There is no partition {key!r}: the dynamic partitions {self.name!r} have no keys yet. Add some"
            f" with `penstock partition add {self.name} KEY` or instance.add_dynamic_partitions."
        )

    def __str__(self) -> str:
        if self.name is not None:
            return f"the dynamic keys of {self.name!r}"
        return f"the keys that {getattr(self.partition_fn, '__qualname__', 'a function')} lists"

    def __repr__(self) -> str:
        shown = (
            repr(self.name) if self.partition_fn is None else getattr(self.partition_fn, "__qualname__", "")
        )
        return f"DynamicPartitionsDefinition(name={shown})"

"""Dynamic partitions as they will be, once what a tick asks of them is done.

Owns: ``refuse_contradictions`` and ``Changed``, which answers like an instance on which the requests were
carried out, so that runs may be asked for partitions of the same tick. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from penstock.define.sensor_result import DynamicPartitionsRequest
from penstock.errors import InvariantViolationError
from penstock.partitions.dynamic import AddDynamicPartitionsRequest
from penstock.partitions.view import DynamicPartitionsStore
from penstock.values import frozen


def refuse_contradictions(requests: Iterable[DynamicPartitionsRequest], who: str) -> None:
    """Refuse to add and to take away the same key, or to do either in two requests.

    Args:
        requests: of one tick.
        who: ``"Sensor 'files'"``, for messages.

    Raises:
        InvariantViolationError: naming the set and the keys.
    """
    asked: dict[tuple[str, str], type] = {}
    for request in requests:
        for key in dict.fromkeys(request.partition_keys):
            before = asked.get((request.partitions_def_name, key))
            if before is not None:
                how = "twice" if before is type(request) else "to be added and to be taken away"
                raise InvariantViolationError(
                    f"{who} asks for the key {key!r} of the dynamic partitions"
                    f" {request.partitions_def_name!r} {how}. Ask once."
                )
            asked[request.partitions_def_name, key] = type(request)


@frozen(eq=False)
class Changed:
    """Dynamic partitions after some requests.

    Args:
        store: who knows them now; None when nobody does.
        requests: what is asked of them.
    """

    store: DynamicPartitionsStore | None
    requests: Sequence[DynamicPartitionsRequest]

    def get_dynamic_partitions(self, partitions_def_name: str) -> Sequence[str]:
        """The keys of a dynamic set, in order of insertion."""
        known = () if self.store is None else self.store.get_dynamic_partitions(partitions_def_name)
        keys = dict.fromkeys(known)
        for request in self._of(partitions_def_name):
            if isinstance(request, AddDynamicPartitionsRequest):
                keys |= dict.fromkeys(request.partition_keys)
            else:
                keys = {key: None for key in keys if key not in frozenset(request.partition_keys)}
        return list(keys)

    def has_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> bool:
        """Whether a key is in a dynamic set."""
        for request in self._of(partitions_def_name):
            if partition_key in request.partition_keys:
                return isinstance(request, AddDynamicPartitionsRequest)
        store = self.store
        return store is not None and store.has_dynamic_partition(partitions_def_name, partition_key)

    def _of(self, name: str) -> list[DynamicPartitionsRequest]:
        return [one for one in self.requests if one.partitions_def_name == name]

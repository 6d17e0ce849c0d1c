"""The memory I/O manager: values stay in this process, as the objects they are.

The reference of the I/O manager contract. What it keeps lives as long as the run that opened it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from penstock.define.io_manager import IOManager
from penstock.errors import InvariantViolationError
from penstock.spi.io_contexts import InputContext, OutputContext


class InMemoryIOManager(IOManager):
    """Keeps values in a dict, by run, step and output, or by asset and partition."""

    passes_through = True
    in_memory_only = True

    def __init__(self) -> None:
        self.values: dict[tuple[str, ...], Any] = {}

    def handle_output(self, context: OutputContext, obj: Any) -> None:
        """Keep a value; a dict of partitions when the run covers several."""
        if len(context.asset_partition_keys) > 1:
            given = _by_partition(context, obj)
            for partition in context.asset_partition_keys:
                self.values[(*context.asset_key.parts, partition)] = given[partition]
            return
        self.values[tuple(context.get_identifier())] = obj

    def load_input(self, context: InputContext) -> Any:
        """Give a value back.

        Raises:
            InvariantViolationError: when it was never stored in this run.
        """
        keys = context.asset_partition_keys
        if context.has_asset_partitions and not keys:
            return None
        if len(keys) > 1:
            return {key: self._get((*context.asset_key.parts, key), context) for key in keys}
        return self._get(tuple(context.get_identifier()), context)

    def _get(self, identifier: tuple[str, ...], context: InputContext) -> Any:
        if identifier not in self.values:
            raise InvariantViolationError(
                f"Input {context.name!r} wants {'/'.join(identifier)}, which is not in memory: the memory I/O"
                " manager keeps values for one run only. Make the upstream asset in the same run, or store it"
                " with a FilesystemIOManager."
            )
        return self.values[identifier]


def _by_partition(context: OutputContext, value: Any) -> Mapping[str, Any]:
    """The value of each partition of a run over several; who returns nothing gave none to each."""
    keys = context.asset_partition_keys
    if value is None:
        return dict.fromkeys(keys)
    given: Any = value  # a narrowed type would be partly unknown in what follows
    if isinstance(value, Mapping) and set(keys) <= set(cast("Mapping[str, Any]", value)):
        return cast("Mapping[str, Any]", value)
    raise InvariantViolationError(
        f"Asset {context.asset_key.to_user_string()!r}: the run covers {len(keys)} partitions, so the value"
        f" must be a dict by partition key ({', '.join(map(repr, keys[:3]))}, …), found"
        f" {type(given).__qualname__}. Return such a dict, or run each partition on its own"
        " (BackfillPolicy.multi_run())."
    )

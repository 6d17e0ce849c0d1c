"""The memory I/O manager: values stay in this process, as the objects they are.

The reference of the I/O manager contract. What it keeps lives as long as the run that opened it.
"""

from __future__ import annotations

from typing import Any

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
            for partition in context.asset_partition_keys:
                self.values[(*context.asset_key.parts, partition)] = obj[partition]
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

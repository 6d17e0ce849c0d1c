"""The I/O manager whose values live in Ray's object store.

Owns: ``RayObjectIOManager``. For values that only the steps and the next runs of one cluster need: nothing is
written to disk, tables lie in shared memory. **They die with the cluster**, also with a Ray that was started
for one run. Lazy: Ray is imported when the first value comes.
"""

from __future__ import annotations

from typing import Any, ClassVar

from penstock.define.io_manager import ConfigurableIOManager
from penstock.errors import InvariantViolationError, UnmetExecutorRequirementsError
from penstock.spi.io_contexts import InputContext, OutputContext
from penstock.tables import pack, unpack


class RayObjectIOManager(ConfigurableIOManager):
    """Keeps values in the object store of the Ray cluster that the run uses, until the cluster ends.

    Args:
        name: of the actor that owns the values; another name is another store.
        namespace: Ray's, of that actor.
    """

    passes_through: ClassVar[bool] = True

    name: str = "penstock-values"
    namespace: str = "penstock"

    def handle_output(self, context: OutputContext, obj: Any) -> None:
        """Store a value; a dict by partition key when the output has several."""
        keys = context.asset_partition_keys
        parts = {key: obj[key] for key in keys} if len(keys) > 1 else {None: obj}
        size = 0
        for partition, value in parts.items():
            packed = pack(value)
            size += packed.nbytes
            _ray().get(self._keeper().keep.remote(_key(context, partition), packed))
        context.add_output_metadata({"object": "/".join(_key(context, None)), "bytes": size})

    def load_input(self, context: InputContext) -> Any:
        """Give a value back as the type that its consumer declares.

        Raises:
            InvariantViolationError: when it is not in this cluster.
        """
        keys = context.asset_partition_keys
        if len(keys) > 1:
            return {key: self._found(context, key) for key in keys}
        return self._found(context, None)

    def _found(self, context: InputContext, partition: str | None) -> Any:
        key = _key(context, partition)
        references = _ray().get(self._keeper().find.remote(key))
        if not references:
            raise InvariantViolationError(
                f"Input {context.name!r} wants {'/'.join(key)}, which is not in the object store of this Ray"
                " cluster: values there end with the cluster. Make the upstream asset again, or store it with"
                " a FilesystemIOManager."
            )
        return unpack(_ray().get(references[0]), getattr(context.type, "typing_type", None))

    def _keeper(self) -> Any:
        from penstock_ray.keeper import keeper  # noqa: PLC0415 - lazy, see the top

        found = self.__dict__.get("_handle")
        if found is None:
            found = keeper(self.name, self.namespace)
            object.__setattr__(self, "_handle", found)  # private state, which type checkers take for a field
        return found


def _key(context: OutputContext | InputContext, partition: str | None) -> tuple[str, ...]:
    if partition is not None:
        return (*context.asset_key.parts, partition)
    return tuple(context.get_identifier())


def _ray() -> Any:
    """Ray, in a process that uses it.

    Raises:
        UnmetExecutorRequirementsError: elsewhere.
    """
    import ray  # noqa: PLC0415 - lazy, see the top

    if not ray.is_initialized():
        raise UnmetExecutorRequirementsError(
            "Wanted a process that uses Ray, found one that does not: RayObjectIOManager works in steps of"
            " the Ray executor. Run with executor='ray', or call ray.init() first."
        )
    return ray

"""The contract of a table type: how its values become Arrow and come back.

Owns: the ``TypeHandler`` Protocol. A handler is registered as a ``TypeHandlerEntry`` under the
``"module.qualname"`` of its type, so that the library need not be imported to be known.
Nothing here imports a table library.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class TypeHandler(Protocol):
    """Carries one table type to Arrow and back.

    Called in the worker, from any thread, once per value; must not keep the value. What it raises
    fails the step that stores or loads.
    """

    @property
    def kind(self) -> str:
        """A short stable name, recorded in stored files (``"pandas.DataFrame"``)."""
        ...

    def to_arrow(self, value: Any) -> Any:
        """The value as a ``pyarrow.Table``, without a copy where the type allows it."""
        ...

    def from_arrow(self, table: Any) -> Any:
        """A value of this type from a ``pyarrow.Table``."""
        ...

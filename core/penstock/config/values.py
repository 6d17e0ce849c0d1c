"""How the values of this room are made: frozen attrs classes that are cheap to define.

Owns the decorator ``node``. attrs compiles code for ``__eq__`` and ``__repr__`` of each class,
which is most of what a class costs at import; nodes are compared by identity and share one repr.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast, dataclass_transform

import attrs

T = TypeVar("T")


def _shown(self: Any) -> str:
    cls = cast("Any", type(self))
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in attrs.fields(cls) if each.repr)
    return f"{type(self).__name__}({', '.join(shown)})"


@dataclass_transform(frozen_default=True, field_specifiers=(attrs.field,))
def node(cls: type[T]) -> type[T]:
    """Make a frozen attrs class whose objects are compared by identity."""
    made: Any = attrs.frozen(cls, eq=False, repr=False)
    made.__repr__ = _shown
    return made


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(attrs.field,))
def record(cls: type[T]) -> type[T]:
    """Like ``node``, made with keywords only."""
    made: Any = attrs.frozen(cls, eq=False, repr=False, kw_only=True)
    made.__repr__ = _shown
    return made

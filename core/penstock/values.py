"""How the values of every room are made: ``attrs.frozen``, at half its price.

Owns ``frozen``, which takes what ``attrs.frozen`` takes and gives what it gives. attrs compiles source for
``__eq__``, ``__hash__`` and ``__repr__`` of each class, which is most of what a class costs when it is
made; two hundred classes are made before a first step can run, and few of them are ever compared. Here
they are written once, for all classes. Imports nothing of Penstock.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

import attrs

__all__ = ["frozen"]

if TYPE_CHECKING:
    from attrs import frozen
else:

    def frozen(cls: type | None = None, /, *, eq: bool = True, repr: bool = True, **options: Any) -> Any:
        """Make a frozen class of fields.

        Args:
            cls: the class, when used without parentheses.
            eq: whether objects of equal fields are equal, and hash alike unless ``hash=False``.
            repr: whether fields are shown.
            options: as of ``attrs.frozen``.
        """

        def decorate(cls: type) -> type:
            own = vars(cls)
            compared = eq and "__eq__" not in own
            shown = repr and "__repr__" not in own
            hashed = compared and options.get("hash") is not False and "__hash__" not in own
            made = attrs.frozen(cls, eq=False, repr=False, **options)
            if compared:
                made.__eq__ = _equality(made)
            if hashed:
                made.__hash__ = _hashing(made)
            if shown:
                made.__repr__ = _shown
            return made

        return decorate if cls is None else decorate(cls)


def _values(names: list[str]) -> Callable[[Any], Any]:
    """What gives the values of fields, as something that can be compared and hashed."""
    return attrgetter(*names) if names else lambda _: ()


def _equality(cls: type) -> Callable[[Any, Any], Any]:
    values = _values([one.name for one in attrs.fields(cls) if one.eq])

    def __eq__(self: Any, other: Any) -> Any:  # noqa: N807 - becomes that method
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    return __eq__


def _hashing(cls: type) -> Callable[[Any], int]:
    values = _values([one.name for one in attrs.fields(cls) if (one.eq if one.hash is None else one.hash)])

    def __hash__(self: Any) -> int:  # noqa: N807 - becomes that method
        return hash((cls, values(self)))

    return __hash__


@recursive_repr("...")
def _shown(self: Any) -> str:
    cls: Any = self.__class__
    fields = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in attrs.fields(cls) if one.repr)
    return f"{cls.__qualname__.rpartition('>.')[2]}({fields})"

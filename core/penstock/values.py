"""How the values of every room are made: ``attrs.frozen``, at half its price.

Owns ``frozen``, which takes what ``attrs.frozen`` takes and gives what it gives. attrs compiles source for
``__eq__``, ``__hash__`` and ``__repr__`` of each class, which is most of what a class costs when it is
made; two hundred classes are made before a first step can run, and few of them are ever compared. Here
they are written once, for all classes. So is how their objects are pickled: whole plans and every event
of a step travel to workers and back, and attrs' way takes twice as long. Imports nothing of Penstock.
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
            if "__setstate__" in vars(made) and "__setstate__" not in own:
                made.__getstate__, made.__setstate__ = _state, _restore
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


_Layout = tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]], tuple[Callable[[Any, Any], None], ...]]
_layouts: dict[type, _Layout] = {}
"""Of each class that was pickled here: names of its fields, what reads their values, what sets each."""


def _layout_of(cls: Any) -> _Layout:
    names: tuple[str, ...] = tuple(one.name for one in attrs.fields(cls))

    def read_few(one: Any) -> tuple[Any, ...]:
        return tuple(getattr(one, name) for name in names)

    read: Callable[[Any], tuple[Any, ...]] = attrgetter(*names) if len(names) > 1 else read_few
    found = _layouts[cls] = names, read, tuple(getattr(cls, name).__set__ for name in names)
    return found


def _state(self: Any) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """Names and values; pickle writes the names of a class once, however many of its objects there are."""
    names, read, _ = _layouts.get(self.__class__) or _layout_of(self.__class__)
    return names, read(self)


def _restore(self: Any, state: tuple[tuple[str, ...], tuple[Any, ...]]) -> None:
    given, values = state
    names, _, puts = _layouts.get(self.__class__) or _layout_of(self.__class__)
    if given == names:
        for put, value in zip(puts, values, strict=True):
            put(self, value)
        return
    for name, value in zip(given, values, strict=True):  # written by a class of other fields
        if name in names:
            object.__setattr__(self, name, value)


@recursive_repr("...")
def _shown(self: Any) -> str:
    cls: Any = self.__class__
    fields = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in attrs.fields(cls) if one.repr)
    return f"{cls.__qualname__.rpartition('>.')[2]}({fields})"

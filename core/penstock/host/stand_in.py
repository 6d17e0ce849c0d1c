"""What stands in for a value of the user that could not be made, so that its module goes on.

Owns: ``StandIn``, which can be handed around but not used, and ``Touches``, the count of attempts to use
one: what fails after such an attempt fails because of it, and is no fault of its own. Pure.
"""

from __future__ import annotations

from typing import Any, NoReturn

from attrs import define


@define
class Touches:
    """How often a stand-in was to be used; only ever grows."""

    count: int = 0


class StandInUsedError(AttributeError, TypeError):
    """A stand-in was to be used; of the classes that Python wants where attributes or calls are missing."""


class StandIn:
    """Has identity and class, because everything that looks through a module asks for them, and nothing else.

    Showing it counts as a touch and works, because that is what complaints do.
    """

    __slots__ = ("_touches",)

    def __init__(self, touches: Touches) -> None:
        self._touches = touches

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        self._touches.count += 1
        raise StandInUsedError(f"{type(self).__name__} cannot be used")

    __getattr__ = __call__ = __iter__ = __len__ = __bool__ = __getitem__ = __contains__ = _refuse
    __add__ = __sub__ = __mul__ = __truediv__ = __and__ = __or__ = __invert__ = __mro_entries__ = _refuse
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rand__ = __ror__ = __enter__ = _refuse

    def __repr__(self) -> str:
        self._touches.count += 1
        return f"<{type(self).__name__}>"

"""Faults: what is wrong in a config, where, and how it is written down.

Owns ``Fault``, the spelling of paths (``$.ops.load.config.rows``, ``$.days[1]``) and the mark for
"nothing given". Knows nothing of schemas.
"""

from __future__ import annotations

from typing import Any

from penstock.errors import InvalidConfigError
from penstock.values import frozen

_LONGEST = 80


class _Mark:
    """A value that stands for no value; one object per name, also after pickling."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return self.name


MISSING: Any = _Mark("MISSING")
"""Nothing was given: neither a value nor a default."""

FAULTY: Any = _Mark("FAULTY")
"""What binding yields where a fault was found."""


@frozen
class Fault:
    """One mistake in a config.

    Args:
        path: where, from the root of the run config: ``$.ops.load.config.rows``.
        wanted: what would have been right.
        found: what stands there instead, as text.
        hint: what to do about it, or the empty text.
    """

    path: str
    wanted: str
    found: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f" {self.hint.strip()}" if self.hint else ""
        return f"{self.path}: wanted {self.wanted}, found {self.found}.{hint}"


def below(path: str, key: Any) -> str:
    """The path of an entry or an element of what stands at ``path``."""
    if type(key) is str and key.isidentifier():
        return f"{path}.{key}"
    return f"{path}[{key!r}]"


def shown(value: Any) -> str:
    """A value and its type on one short line."""
    if value is MISSING:
        return "nothing"
    if value is None:
        return "None"
    text = " ".join(repr(value).split())
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…"
    return f"{text} ({type(value).__name__})"


def moved(fault: Fault, path: str, hint: str = "") -> Fault:
    """A fault found below ``$``, as it reads when ``$`` stands at ``path``."""
    return Fault(path + fault.path.removeprefix("$"), fault.wanted, fault.found, f"{fault.hint}{hint}")


def raise_faults(message: str, faults: list[Fault]) -> None:
    """Raise all faults together, if there are any.

    Args:
        message: what was being configured, one line.
        faults: in the order in which they were found; the error lists them by path.

    Raises:
        InvalidConfigError: when there is at least one fault.
    """
    if faults:
        raise InvalidConfigError(message, sorted(faults, key=lambda fault: fault.path))

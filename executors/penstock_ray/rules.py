"""What a value of the config may be: one small rule a kind of value.

Owns: the rules. Each gives the empty text when a value is right, else what was wanted. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

Rule = Callable[[Any], str]

OWN_ONLY = "custom resources only (for CPU, GPU and memory say num_cpus, num_gpus, memory)"
PARTS = "a whole number, or a part of one"


def text(value: Any) -> str:
    """Any text that is not empty."""
    return "" if isinstance(value, str) and value else "a text"


def flag(value: Any) -> str:
    """Yes or no."""
    return "" if isinstance(value, bool) else "true or false"


def amount(value: Any) -> str:
    """A quantity of processors: Ray divides one into ten thousand parts, and takes no part of many."""
    if not _is_number(value) or value < 0:
        return "a number of zero or more"
    return "" if value <= 1 or value == int(value) else PARTS


def whole(value: Any) -> str:
    """A number of bytes."""
    return "" if _is_number(value) and value == int(value) and value > 0 else "a positive whole number"


def count(value: Any) -> str:
    """How many of something, within what Ray can look after."""
    is_right = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1000
    return "" if is_right else "a whole number from 1 to 1000"


def seconds(value: Any) -> str:
    """A length of time."""
    return "" if _is_number(value) and value > 0 else "a positive number of seconds"


def mapping(value: Any) -> str:
    """Values by name."""
    return "" if _by_name(value) is not None else "a mapping by name"


def quantities(value: Any) -> str:
    """Amounts of custom resources by name."""
    named = _by_name(value)
    if named is None or any(amount(one) for one in named.values()):
        return "a mapping of resource names to numbers"
    own = named.keys() & {"CPU", "GPU", "memory"}
    return OWN_ONLY if own else ""


def strategy(value: Any) -> str:
    """A scheduling strategy that can be written in a file."""
    return "" if value in {"DEFAULT", "SPREAD"} else "'DEFAULT' or 'SPREAD'"


def one_of(*allowed: str) -> Rule:
    """One of these texts."""
    return lambda value: "" if value in allowed else " or ".join(map(repr, allowed))


def _by_name(value: Any) -> Mapping[str, Any] | None:
    if not isinstance(value, Mapping):
        return None
    named = cast("Mapping[Any, Any]", value)
    return named if all(isinstance(name, str) for name in named) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

"""Opened resources as attributes, for whoever required them.

Owns: ``Resources``, and the message for a resource that was not required. Must not know how they were opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from penstock.errors import UnknownResourceError, suggest


class Resources:
    """The resources of a step as attributes.

    Args:
        values: resource key → opened resource; others do not exist for the step.
        who: the step, for messages.
    """

    def __init__(self, values: Mapping[str, Any], who: str) -> None:
        self.__dict__.update(values)
        self.__dict__["_who"] = who

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        known = list(self)
        raise UnknownResourceError(
            f"{self._who} has no resource {key!r}; it has {', '.join(sorted(known)) or 'none'}."
            f"{suggest(key, known)} Add {key!r} to its required_resource_keys."
        )

    def __iter__(self) -> Iterator[str]:
        return (name for name in self.__dict__ if not name.startswith("_"))

    def _asdict(self) -> dict[str, Any]:
        """The same as a dict; the name is that of named tuples, as people know it."""
        return {name: self.__dict__[name] for name in self}

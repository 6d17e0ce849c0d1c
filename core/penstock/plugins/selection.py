"""Which installed plugins count: all of them, none, or those that are named.

Owns: how ``PENSTOCK_PLUGINS`` is read; the text itself is an argument. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from penstock.plugins.problems import Origin
from penstock.values import frozen


@frozen
class Selection:
    """A choice among installed plugins; what is built in always counts.

    Args:
        names: of entry points or distributions; None for all.
    """

    names: tuple[str, ...] | None = None

    @classmethod
    def parse(cls, text: str | Sequence[str] | Selection | None) -> Selection:
        """Read a choice.

        Args:
            text: None or empty text for all, ``"none"``, names with commas between them, or several names.
        """
        if isinstance(text, Selection):
            return text
        if text is None:
            return cls(None)
        if not isinstance(text, str):
            return cls(tuple(text))
        if not text.strip():
            return cls(None)
        if text.strip().lower() == "none":
            return cls(())
        return cls(tuple(part.strip() for part in text.split(",") if part.strip()))

    @property
    def is_none(self) -> bool:
        """Whether no installed plugin counts."""
        return self.names == ()

    def admits(self, origin: Origin) -> bool:
        """Whether the plugin that comes from there counts."""
        return self.names is None or origin.name in self.names or origin.distribution in self.names

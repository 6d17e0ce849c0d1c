"""Whether a graph is being composed right now.

Owns: one context variable. A definition that is called asks here whether it is being wired or
simply run; ``composition`` sets it while the body of a ``@graph`` or ``@job`` runs.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from penstock.values import frozen

_NO_TAGS: Mapping[str, str] = {}


@frozen(kw_only=True)
class Use:
    """How one use of a definition differs from the definition.

    Args:
        alias: the name of this use, by default that of the definition, made unique.
        tags: tags of this use beside those of the definition.
        hooks: hooks of this use beside those of the definition.
        retry_policy: instead of that of the definition.
    """

    alias: str | None = None
    tags: Mapping[str, str] = _NO_TAGS
    hooks: frozenset[Any] = frozenset()
    retry_policy: Any = None


PLAIN_USE = Use()


class Composer(Protocol):
    """What collects the nodes of a graph while its body runs."""

    def invoke(self, definition: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], use: Use) -> Any:
        """Add a node and give back handles of its outputs."""
        ...


_composer: ContextVar[Composer | None] = ContextVar("penstock_composer", default=None)


def current_composer() -> Composer | None:
    """The graph that is being composed in this thread or task, or None."""
    return _composer.get()


@contextmanager
def composing(composer: Composer) -> Generator[None]:
    """Let calls of definitions go to a composer for a while.

    Args:
        composer: receives the calls; whoever composed before does so again afterwards.
    """
    token = _composer.set(composer)
    try:
        yield
    finally:
        _composer.reset(token)

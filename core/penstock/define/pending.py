"""A definition about to be used, with a name, tags, hooks or retries of its own.

Owns: ``PendingNode``, what ``.alias()``, ``.tag()``, ``.with_hooks()`` and
``.with_retry_policy()`` give back. Calling it wires it, as calling the definition does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import evolve

from penstock.define.composing import PLAIN_USE, Use, current_composer
from penstock.define.names import as_tags, checked_name
from penstock.define.retry import RetryPolicy, as_retry_policy
from penstock.errors import InvalidDefinitionError
from penstock.values import frozen


@frozen(eq=False)
class PendingNode:
    """One use of an op or graph that is not wired yet.

    Args:
        definition: the op or graph.
        use: how this use differs from it.
    """

    definition: Any
    use: Use = PLAIN_USE

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Wire this use into the graph being composed; outside of one, call the definition."""
        composer = current_composer()
        if composer is None:
            return self.definition(*args, **kwargs)
        return composer.invoke(self.definition, args, kwargs, self.use)

    @property
    def name(self) -> str:
        """The name of this use."""
        return self.use.alias or self.definition.name

    def alias(self, name: str) -> PendingNode:
        """The same under another name in the graph."""
        return PendingNode(self.definition, evolve(self.use, alias=checked_name(name, "node")))

    def tag(self, tags: Mapping[str, Any] | None) -> PendingNode:
        """The same with more tags on this use."""
        added = as_tags(tags, self.name)
        return PendingNode(self.definition, evolve(self.use, tags={**self.use.tags, **added}))

    def with_hooks(self, hook_defs: Iterable[Any]) -> PendingNode:
        """The same with more hooks on this use."""
        hooks = self.use.hooks | checked_hooks(hook_defs, self.name)
        return PendingNode(self.definition, evolve(self.use, hooks=hooks))

    def to_job(self, name: str | None = None, **options: Any) -> Any:
        """A job of this graph with the tags and hooks of this use.

        Args:
            name: of the job, by default that of this use.
            options: as of ``GraphDefinition.to_job``.

        Raises:
            InvalidDefinitionError: when it is an op, which makes no job by itself.
        """
        if not hasattr(self.definition, "to_job"):
            raise InvalidDefinitionError(
                f"{self.name!r} is an op, of which no job is made. Put it in a @graph."
            )
        options["tags"] = {**self.use.tags, **(options.get("tags") or {})}
        options["hooks"] = self.use.hooks | checked_hooks(options.get("hooks"), self.name)
        return self.definition.to_job(name or self.name, **options)

    def execute_in_process(self, **options: Any) -> Any:
        """Run this graph here and now, with the tags and hooks of this use.

        Args:
            options: as of ``JobDefinition.execute_in_process``.
        """
        return self.to_job().execute_in_process(**options)

    def with_retry_policy(self, retry_policy: RetryPolicy) -> PendingNode:
        """The same with another retry policy on this use."""
        return PendingNode(self.definition, evolve(self.use, retry_policy=as_retry_policy(retry_policy)))


def checked_hooks(hooks: Iterable[Any] | None, owner: str) -> frozenset[Any]:
    """Hooks as a set.

    Args:
        hooks: as given, or None.
        owner: who is to have them, for the message.

    Raises:
        InvalidDefinitionError: when something is no hook.
    """
    found: frozenset[Any] = frozenset(hooks or ())
    for hook in found:
        if not getattr(hook, "__penstock_hook__", False):
            raise InvalidDefinitionError(
                f"Hooks of {owner!r} are made by @success_hook or @failure_hook, found {hook!r}."
            )
    return found

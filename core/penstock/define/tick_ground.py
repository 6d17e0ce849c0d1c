"""What a tick stands on: the instance, the project, the resources and the log of one evaluation.

Owns: ``TickGround``, which the contexts of schedules and sensors hold. Resources are opened when they are
first asked for, through the port. Must not know schedules or sensors.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from penstock.define import port
from penstock.errors import InvalidInvocationError, InvariantViolationError


class TickGround:
    """What one evaluation may look at.

    Args:
        instance: whose runs and assets.
        repository_def: the project.
        definitions: the same as ``Definitions``.
        resources: by key; definitions, configurable resources or plain objects.
    """

    def __init__(
        self,
        *,
        instance: Any = None,
        repository_def: Any = None,
        definitions: Any = None,
        resources: Mapping[str, Any] | None = None,
    ) -> None:
        if repository_def is not None and definitions is not None:
            raise InvalidInvocationError("Give repository_def= or definitions=, not both.")
        whole: Any = repository_def if definitions is None else definitions
        self.project: Any = whole.get_repository_def() if hasattr(whole, "get_repository_def") else whole
        self.given_instance, self.given_resources = instance, dict(resources or {})
        self.who, self.wanted = "This context", frozenset[str]()
        self.is_entered = False
        self._opened: Any = None
        self._stack = ExitStack()

    @property
    def instance(self) -> Any:
        """The instance.

        Raises:
            InvariantViolationError: when none was given.
        """
        if self.given_instance is None:
            raise InvariantViolationError(f"{self.who} has no instance. Build the context with instance=.")
        return self.given_instance

    @property
    def repository_def(self) -> Any:
        """The project.

        Raises:
            InvariantViolationError: when none was given.
        """
        if self.project is None:
            raise InvariantViolationError(
                f"{self.who} does not know its project. Build the context with repository_def=."
            )
        return self.project

    @property
    def resources(self) -> Any:
        """The resources that were given and those that are wanted, as attributes; opened now."""
        if self._opened is None:
            self._opened = self._stack.enter_context(port.call("tick_resources", self))
        return self._opened

    @property
    def log(self) -> Any:
        """A standard logger."""
        return port.call("logger", "ticks")

    def want(self, who: str, keys: frozenset[str]) -> None:
        """Say who is evaluated, and which resources of the project it uses."""
        self.who, self.wanted = who, self.wanted | keys
        if self._opened is not None and not keys <= set(self._opened):
            self.close()

    def with_resources(self, resources: Mapping[str, Any]) -> TickGround:
        """The same with more resources."""
        return TickGround(
            instance=self.given_instance,
            repository_def=self.project,
            resources={**self.given_resources, **resources},
        )

    def close(self) -> None:
        """Close the resources; they are opened anew when they are asked for again."""
        self._opened = None
        self._stack.close()

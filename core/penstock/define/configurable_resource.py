"""Resource classes: typed values that config may fill in, with methods for user code.

Owns: ``ConfigurableResource`` and ``ConfigurableResourceFactory``, their set-up and tear-down, and
resources inside resources. Values, checks and environment references are config's machinery.
How such an object becomes a ``ResourceDefinition``: ``resource_blueprint``.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar

from penstock.config import MISSING, Structured, bind, holds_references
from penstock.define import port
from penstock.define.annotations import RESOURCE_MARK, is_resource_annotation
from penstock.define.resource import ResourceDefinition
from penstock.define.resource_blueprint import Blueprint, PartialResource
from penstock.errors import InvariantViolationError

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

_NEVER_CLOSED: list[Any] = []
"""Python closes a generator that nobody refers to any more, which would tear these resources down."""

ResourceDependency = Annotated[T, RESOURCE_MARK]
"""``client: ResourceDependency[Client]`` says that a field of a resource is itself a resource."""


class ConfigurableResourceFactory(Structured, Generic[T_co]):
    """A resource class whose objects make the resource: what steps get is what ``create_resource`` gives.

    Fields are declared by annotations. Objects are read-only, but for attributes that begin with an
    underscore, which set-up may use.
    """

    __penstock_resource__: ClassVar[bool] = True

    def create_resource(self, context: Any) -> Any:
        """Make the resource that steps get.

        Args:
            context: the init context.
        """
        raise NotImplementedError(f"{type(self).__name__} wants a method create_resource(self, context).")

    def setup_for_execution(self, context: Any) -> None:
        """Get ready, before the first step; override it. Private attributes may be set."""

    def teardown_after_execution(self, context: Any) -> None:
        """Close what was opened, after the last step, also after failures; override it."""

    @contextmanager
    def yield_for_execution(self, context: Any) -> Generator[Any]:
        """Set up, yield what steps get, tear down; override it as a context manager for all in one.

        Args:
            context: the init context.
        """
        self.setup_for_execution(context)
        try:
            yield self.create_resource(context)
        finally:
            self.teardown_after_execution(context)

    @classmethod
    def configure_at_launch(cls, **values: Any) -> PartialResource:
        """A resource of this class whose missing values are given in run config.

        Args:
            values: those that are known already.
        """
        return PartialResource(cls, values)

    @classmethod
    def from_resource_context(cls, context: Any) -> Any:
        """Make the resource of an init context's config, without tearing it down.

        Args:
            context: with ``resource_config``.
        """
        made = cls(**(context.resource_config or {}))
        made.setup_for_execution(context)
        return made.create_resource(context)

    @classmethod
    @contextmanager
    def from_resource_context_cm(cls, context: Any) -> Generator[Any]:
        """Make the resource of an init context's config, and tear it down when the block ends."""
        with cls(**(context.resource_config or {})).yield_for_execution(context) as made:
            yield made

    def process_config_and_initialize(self) -> Any:
        """What a step would get: environment looked up, parts made, set up. Nothing is torn down."""
        manager = self.process_config_and_initialize_cm()
        made = manager.__enter__()
        _NEVER_CLOSED.append(manager)
        return made

    @contextmanager
    def process_config_and_initialize_cm(self) -> Generator[Any]:
        """What a step would get, torn down when the block ends."""
        definition = self.__penstock_resource_definition__({})
        env: Mapping[str, str] = port.call("environment") if _refers_to_environment(self) else {}
        config = bind(definition.config, MISSING, env=env, what=type(self).__name__)
        context = port.call("init_resource_context", resource_config=config, resource_def=definition)
        with definition.open(context) as made:
            yield made

    def get_resource_context(self) -> Any:
        """The init context with which this resource was set up.

        Raises:
            InvariantViolationError: before it was set up.
        """
        found = self.__dict__.get("_resource_context")
        if found is None:
            raise InvariantViolationError(
                f"{type(self).__name__} has no init context yet: it is there from setup_for_execution on."
            )
        return found

    @classmethod
    def __config_opaque__(cls, annotation: Any) -> bool:
        return is_resource_part(annotation)

    def __penstock_resource_definition__(self, keys: Mapping[int, str]) -> ResourceDefinition:
        return Blueprint.of(self).definition(keys)


class ConfigurableResource(ConfigurableResourceFactory[Any]):
    """A resource class whose objects are the resource: steps get the object itself.

    ``class Mailbox(ConfigurableResource): user: str`` is bound as ``Mailbox(user="ann")``,
    ``Mailbox(user=EnvVar("USER"))`` or ``Mailbox.configure_at_launch()``, and asked for by a parameter
    ``mailbox: Mailbox``.
    """

    def create_resource(self, context: Any) -> Self:
        """This object."""
        return self


def is_resource_part(annotation: Any) -> bool:
    """Whether a field of a resource class holds a resource, which no config of the field gives."""
    if is_resource_annotation(annotation):
        return True
    if isinstance(annotation, type):
        return issubclass(annotation, ResourceDefinition)
    return any(map(is_resource_part, getattr(annotation, "__args__", ())))


def _refers_to_environment(value: Any) -> bool:
    """Whether a resource or a part of it names an environment variable."""
    if holds_references(value):
        return True
    return isinstance(value, Structured) and any(
        _refers_to_environment(part) for part in vars(value).values() if isinstance(part, Structured)
    )

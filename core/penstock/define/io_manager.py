"""I/O managers: what stores outputs and loads inputs, as resources.

Owns: ``IOManager`` and ``InputManager`` (what plugins and users write), their definitions,
decorators and configurable classes. Contexts are made by the engine.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, overload

from attrs import field

from penstock.config import Field, as_field
from penstock.define.callables import is_schema, positional_parameters
from penstock.define.configurable_resource import ConfigurableResource, ConfigurableResourceFactory
from penstock.define.resource import ResourceDefinition, constant
from penstock.errors import InvalidDefinitionError
from penstock.values import frozen


class InputManager(ABC):
    """Loads inputs."""

    @abstractmethod
    def load_input(self, context: Any) -> Any:
        """Load the value of an input.

        Called in the process of the step that reads, once per input and attempt.

        Args:
            context: an ``InputContext``: which input, from which output or asset, for which partitions.
        """


class OutputManager(ABC):
    """Stores outputs."""

    @abstractmethod
    def handle_output(self, context: Any, obj: Any) -> Any:
        """Store the value of an output, completely or not at all.

        Called in the process of the step that made it, once per output and attempt; a repeated attempt
        replaces what an earlier one stored. May be a generator that yields metadata and events.

        Args:
            context: an ``OutputContext``: which output or asset, for which partitions.
            obj: the value.
        """


class IOManager(InputManager, OutputManager):
    """Stores outputs and loads them again."""


def _as_optional_field(schema: Any) -> Field | None:
    return None if schema is None else as_field(schema)


@frozen(eq=False)
class IOManagerDefinition(ResourceDefinition):
    """How an I/O manager is made.

    Args:
        input_config_schema: of config that an input may give to it.
        output_config_schema: of config that an output may give to it.
    """

    input_config_schema: Field | None = field(default=None, converter=_as_optional_field, kw_only=True)
    output_config_schema: Field | None = field(default=None, converter=_as_optional_field, kw_only=True)

    @staticmethod
    def hardcoded_io_manager(value: Any, description: str | None = None) -> IOManagerDefinition:
        """An I/O manager that is always this object.

        Raises:
            InvalidDefinitionError: when the object has no ``load_input`` or no ``handle_output``.
        """
        if not hasattr(value, "load_input") or not hasattr(value, "handle_output"):
            raise InvalidDefinitionError(
                f"hardcoded_io_manager wants an object with load_input and handle_output, found {value!r}."
            )
        return IOManagerDefinition(constant(value), description=description)


@frozen(eq=False)
class InputManagerDefinition(ResourceDefinition):
    """How an input manager is made.

    Args:
        input_config_schema: of config that an input may give to it.
    """

    input_config_schema: Field | None = field(default=None, converter=_as_optional_field, kw_only=True)


@overload
def io_manager(config_schema: Callable[..., Any], /) -> IOManagerDefinition: ...
@overload
def io_manager(
    config_schema: Any = None,
    description: str | None = None,
    output_config_schema: Any = None,
    input_config_schema: Any = None,
    required_resource_keys: Iterable[str] | None = None,
    version: str | None = None,
) -> Callable[[Callable[..., Any]], IOManagerDefinition]: ...
def io_manager(
    config_schema: Any = None,
    description: str | None = None,
    output_config_schema: Any = None,
    input_config_schema: Any = None,
    required_resource_keys: Iterable[str] | None = None,
    version: str | None = None,
) -> Any:
    """Make an I/O manager of a function that returns one.

    Args:
        config_schema: of ``init_context.resource_config``; or the function, without parentheses.
        description: for people, by default the function's docstring.
        output_config_schema: of config that an output may give to it.
        input_config_schema: of config that an input may give to it.
        required_resource_keys: attributes of ``init_context.resources`` that it uses.
        version: of the code.
    """
    if config_schema is not None and not is_schema(config_schema):
        return IOManagerDefinition(config_schema, description=config_schema.__doc__)

    def decorate(fn: Callable[..., Any]) -> IOManagerDefinition:
        return IOManagerDefinition(
            fn,
            config_schema,
            description or fn.__doc__,
            required_resource_keys,  # type: ignore[arg-type]  # the field converts it
            version,
            input_config_schema=input_config_schema,
            output_config_schema=output_config_schema,
        )

    return decorate


@frozen
class _LoadingFunction(InputManager):
    """An input manager that is one function of the input's context."""

    function: Callable[[Any], Any]
    config: Any

    def load_input(self, context: Any) -> Any:
        """What the function returns for this input."""
        return self.function(context)


def _loading(fn: Callable[..., Any]) -> Callable[[Any], InputManager]:
    def without_context(context: Any) -> Any:
        del context  # the function does not want it
        return fn()

    load: Callable[[Any], Any] = fn if positional_parameters(fn) else without_context

    def make(init_context: Any) -> InputManager:
        return _LoadingFunction(load, init_context.resource_config)

    return make


@overload
def input_manager(config_schema: Callable[..., Any], /) -> InputManagerDefinition: ...
@overload
def input_manager(
    config_schema: Any = None,
    description: str | None = None,
    input_config_schema: Any = None,
    required_resource_keys: Iterable[str] | None = None,
    version: str | None = None,
) -> Callable[[Callable[..., Any]], InputManagerDefinition]: ...
def input_manager(
    config_schema: Any = None,
    description: str | None = None,
    input_config_schema: Any = None,
    required_resource_keys: Iterable[str] | None = None,
    version: str | None = None,
) -> Any:
    """Make an input manager of a function that loads one input.

    Args:
        config_schema: of ``context.resource_config``; or the function, without parentheses.
        description: for people, by default the function's docstring.
        input_config_schema: of config that an input may give to it.
        required_resource_keys: attributes of ``context.resources`` that it uses.
        version: of the code.
    """
    if config_schema is not None and not is_schema(config_schema):
        return input_manager()(config_schema)

    def decorate(fn: Callable[..., Any]) -> InputManagerDefinition:
        return InputManagerDefinition(
            _loading(fn),
            config_schema,
            description or fn.__doc__,
            required_resource_keys,  # type: ignore[arg-type]  # the field converts it
            version,
            input_config_schema=input_config_schema,
        )

    return decorate


class ConfigurableIOManager(ConfigurableResource, IOManager):
    """An I/O manager with typed, configurable values: subclass it with fields and the two methods."""


class ConfigurableIOManagerFactory(ConfigurableResourceFactory[Any]):
    """A resource class that makes an I/O manager of its values."""

    def create_io_manager(self, context: Any) -> IOManager:
        """Make the I/O manager.

        Args:
            context: the init context.
        """
        raise NotImplementedError(f"{type(self).__name__} wants a method create_io_manager(self, context).")

    def create_resource(self, context: Any) -> IOManager:
        """What ``create_io_manager`` gives."""
        return self.create_io_manager(context)


class ConfigurableInputManager(ConfigurableResource, InputManager):
    """An input manager with typed, configurable values."""

"""Config made by functions: config mappings of graphs and jobs, and ``configured``.

Owns ``ConfigMapping``, ``config_mapping``, ``configured`` and ``configured_field``. Functions of
the user run here, when a config is bound; what they raise is chained.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any, overload

from attrs import Factory, field

from penstock.config.bind import bind, check, field_of_annotation
from penstock.config.faults import MISSING, raise_faults
from penstock.config.run_config import as_run_config_dict
from penstock.config.schema import ANY_CONFIG, Field, Mapped, Shape, as_field
from penstock.errors import ConfigMappingFunctionError, InvalidDefinitionError
from penstock.values import frozen

_NO_CONFIG = Shape({})


def schema_of_function(function: Callable[..., Any]) -> Field | None:
    """The schema that the annotation of a function's first parameter says.

    Args:
        function: takes a config.

    Returns:
        A field, or None when the parameter is not annotated.
    """
    try:
        parameters = list(inspect.signature(function).parameters)
        hints = typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError, ValueError):
        hints = dict(getattr(function, "__annotations__", {}))
        parameters = [name for name in hints if name != "return"]
    annotation = hints.get(parameters[0], Any) if parameters else Any
    return None if annotation is Any or isinstance(annotation, str) else field_of_annotation(annotation)


def _schema_of_mapping(mapping: ConfigMapping) -> Field:
    if mapping.config_schema is not None:
        return as_field(mapping.config_schema)
    return schema_of_function(mapping.config_fn) or ANY_CONFIG


@frozen
class ConfigMapping:
    """A small config in front of a large one: users give the small one, a function makes the large.

    Args:
        config_fn: takes the bound small config, returns a run config (or the ``ops`` part, for a
            graph) as a dict or ``RunConfig``.
        config_schema: of the small config; by default what ``config_fn`` is annotated with.
        receive_processed_config_values: False keeps environment variables unresolved.
    """

    config_fn: Callable[[Any], Any]
    config_schema: Any = None
    receive_processed_config_values: bool | None = None
    field: Field = field(init=False, repr=False, default=Factory(_schema_of_mapping, takes_self=True))

    def apply(self, given: Any = MISSING, *, env: Mapping[str, str], path: str = "$") -> dict[str, Any]:
        """The large config that a small one stands for.

        Args:
            given: the small config, raw.
            env: environment variables by name.
            path: where the small config stands.

        Raises:
            InvalidConfigError: when the small config does not fit its schema.
            ConfigMappingFunctionError: when the function raises.
        """
        bound = bind(self.field, given, env=env, path=path)
        if self.receive_processed_config_values is False and given is not MISSING:
            bound = given
        return as_run_config_dict(self._called(bound, path))

    def check(self, given: Any = MISSING, *, path: str = "$") -> None:
        """Refuse a small config that does not fit, without running the function.

        Raises:
            InvalidConfigError: with every fault.
        """
        raise_faults(f"The config at {path} does not fit its schema:", check(self.field, given, path=path))

    def _called(self, bound: Any, path: str) -> Any:
        try:
            return self.config_fn(bound)
        except Exception as error:
            name = getattr(self.config_fn, "__name__", "config_fn")
            raise ConfigMappingFunctionError(
                f"The config mapping {name!r} raised {type(error).__name__} for {path}: {error}", error
            ) from error

    def __call__(self, *arguments: Any, **values: Any) -> Any:
        """Call the function itself, as tests do."""
        return self.config_fn(*arguments, **values)


@overload
def config_mapping(config_fn: Callable[..., Any], /) -> ConfigMapping: ...
@overload
def config_mapping(
    config_fn: None = None,
    *,
    config_schema: Any = None,
    receive_processed_config_values: bool | None = None,
) -> Callable[[Callable[..., Any]], ConfigMapping]: ...
def config_mapping(
    config_fn: Callable[..., Any] | None = None,
    *,
    config_schema: Any = None,
    receive_processed_config_values: bool | None = None,
) -> ConfigMapping | Callable[[Callable[..., Any]], ConfigMapping]:
    """Make a ``ConfigMapping`` of a function; with or without arguments.

    Args:
        config_fn: the function, when the decorator stands bare.
        config_schema: of the small config; by default the annotation of the parameter.
        receive_processed_config_values: False keeps environment variables unresolved.
    """
    if config_fn is not None:
        return ConfigMapping(config_fn)

    def made_of(function: Callable[..., Any]) -> ConfigMapping:
        return ConfigMapping(function, config_schema, receive_processed_config_values)

    return made_of


def configured_field(inner: Any, config_or_fn: Any, config_schema: Any = None) -> Field:
    """The schema of a definition whose config is settled.

    Args:
        inner: the schema of the definition.
        config_or_fn: the config itself (then nothing may be given any more), or a function from
            what is given to the config.
        config_schema: what the function takes; by default the annotation of its parameter.

    Returns:
        A field; binding it runs the function and binds what it returns to ``inner``.
    """
    inner_field = as_field(inner)
    if not callable(config_or_fn) or isinstance(config_or_fn, type):
        fixed = Mapped(Field(_NO_CONFIG), lambda _: config_or_fn, inner_field)
        return Field(fixed)
    outer = schema_of_function(config_or_fn) if config_schema is None else as_field(config_schema)
    return Field(Mapped(outer or ANY_CONFIG, config_or_fn, inner_field))


def configured(configurable: Any, config_schema: Any = None, **options: Any) -> Callable[[Any], Any]:
    """Settle the config of an op, resource, logger, executor or I/O manager, wholly or partly.

    Args:
        configurable: a definition with a ``configured`` method.
        config_schema: what is still to be given, when a function makes the config.
        options: ``name`` and ``description`` of the new definition.

    Returns:
        A function, or decorator, from the config or the config function to the new definition.

    Raises:
        InvalidDefinitionError: when the definition cannot be configured.
    """
    if not hasattr(configurable, "configured"):
        raise InvalidDefinitionError(
            f"configured takes an op, graph, resource, logger, executor or I/O manager definition,"
            f" found {configurable!r}."
        )

    def settle(config_or_fn: Any) -> Any:
        named = dict(options)
        if callable(config_or_fn) and "name" not in named and hasattr(configurable, "name"):
            named["name"] = getattr(config_or_fn, "__name__", None)
        return configurable.configured(config_or_fn, config_schema=config_schema, **named)

    return settle

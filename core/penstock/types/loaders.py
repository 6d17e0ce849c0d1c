"""Loaders: how a value of a type is made from run config.

Owns: ``TypeLoader``, the loaders of plain types and of containers of types that have one.
Knows nothing of config schemas: ``schema_type`` is whatever the user, or ``typing``, says, and
the config room reads it.

A plan asks ``type.loader``. Where there is one: ``bare = loader.unwrap(raw)``, check ``bare``
against ``loader.schema_type``, and in the step ``loader.construct_from_config_value(context, bare)``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any, cast

from penstock.types.checks import require_parameters
from penstock.values import frozen

LoadFunction = Callable[[Any, Any], Any]


@frozen(kw_only=True)
class TypeLoaderContext:
    """What a loader may look at besides the config.

    Args:
        run_id: the run that loads.
        job_name: the job that runs.
        log: the run's logger.
        resources: the resources that the loader requires.
        step_key: the step whose input is loaded.
        input_name: the input.
    """

    run_id: str | None = None
    job_name: str | None = None
    log: Any = None
    resources: Any = None
    step_key: str | None = None
    input_name: str | None = None


class TypeLoader:
    """Makes a value from config; subclasses give ``schema_type`` and ``construct_from_config_value``."""

    #: whether ``schema_type`` is an annotation, which can stand inside ``list[...]``
    annotated: bool = False

    @property
    def schema_type(self) -> Any:
        """The config schema of what the loader takes, in any form that config takes."""
        raise NotImplementedError(f"{type(self).__name__} should define the property schema_type")

    def construct_from_config_value(self, context: Any, config_value: Any) -> Any:
        """Make the value.

        Args:
            context: a ``TypeLoaderContext``.
            config_value: config that fits ``schema_type``.
        """
        return config_value

    def required_resource_keys(self) -> frozenset[str]:
        """The resources that the loader uses."""
        return frozenset()

    def unwrap(self, raw: Any) -> Any:
        """The bare config value, where the run config may also wrap it as ``{"value": ...}``.

        Args:
            raw: what stands in the run config.
        """
        return raw


class FunctionLoader(TypeLoader):
    """A loader made from a function by ``type_loader``."""

    def __init__(self, schema: Any, function: LoadFunction, resource_keys: Iterable[str]) -> None:
        self._schema, self._function = schema, function
        self._resource_keys = frozenset(resource_keys)

    @property
    def schema_type(self) -> Any:
        """The schema as it was given to ``type_loader``."""
        return self._schema

    def construct_from_config_value(self, context: Any, config_value: Any) -> Any:
        """What the function returns."""
        return self._function(context, config_value)

    def required_resource_keys(self) -> frozenset[str]:
        """The resources as they were given to ``type_loader``."""
        return self._resource_keys


def type_loader(
    config_schema: Any, required_resource_keys: Iterable[str] | None = None
) -> Callable[[LoadFunction], FunctionLoader]:
    """Make a loader from a function ``(context, config_value) -> value``.

    Args:
        config_schema: the schema of ``config_value``.
        required_resource_keys: resources that the function uses.

    Raises:
        InvalidDefinitionError: when the function does not take two arguments.
    """

    def decorate(function: LoadFunction) -> FunctionLoader:
        require_parameters(function, ("context", "config_value"), f"The type loader {_name(function)!r}")
        return FunctionLoader(config_schema, function, required_resource_keys or ())

    return decorate


def _name(function: Any) -> str:
    return getattr(function, "__name__", repr(function))


class PlainLoader(TypeLoader):
    """Takes the config value as it is, bare or as ``{"value": ...}``.

    Args:
        schema: the annotation that the config value fits.
        convert: makes the value of the config value, for example a set of a list.
        wrapped: whether ``{"value": ...}`` is a wrapping, not the value itself.
    """

    annotated = True

    def __init__(
        self, schema: Any, convert: Callable[[Any], Any] | None = None, wrapped: bool = True
    ) -> None:
        self._schema, self._convert, self._wrapped = schema, convert, wrapped

    @property
    def schema_type(self) -> Any:
        """The annotation."""
        return self._schema

    def construct_from_config_value(self, context: Any, config_value: Any) -> Any:
        """The config value, converted."""
        return self._convert(config_value) if self._convert is not None else config_value

    def unwrap(self, raw: Any) -> Any:
        """Take ``{"value": x}`` as ``x``."""
        if not (self._wrapped and isinstance(raw, dict)):
            return raw
        wrapping = cast("dict[str, Any]", raw)
        return wrapping["value"] if wrapping.keys() == {"value"} else wrapping


_AS_IT_IS = PlainLoader(Any)


class ItemsLoader(TypeLoader):
    """Makes a container by loading each item with the loader of its type.

    Args:
        schema: what the whole config value fits.
        loaders: one per item, or a single one for all.
        build: makes the container of the list of items.
    """

    def __init__(self, schema: Any, loaders: tuple[TypeLoader, ...], build: Callable[[Any], Any]) -> None:
        self._schema, self._loaders, self._build = schema, loaders, build
        self.annotated = all(loader.annotated for loader in loaders)

    @property
    def schema_type(self) -> Any:
        """The schema of the whole."""
        return self._schema

    def required_resource_keys(self) -> frozenset[str]:
        """The resources that loaders of the items use."""
        found = (loader.required_resource_keys() for loader in self._loaders)
        return frozenset(chain.from_iterable(found))

    def unwrap(self, raw: Any) -> Any:
        """Unwrap the whole and each item."""
        bare = PlainLoader(None).unwrap(raw)
        if not isinstance(bare, list):
            return bare
        return [loader.unwrap(item) for loader, item in self._paired(bare)]

    def construct_from_config_value(self, context: Any, config_value: Any) -> Any:
        """Load each item and build the container."""
        paired = self._paired(config_value)
        return self._build([loader.construct_from_config_value(context, item) for loader, item in paired])

    def _paired(self, items: Any) -> list[tuple[TypeLoader, Any]]:
        entries = list(items)
        once = len(self._loaders) > 1
        # surplus items are kept as they are: the type check says that there are too many
        loaders = [*self._loaders, *[_AS_IT_IS] * len(entries)] if once else self._loaders * len(entries)
        return list(zip(loaders, entries, strict=False))


class ValuesLoader(TypeLoader):
    """Makes a dict by loading each value with the loader of its type.

    Args:
        schema: what the whole config value fits.
        loader: the loader of the values.
    """

    def __init__(self, schema: Any, loader: TypeLoader) -> None:
        self._schema, self._loader = schema, loader
        self.annotated = loader.annotated

    @property
    def schema_type(self) -> Any:
        """The schema of the whole."""
        return self._schema

    def required_resource_keys(self) -> frozenset[str]:
        """The resources that the loader of the values uses."""
        return self._loader.required_resource_keys()

    def construct_from_config_value(self, context: Any, config_value: Any) -> Any:
        """Load each value."""
        load = self._loader.construct_from_config_value
        return {key: load(context, item) for key, item in config_value.items()}


class NoneOrLoader(TypeLoader):
    """Lets None through, and loads everything else with the loader of the inner type.

    Args:
        schema: what a config value that is not None fits, or an annotation with None.
        loader: the loader of the inner type.
    """

    def __init__(self, schema: Any, loader: TypeLoader) -> None:
        self._schema, self._loader = schema, loader
        self.annotated = loader.annotated

    @property
    def schema_type(self) -> Any:
        """The schema of what is not None."""
        return self._schema

    def required_resource_keys(self) -> frozenset[str]:
        """The resources that the inner loader uses."""
        return self._loader.required_resource_keys()

    def unwrap(self, raw: Any) -> Any:
        """As the inner loader does."""
        return None if raw is None else self._loader.unwrap(raw)

    def construct_from_config_value(self, context: Any, config_value: Any) -> Any:
        """None, or what the inner loader makes."""
        if config_value is None:
            return None
        return self._loader.construct_from_config_value(context, config_value)

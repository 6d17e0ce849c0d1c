"""Resources: things that steps share, opened before them and closed after them.

Owns: ``ResourceDefinition``, ``@resource``, ready-made definitions, and what counts as a
resource. Opening in the right order is the engine's matter; it calls ``open``. Resource classes
live in ``configurable_resource``. Lazy: the mock library is imported by the mock resource alone.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, ContextDecorator, contextmanager, suppress
from typing import Annotated, Any, Protocol, Self, TypeVar, cast, overload, runtime_checkable

from attrs import Factory, evolve, field, has

from penstock.config import Field, as_field, bind, configured_field, holds_references
from penstock.define import port
from penstock.define.annotations import RESOURCE_MARK
from penstock.define.callables import is_schema, takes_argument
from penstock.errors import InvalidDefinitionError, InvalidInvocationError, suggest
from penstock.values import frozen

T = TypeVar("T")
ResourceParam = Annotated[T, RESOURCE_MARK]
"""``thing: ResourceParam[Client]`` says that a parameter is a resource of any type."""


def _as_keys(keys: Iterable[str] | None) -> frozenset[str]:
    return frozenset(keys or ())


def _takes_context(definition: Any) -> bool:
    return takes_argument(definition.resource_fn, "@resource", "init_context")


def _as_config(schema: Any) -> Field | None:
    return None if schema is None else as_field(schema)


@frozen(eq=False)
class ResourceDefinition:
    """How a resource is made and closed.

    Args:
        resource_fn: takes an init context (or nothing) and gives the resource, as a value, by yielding
            it once, or as a context manager.
        config: how ``resources.<key>.config`` is bound, None when anything is taken as it is.
        description: for people.
        required_resource_keys: resources that are opened before it.
        version: of the code.
    """

    resource_fn: Callable[..., Any]
    config: Field | None = field(default=None, converter=_as_config, alias="config_schema")
    description: str | None = None
    required_resource_keys: frozenset[str] = field(default=frozenset(), converter=_as_keys)
    version: str | None = None
    takes_context: bool = field(init=False, default=Factory(_takes_context, takes_self=True))

    @property
    def config_schema(self) -> Field | None:
        """How its config is bound."""
        return self.config

    @contextmanager
    def open(self, init_context: Any) -> Generator[Any]:
        """Open the resource, and close it when the block ends, also after a failure.

        Args:
            init_context: with ``resource_config`` bound and ``resources`` opened.

        Raises:
            InvalidDefinitionError: when a generator function yields nothing.
        """
        made = self.resource_fn(init_context) if self.takes_context else self.resource_fn()
        if inspect.isgenerator(made):
            with _generated(cast("Generator[Any, None, None]", made), self.resource_fn) as value:
                yield value
        elif isinstance(made, AbstractContextManager) and isinstance(made, ContextDecorator):
            with cast("AbstractContextManager[Any]", made) as value:
                yield value
        else:
            yield made

    def configured(
        self, config_or_config_fn: Any, config_schema: Any = None, description: str | None = None
    ) -> Self:
        """The same resource with its config settled, wholly or by a function of less config.

        Args:
            config_or_config_fn: the config, or a function from the outer config to the inner one.
            config_schema: what the function takes.
            description: for people.
        """
        settled = configured_field(self.config, config_or_config_fn, config_schema)
        return evolve(self, config_schema=settled, description=description or self.description)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the resource function, as tests do.

        Args:
            args, kwargs: an init context, when the function takes one; None for an empty one.

        Returns:
            What the function returns: for one that yields, its generator.

        Raises:
            InvalidInvocationError: when the context is missing.
        """
        given = [*args, *kwargs.values()]
        if not self.takes_context:
            return self.resource_fn()
        if len(given) != 1:
            raise InvalidInvocationError(
                f"The resource {_name(self.resource_fn)!r} is called with one init context, found"
                f" {len(given)} arguments. Make one with"
                " build_init_resource_context(config=..., resources=...)."
            )
        empty = given[0] is None
        return self.resource_fn(self._bound(port.call("init_resource_context") if empty else given[0]))

    def _bound(self, context: Any) -> Any:
        """The context with its config checked and completed."""
        if self.config is None or not hasattr(context, "resource_config"):
            return context
        raw = context.resource_config
        env: Mapping[str, str] = port.call("environment") if holds_references(raw) else {}
        what = f"the resource {_name(self.resource_fn)!r}"
        return narrowed(context, resource_config=_bind(self.config, raw, env, what))

    @staticmethod
    def hardcoded_resource(value: Any, description: str | None = None) -> ResourceDefinition:
        """A resource that is always this object."""
        return ResourceDefinition(constant(value), description=description)

    @staticmethod
    def none_resource(description: str | None = None) -> ResourceDefinition:
        """A resource that is None."""
        return ResourceDefinition.hardcoded_resource(None, description)

    @staticmethod
    def mock_resource(description: str | None = None) -> ResourceDefinition:
        """A resource that lets everything be done with it and remembers it: a ``MagicMock``."""
        return ResourceDefinition(_make_mock, description=description)

    @staticmethod
    def string_resource(description: str | None = None) -> ResourceDefinition:
        """A resource that is the text given as its config."""
        return ResourceDefinition(_given_config, config_schema=str, description=description)


def narrowed(context: Any, **changes: Any) -> Any:
    """An init context with some values exchanged.

    Args:
        context: a value class of attrs, or a stand-in made by a test, which comes back as it is.
        changes: by name.
    """
    kind: type[object] = context.__class__
    return evolve(context, **changes) if has(kind) else context


def _bind(schema: Field, raw: Any, env: Mapping[str, str], what: str) -> Any:
    if raw is None:
        return bind(schema, env=env, what=what)
    return bind(schema, raw, env=env, what=what)


def constant(value: Any) -> Callable[[Any], Any]:
    """A resource function that always gives the same object."""

    def give(_init_context: Any) -> Any:
        return value

    give.in_memory_only = getattr(value, "in_memory_only", False) is True  # type: ignore[attr-defined]  # functions take any
    return give


def _make_mock(_init_context: Any) -> Any:
    from unittest.mock import MagicMock  # noqa: PLC0415  # lazy: it imports asyncio

    return MagicMock()


def _given_config(init_context: Any) -> Any:
    return init_context.resource_config


def _name(fn: Any) -> str:
    return getattr(fn, "__name__", repr(fn))


@contextmanager
def _generated(generator: Generator[Any, None, None], fn: Any) -> Generator[Any]:
    """A generator that yields once, as a context manager; what the block raises reaches it."""
    try:
        value = next(generator)
    except StopIteration:
        raise InvalidDefinitionError(
            f"The resource function {_name(fn)!r} ended without a yield. Yield the resource once."
        ) from None
    try:
        yield value
    except BaseException as error:
        with suppress(StopIteration):
            generator.throw(error)
        raise
    else:
        for _more in generator:
            generator.close()
            raise InvalidDefinitionError(
                f"The resource function {_name(fn)!r} yields more than once. Yield the resource once."
            )


@overload
def resource(config_schema: Callable[..., Any], /) -> ResourceDefinition: ...
@overload
def resource(
    config_schema: Any = None,
    description: str | None = None,
    required_resource_keys: Iterable[str] | None = None,
    version: str | None = None,
) -> Callable[[Callable[..., Any]], ResourceDefinition]: ...
def resource(
    config_schema: Any = None,
    description: str | None = None,
    required_resource_keys: Iterable[str] | None = None,
    version: str | None = None,
) -> Any:
    """Make a resource of a function that returns it, or yields it once and then closes it.

    Args:
        config_schema: of ``init_context.resource_config``; or the function, without parentheses.
        description: for people, by default the function's docstring.
        required_resource_keys: attributes of ``init_context.resources`` that it uses.
        version: of the code.
    """
    if config_schema is not None and not is_schema(config_schema) and not isinstance(config_schema, Field):
        return ResourceDefinition(config_schema, description=config_schema.__doc__)

    def decorate(fn: Callable[..., Any]) -> ResourceDefinition:
        return ResourceDefinition(
            fn, config_schema, description or fn.__doc__, required_resource_keys, version
        )

    return decorate


def make_values_resource(**kwargs: Any) -> ResourceDefinition:
    """A resource that is a dict of the entries of its config, which are its attributes too.

    Args:
        kwargs: entry → schema; without any, whatever is given is taken.
    """
    return ResourceDefinition(_entries_as_attributes, config_schema=kwargs or dict)


class _Entries(dict[str, Any]):
    """A dict whose entries are attributes too."""

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(f"This resource has no entry {name!r}.{suggest(name, self)}")


def _entries_as_attributes(init_context: Any) -> _Entries:
    return _Entries(init_context.resource_config or {})


# ------------------------------------------------------------------------- anything as a definition


@runtime_checkable
class DefinesResource(Protocol):
    """An object that knows the definition it stands for: objects of resource classes."""

    def __penstock_resource_definition__(self, keys: Mapping[int, str]) -> ResourceDefinition:
        """The definition.

        Args:
            keys: ``id`` of an object bound at top level → its key, for parts configured at launch.
        """
        ...


_NO_KEYS: Mapping[int, str] = {}


def as_resource_definition(value: Any, keys: Mapping[int, str] = _NO_KEYS) -> ResourceDefinition:
    """The definition that anything bound to a resource key stands for.

    Args:
        value: a definition, an object of a resource class, or any object, which is passed on as it is.
        keys: see ``as_resource_definitions``.

    Raises:
        InvalidDefinitionError: when it is a resource class instead of an object of one.
    """
    if isinstance(value, ResourceDefinition):
        return value
    if isinstance(value, type) and getattr(value, "__penstock_resource__", False):
        raise InvalidDefinitionError(
            f"{value.__name__} is a resource class; bind an object of it: {value.__name__}(...), or"
            f" {value.__name__}.configure_at_launch()."
        )
    if isinstance(value, DefinesResource):
        return value.__penstock_resource_definition__(keys)
    return ResourceDefinition.hardcoded_resource(value)


def as_resource_definitions(resources: Mapping[str, Any]) -> dict[str, ResourceDefinition]:
    """Definitions of everything bound to resource keys.

    Here a part of a resource that is configured at launch finds the key under which it is bound itself,
    and becomes a requirement of the resource around it.

    Args:
        resources: key → anything.

    Raises:
        InvalidDefinitionError: when one is a resource class instead of an object of one.
    """
    keys = {id(value): key for key, value in resources.items()}
    return {key: as_resource_definition(value, keys) for key, value in resources.items()}

"""From an object of a resource class to the definition that makes it anew for each run.

Owns: which values may be given in run config (all, with the object's own as defaults), and the
opening of resources inside resources. A part that is configured at launch and bound under a key of
its own is opened once, under that key; every other part belongs to the resource around it.
"""

from __future__ import annotations

import inspect
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, ClassVar

from penstock.config import MISSING, Field, Shape
from penstock.config.python_nodes import Opaque
from penstock.config.reading import spec_of
from penstock.config.spec import ClassField, ClassSpec
from penstock.define.resource import DefinesResource, ResourceDefinition, as_resource_definition, narrowed
from penstock.errors import InvalidDefinitionError, suggest
from penstock.values import frozen


@frozen(eq=False)
class PartialResource:
    """A resource of a class some values of which are given in run config.

    Args:
        cls: the resource class.
        values: those that are known already.
    """

    cls: Any
    values: Mapping[str, Any]

    __penstock_resource_object__: ClassVar[bool] = True

    def __attrs_post_init__(self) -> None:
        known = spec_of(self.cls).by_key
        for name in self.values:
            if name not in known:
                raise InvalidDefinitionError(
                    f"{self.cls.__name__}.configure_at_launch has no value {name!r};"
                    f" it has {', '.join(map(repr, known)) or 'none'}.{suggest(name, known)}"
                )

    def __penstock_resource_definition__(self, keys: Mapping[int, str]) -> ResourceDefinition:
        return Blueprint(self.cls, self.values, None).definition(keys)


@frozen(eq=False)
class Blueprint:
    """What is known of a resource before a run.

    Args:
        cls: the resource class.
        values: attribute → value, parts included.
        made: the object, when all values are known.
    """

    cls: Any
    values: Mapping[str, Any]
    made: Any

    @classmethod
    def of(cls, made: Any) -> Blueprint:
        """The blueprint of a complete object."""
        known: dict[str, Any] = made.__dict__
        made_of: type[Any] = made.__class__
        fields = spec_of(made_of).fields
        return cls(made_of, {one.name: known[one.name] for one in fields if one.name in known}, made)

    def definition(self, keys: Mapping[int, str]) -> ResourceDefinition:
        """The definition that makes such resources.

        Args:
            keys: ``id`` of an object bound at top level → its key.
        """
        spec: ClassSpec = spec_of(self.cls)
        required: set[str] = set()
        schema: dict[str, Any] = {}
        for one in spec.fields:
            if isinstance(one.node, Opaque):
                self._note_part(one, keys, schema, required)
            else:
                schema[one.key] = self._field(one)

        def opened(init_context: Any) -> Generator[Any, None, None]:
            return self._opened(init_context, keys)

        return ResourceDefinition(
            opened,
            config_schema=Field(Shape(schema)),
            description=self.cls.__doc__ if "__doc__" in vars(self.cls) else None,
            required_resource_keys=required,
        )

    def _field(self, one: ClassField) -> Field:
        """A value that run config may give, with what is known of it as the default."""
        value = self._known(one)
        if value is MISSING:
            return Field(one.node, description=one.description)
        return Field(one.node, default_value=value, description=one.description)

    def _known(self, one: ClassField) -> Any:
        value = self.values.get(one.name, self.values.get(one.key, MISSING))
        if value is MISSING:
            return one.factory() if one.factory is not None else one.default
        return value

    def _note_part(
        self, one: ClassField, keys: Mapping[int, str], schema: dict[str, Any], required: set[str]
    ) -> None:
        part = self._known(one)
        if _is_bound_elsewhere(part, keys):
            required.add(keys[id(part)])
        elif isinstance(part, ResourceDefinition | DefinesResource):
            inner = as_resource_definition(part, keys)
            required.update(inner.required_resource_keys)
            if inner.config is not None:
                schema[one.key] = inner.config
        elif part is MISSING:
            raise InvalidDefinitionError(
                f"{self.cls.__name__} is to be configured at launch, but its part {one.name!r} is a resource,"
                f" which config cannot give. Write {self.cls.__name__}.configure_at_launch({one.name}=...)."
            )

    # ---- opening ----------------------------------------------------------------------------

    def _opened(self, context: Any, keys: Mapping[int, str]) -> Generator[Any, None, None]:
        """Make the object, set it up, yield what steps get, tear it down."""
        given: Mapping[str, Any] = context.resource_config or {}
        with ExitStack() as stack:
            values: dict[str, Any] = {}
            for one in spec_of(self.cls).fields:
                if isinstance(one.node, Opaque):
                    values[one.name] = stack.enter_context(self._part(one, given.get(one.key), context, keys))
                else:
                    values[one.name] = given.get(one.key, self._known(one))
            made = self._build(values)
            object.__setattr__(made, "_resource_context", context)
            yield stack.enter_context(_as_manager(made.yield_for_execution(context)))

    @contextmanager
    def _part(self, one: ClassField, config: Any, context: Any, keys: Mapping[int, str]) -> Generator[Any]:
        part = self._known(one)
        if _is_bound_elsewhere(part, keys):
            yield getattr(context.resources, keys[id(part)])
        elif isinstance(part, ResourceDefinition | DefinesResource):
            inner = as_resource_definition(part, keys)
            with inner.open(narrowed(context, resource_config=config, resource_def=inner)) as opened:
                yield opened
        else:
            yield part

    def _build(self, values: dict[str, Any]) -> Any:
        """The object; the class's own checks run again when a value is not the one it was made with."""
        known = self.values
        if self.made is not None and all(_same(known.get(name), value) for name, value in values.items()):
            return self.cls.__config_build__(values)
        return self.cls(**values)


def _same(known: Any, value: Any) -> bool:
    return known is value or (type(known) is type(value) and known == value)


def _is_bound_elsewhere(part: Any, keys: Mapping[int, str]) -> bool:
    return isinstance(part, PartialResource) and id(part) in keys


def _as_manager(made: Any) -> Any:
    """A context manager of what ``yield_for_execution`` gave, also when it is a bare generator."""
    if not inspect.isgenerator(made):
        return made

    @contextmanager
    def managed() -> Generator[Any]:
        yield from made

    return managed()

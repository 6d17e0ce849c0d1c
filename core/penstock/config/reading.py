"""The reading of config classes: Config classes, pydantic models, dataclasses, attrs classes.

Owns ``spec_of``, which reads a class on first use and remembers, and the choices of unions of
classes. Knows nothing of values.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, cast
from weakref import WeakKeyDictionary

import attrs

from penstock.config import pydantic_parts
from penstock.config.annotations import checked, discriminated, node_of, resolved
from penstock.config.faults import MISSING
from penstock.config.python_nodes import Literals, ObjectOf, OneOf, Opaque
from penstock.config.spec import ClassField, ClassSpec, DraftField
from penstock.errors import InvalidConfigDefinitionError

_SPECS: WeakKeyDictionary[type, ClassSpec] = WeakKeyDictionary()


def spec_of(cls: type) -> ClassSpec:
    """The fields of a config class; read once.

    Args:
        cls: a class for which ``is_config_class`` holds.

    Raises:
        InvalidConfigDefinitionError: when an annotation cannot be resolved or used.
    """
    spec = _SPECS.get(cls)
    if spec is None:
        spec = _SPECS[cls] = _read(cls)
    return spec


def _read(cls: Any) -> ClassSpec:
    if hasattr(cls, "__config_drafts__"):
        return _read_structured(cls)
    if pydantic_parts.is_model_class(cls):
        return _read_model(cls)
    if attrs.has(cls):
        return ClassSpec(cls=cls, fields=_attrs_fields(cls), build=lambda values: _by_alias(cls, values))
    return ClassSpec(cls=cls, fields=_dataclass_fields(cls), build=lambda values: cls(**values))


def _read_structured(cls: Any) -> ClassSpec:
    return ClassSpec(
        cls=cls,
        fields=tuple(_class_field(cls, draft) for draft in cls.__config_drafts__.values()),
        permissive=cls.__config_permissive__,
        before=pydantic_parts.model_validators(cls, "before"),
        build=cls.__config_build__,
    )


def _class_field(cls: Any, draft: DraftField) -> ClassField:
    annotation = _annotation_of(cls, draft)
    node = Opaque(annotation) if cls.__config_opaque__(annotation) else node_of(annotation)
    before, after = pydantic_parts.field_transforms(cls, draft.name)
    attribute: Any = attrs.fields_dict(cls)[draft.name]
    if draft.info is not None:
        node = discriminated(node, pydantic_parts.discriminator_of(draft.info))
        node = checked(node, list(draft.info.metadata))
    if attribute.converter is not None:
        before = (pydantic_parts.ignoring_data(attribute.converter), *before)
    default, factory = draft.default, draft.factory
    if default is MISSING and factory is None:
        default, factory = _annotated_default(annotation)
    return ClassField(
        name=draft.name,
        key=draft.name if draft.info is None else pydantic_parts.key_of(draft.info, draft.name),
        node=node,
        default=default,
        factory=factory,
        before=before,
        after=after,
        attribute=attribute if attribute.validator is not None else None,
        description=getattr(draft.info, "description", None),
    )


def _annotated_default(annotation: Any) -> tuple[Any, Callable[[], Any] | None]:
    for entry in getattr(annotation, "__metadata__", ()):
        if pydantic_parts.is_field_info(entry) and not entry.is_required():
            return pydantic_parts.default_of(entry)
    return MISSING, None


def _annotation_of(cls: type, draft: DraftField) -> Any:
    global_names, local_names = draft.namespaces
    local_names = {cls.__name__: cls, **local_names}
    holder = SimpleNamespace(__annotations__={draft.name: draft.annotation})
    try:
        hints = typing.get_type_hints(cast("Any", holder), global_names, local_names, include_extras=True)
    except Exception as error:
        raise InvalidConfigDefinitionError(
            f"The type of {cls.__name__}.{draft.name} cannot be resolved: {draft.annotation!r} ({error})."
            " Define or import what it names before the config is used."
        ) from error
    return hints[draft.name]


def _hints(cls: type) -> dict[str, Any]:
    try:
        return typing.get_type_hints(cls, include_extras=True)
    except Exception as error:
        raise InvalidConfigDefinitionError(
            f"The field types of {cls.__name__} cannot be resolved ({error})."
            " Define the class in a module, or its field types before it."
        ) from error


def _read_model(cls: Any) -> ClassSpec:
    populates_by_name = bool(cls.model_config.get("populate_by_name"))
    fields = tuple(
        ClassField(
            name=name,
            key=pydantic_parts.key_of(info, name),
            node=discriminated(node_of(info.annotation), pydantic_parts.discriminator_of(info)),
            made_by_class=not info.is_required(),
            description=info.description,
        )
        for name, info in cls.model_fields.items()
    )
    keys = {field.name: field.name if populates_by_name else field.key for field in fields}
    return ClassSpec(
        cls=cls,
        fields=fields,
        permissive=cls.model_config.get("extra") == "allow",
        build=lambda values: cls.model_validate({keys.get(n, n): value for n, value in values.items()}),
        defers=True,
    )


def _attrs_fields(cls: Any) -> tuple[ClassField, ...]:
    hints = _hints(cls)
    fields: list[ClassField] = []
    for attribute in attrs.fields(cls):
        if attribute.init:
            default, factory = _attrs_default(attribute)
            fields.append(
                ClassField(
                    name=attribute.name,
                    key=attribute.alias or attribute.name,
                    node=node_of(hints.get(attribute.name, Any)),
                    default=default,
                    factory=factory,
                )
            )
    return tuple(fields)


def _attrs_default(attribute: Any) -> tuple[Any, Callable[[], Any] | None]:
    if attribute.default is attrs.NOTHING:
        return MISSING, None
    factory = getattr(attribute.default, "factory", None)
    return (attribute.default, None) if factory is None else (MISSING, factory)


def _by_alias(cls: Any, values: dict[str, Any]) -> Any:
    aliases = {attribute.name: attribute.alias or attribute.name for attribute in attrs.fields(cls)}
    return cls(**{aliases[name]: value for name, value in values.items()})


def _dataclass_fields(cls: Any) -> tuple[ClassField, ...]:
    hints = _hints(cls)
    return tuple(
        ClassField(
            name=each.name,
            key=each.name,
            node=node_of(hints[each.name]),
            default=MISSING if each.default is dataclasses.MISSING else each.default,
            factory=None if each.default_factory is dataclasses.MISSING else each.default_factory,
        )
        for each in dataclasses.fields(cls)
        if each.init
    )


def tags_of(union: OneOf) -> Mapping[str, ObjectOf]:
    """The options of a union by the value of their discriminator; empty when there is none.

    Args:
        union: when it names no discriminator, a ``Literal`` field that all its classes share is one.
    """
    if union.tags is None:
        union.tags = _read_tags(union)
    return union.tags


def _read_tags(union: OneOf) -> Mapping[str, ObjectOf]:
    known = [resolved(option) for option in union.options]
    options = [option for option in known if isinstance(option, ObjectOf)]
    if len(options) < len(known):
        return {}
    if union.discriminator is None:
        union.discriminator = _shared_literal([spec_of(option.cls) for option in options])
    if union.discriminator is None:
        return {}
    return {
        str(tag): option
        for option in options
        for tag in _literal_values(spec_of(option.cls), union.discriminator)
    }


def _shared_literal(specs: list[ClassSpec]) -> str | None:
    for candidate in specs[0].fields:
        if all(_literal_values(spec, candidate.name) for spec in specs):
            return candidate.name
    return None


def _literal_values(spec: ClassSpec, name: str) -> tuple[Any, ...]:
    found = spec.by_key.get(name)
    return found.node.values if found is not None and isinstance(found.node, Literals) else ()

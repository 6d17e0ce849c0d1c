"""Objects of config classes: a dict goes in, an object of the class comes out.

Owns the binding of fields with their defaults and validators, and the making of the object.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, cast

from penstock.config.describe import describe
from penstock.config.env import REFERENCES, reference_name
from penstock.config.faults import FAULTY, MISSING, Fault, below, moved, shown
from penstock.config.plain import config_dict, holds_references, spec_of_object, values_of
from penstock.config.pydantic_parts import from_pydantic, ignoring_data
from penstock.config.python_nodes import ObjectOf
from penstock.config.reading import spec_of
from penstock.config.schema import Scalar
from penstock.config.spec import ClassField, ClassSpec
from penstock.config.walk import BINDERS, FILLINGS, Walk, look_up, note_unknown, visit, visit_nothing
from penstock.config.walk_python import REFUSALS, transformed
from penstock.errors import InvalidConfigError


def _bind_object(node: ObjectOf, value: Any, path: str, walk: Walk) -> Any:
    bound = _object(node, value, path, walk)
    return config_dict(bound) if node.as_dict and bound is not FAULTY else bound


def _object(node: ObjectOf, value: Any, path: str, walk: Walk) -> Any:
    cls: Any = node.cls
    if isinstance(value, cls):
        if walk.env is None or not holds_references(value):
            return value
        cls = cast("Any", type(value))
        value = values_of(value)
    if not isinstance(value, Mapping):
        return walk.note(path, describe(node), value)
    spec = spec_of(cls)
    values = bind_values(spec, cast("Mapping[str, Any]", value), path, walk)
    if values is FAULTY:
        return FAULTY
    if spec.defers and walk.env is None and holds_references(values):
        return dict(cast("Mapping[str, Any]", value))
    return _built(spec, values, path, walk)


def _built(spec: ClassSpec, values: dict[str, Any], path: str, walk: Walk) -> Any:
    try:
        return spec.build(values)
    except REFUSALS as error:
        walk.faults.extend(faults_of(error, path, values))
        return FAULTY


def faults_of(error: BaseException, path: str, given: Any) -> list[Fault]:
    """What a class had against the values it was made of, as faults.

    Args:
        error: from its validators; pydantic's tells every mistake with its place.
        path: where the object stands.
        given: the values.
    """
    if isinstance(error, InvalidConfigError) and error.faults:
        return [moved(fault, path) for fault in error.faults]
    if from_pydantic_core(error):
        return [_pydantic_fault(entry, path) for entry in cast("Any", error).errors(include_url=False)]
    text = " ".join(str(error).split())
    return [Fault(path, "values that the class accepts", shown(given), f"({text})")]


def from_pydantic_core(error: BaseException) -> bool:
    """Whether an error is pydantic's ValidationError."""
    return hasattr(error, "errors") and (
        from_pydantic(error) or type(error).__module__.startswith("pydantic_core")
    )


def _pydantic_fault(entry: Mapping[str, Any], path: str) -> Fault:
    for part in entry["loc"]:
        path = f"{path}[{part}]" if isinstance(part, int) else below(path, part)
    return Fault(path, "a value that the model accepts", shown(entry["input"]), f"({entry['msg']})")


def bind_values(spec: ClassSpec, given: Mapping[str, Any], path: str, walk: Walk) -> Any:
    """Bind every field of a class.

    Args:
        spec: the class.
        given: keys (or names) to raw values.
        path: where the object stands.
        walk: takes the faults.

    Returns:
        Attribute names to bound values, or ``FAULTY``.
    """
    before = len(walk.faults)
    for validator in () if walk.env is None and holds_references(given) else spec.before:
        given = transformed((ignoring_data(validator),), dict(given), {}, path, walk)
        if given is FAULTY or not isinstance(given, Mapping):
            return FAULTY if given is FAULTY else walk.note(path, "a dict from the validator", given)
    values: dict[str, Any] = {}
    for field in spec.fields:
        bound = _bind_field(field, given, values, f"{path}.{field.key}", walk)
        if bound is not MISSING:
            values[field.name] = bound
    if not given.keys() <= spec.by_key.keys():
        _bind_others(spec, given, values, path, walk)
    return values if len(walk.faults) == before else FAULTY


def _bind_others(
    spec: ClassSpec, given: Mapping[str, Any], values: dict[str, Any], path: str, walk: Walk
) -> None:
    for name, value in given.items():
        if name in spec.by_key:
            continue
        if spec.permissive:
            values[name] = visit(_ANYTHING, value, below(path, name), walk)
        else:
            note_unknown(name, [field.key for field in spec.fields], path, walk)


_ANYTHING = Scalar("Any", object)


def _bind_field(
    field: ClassField, given: Mapping[str, Any], values: dict[str, Any], path: str, walk: Walk
) -> Any:
    raw = given.get(field.key, MISSING)
    if raw is MISSING and field.key != field.name:
        raw = given.get(field.name, MISSING)
    if raw is MISSING:
        return _bind_default(field, path, walk)
    if raw is None and field.default is None:
        return None
    if field.before:
        raw = transformed(field.before, _looked_up(field, raw, path, walk), values, path, walk)
        if raw is FAULTY:
            return FAULTY
    node = field.node
    is_right = type(node) is Scalar and type(raw) is node.python_type
    bound = raw if is_right else visit(node, raw, path, walk)
    return transformed(field.after, bound, values, path, walk) if field.after else bound


def _looked_up(field: ClassField, raw: Any, path: str, walk: Walk) -> Any:
    """Functions of the field see the value of a variable, never the reference to it."""
    name = reference_name(raw)
    kind = field.node.python_type if isinstance(field.node, Scalar) else str
    return raw if name is None else look_up(name, kind, path, walk)


def _bind_default(field: ClassField, path: str, walk: Walk) -> Any:
    """Defaults are taken as they are, only their references are resolved."""
    if field.keeps_default:
        return field.default
    if field.made_by_class:
        return MISSING
    if not field.has_default:
        return visit_nothing(field.node, path, walk)
    made = field.factory() if field.factory is not None else copy.deepcopy(field.default)
    if walk.env is not None and holds_references(made):
        return visit(field.node, made, path, walk)
    return made


def check_attributes(made: Any) -> None:
    """Call the attrs validators of a new object.

    Args:
        made: of a Config class, complete but for references.
    """
    for field in spec_of_object(made).fields:
        if field.attribute is not None:
            value = getattr(made, field.name)
            if not isinstance(value, REFERENCES):
                field.attribute.validator(made, field.attribute, value)


BINDERS[ObjectOf] = _bind_object
FILLINGS[ObjectOf] = lambda _: {}

"""The walk down a schema: each kind of node checks its value and goes on below.

Owns the walk itself and the nodes of ``schema``; ``walk_python`` adds those of annotations.
A fault never stops the walk: it is noted, and the neighbours are looked at as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from attrs import define, field

from penstock.config.annotations import resolved
from penstock.config.describe import describe, one_of
from penstock.config.env import REFERENCES, parsed, reference_name, reference_to
from penstock.config.faults import FAULTY, MISSING, Fault, below, moved, shown
from penstock.config.plain import holds_references
from penstock.config.schema import (
    Array,
    Enum,
    Field,
    Map,
    Mapped,
    Node,
    Noneable,
    Permissive,
    PythonType,
    Scalar,
    ScalarUnion,
    Selector,
    Shape,
)
from penstock.errors import ConfigMappingFunctionError, suggest


@define
class Walk:
    """One walk: the environment to resolve references in, and the faults found on the way.

    Args:
        env: variables by name; None keeps references as they are (an object is being made in
            code, its run is not there yet).
        faults: grows.
    """

    env: Mapping[str, str] | None
    faults: list[Fault] = field(factory=list[Fault])

    def note(self, path: str, wanted: str, value: Any, hint: str = "") -> Any:
        """Note a fault; returns ``FAULTY``."""
        self.faults.append(Fault(path, wanted, shown(value), hint))
        return FAULTY


Binder = Callable[[Any, Any, str, Walk], Any]
BINDERS: dict[type, Binder] = {}


def visit(node: Node, value: Any, path: str, walk: Walk) -> Any:
    """Bind one value.

    Args:
        node: the type.
        value: what was given.
        path: where.
        walk: takes the faults.

    Returns:
        The bound value, or ``FAULTY``.
    """
    return BINDERS[type(node)](node, value, path, walk)


def visit_field(field: Field, value: Any, path: str, walk: Walk) -> Any:
    """Bind one value, or what stands for it when it is ``MISSING``.

    Returns:
        The bound value, ``FAULTY``, or ``MISSING`` when nothing was given and nothing is needed.
    """
    if value is not MISSING:
        return visit(field.config_type, value, path, walk)
    if field.default_value is not MISSING:
        return visit(field.config_type, field.default_value, path, walk)
    if field.given_required is False:
        return MISSING
    return visit_nothing(field.config_type, path, walk)


def visit_nothing(node: Node, path: str, walk: Walk) -> Any:
    """Bind what fills itself in: dicts of defaults, None where it is allowed."""
    node = resolved(node)
    filling = FILLINGS.get(type(node))
    empty = MISSING if filling is None else filling(node)
    if empty is MISSING:
        return walk.note(path, describe(node), MISSING)
    return visit(node, empty, path, walk)


def _selector_filling(node: Selector) -> Any:
    return dict.fromkeys(node.fields) if len(node.fields) == 1 else MISSING


FILLINGS: dict[type, Callable[[Any], Any]] = {
    Shape: lambda _: {},
    Permissive: lambda _: {},
    Selector: _selector_filling,
    Noneable: lambda _: None,
    Mapped: lambda _: None,
}


def look_up(name: str, wanted: type, path: str, walk: Walk) -> Any:
    """The value of an environment variable, or the reference while there is no environment.

    Args:
        name: of the variable.
        wanted: ``int``, ``float``, ``bool``, or any other type for the text itself.
        path: where the reference stands.
        walk: has the environment, takes the faults.
    """
    if walk.env is None:
        return reference_to(name, wanted)
    text = walk.env.get(name)
    if text is None:
        hint = f"Set it where the run starts.{suggest(name, walk.env)}"
        walk.faults.append(
            Fault(path, f"the environment variable {name!r}", "no variable of that name", hint)
        )
        return FAULTY
    try:
        return parsed(text, wanted)
    except ValueError:
        # The text may be a secret, so it is not shown.
        kind = wanted.__name__.capitalize()
        walk.faults.append(Fault(path, f"{kind} in the environment variable {name!r}", "other text"))
        return FAULTY


def _bind_scalar(node: Scalar, value: Any, path: str, walk: Walk) -> Any:
    wanted = node.python_type
    if type(value) is wanted:
        return value
    if wanted is object:
        return _bind_anything(value, path, walk)
    name = reference_name(value)
    if name is not None:
        return look_up(name, wanted, path, walk)
    if isinstance(value, wanted) and not isinstance(value, bool):
        return value
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return walk.note(path, node.given_name, value)


def _bind_anything(value: Any, path: str, walk: Walk) -> Any:
    """Only ``EnvVar`` objects are resolved: a dict with the key ``env`` may mean anything here."""
    if walk.env is None or not holds_references(value):
        return value
    if isinstance(value, REFERENCES):
        kind = int if isinstance(value, int) else str
        return look_up(value.env_var_name, kind, path, walk)
    if isinstance(value, Mapping):
        entries = cast("Mapping[Any, Any]", value)
        return {key: _bind_anything(entry, below(path, key), walk) for key, entry in entries.items()}
    if isinstance(value, list | tuple):
        elements = cast("Sequence[Any]", value)
        return [_bind_anything(entry, f"{path}[{i}]", walk) for i, entry in enumerate(elements)]
    return value


def bind_elements(inner: Node, value: Any, path: str, walk: Walk) -> list[Any] | None:
    """The elements of a list, each bound; None when the value is no list."""
    if not isinstance(value, list | tuple):
        return None
    elements = cast("Sequence[Any]", value)
    return [visit(inner, entry, f"{path}[{i}]", walk) for i, entry in enumerate(elements)]


def _bind_array(node: Array, value: Any, path: str, walk: Walk) -> Any:
    bound = bind_elements(node.inner_type, value, path, walk)
    return walk.note(path, describe(node), value) if bound is None else bound


def _bind_map(node: Map, value: Any, path: str, walk: Walk) -> Any:
    if not isinstance(value, Mapping):
        return walk.note(path, describe(node), value)
    bound: dict[Any, Any] = {}
    for key, entry in cast("Mapping[Any, Any]", value).items():
        where = below(path, key)
        made = visit(node.key_type, _key(node.key_type, key), where, walk)
        inner = visit(node.inner_type, entry, where, walk)
        if made is not FAULTY:
            bound[made] = inner
    return bound


def _key(node: Node, key: Any) -> Any:
    """JSON has only text as keys; where numbers are wanted, a text that spells one is right."""
    wanted = getattr(resolved(node), "python_type", None)
    if wanted in (int, float) and isinstance(key, str):
        try:
            return parsed(key, wanted)
        except ValueError:
            return key
    return key


def _bind_shape(node: Shape | Permissive, value: Any, path: str, walk: Walk) -> Any:
    if not isinstance(value, Mapping):
        return walk.note(path, describe(node), value)
    given = cast("Mapping[Any, Any]", value)
    bound: dict[Any, Any] = {}
    for name, inner in node.fields.items():
        made = visit_field(inner, given.get(name, MISSING), below(path, name), walk)
        if made is not MISSING:
            bound[name] = made
    for name in given:
        if name not in node.fields:
            if type(node) is Permissive:
                bound[name] = _bind_anything(given[name], below(path, name), walk)
            else:
                note_unknown(name, node.fields, path, walk)
    return bound


def note_unknown(name: Any, known: Iterable[str], path: str, walk: Walk) -> None:
    """Note an entry that is not in the schema, with the names that are."""
    names = sorted(known)
    wanted = one_of(names) if names else "no entries"
    hint = suggest(str(name), names)
    walk.faults.append(Fault(below(path, name), wanted, f"the unknown entry {name!r}", hint))


def _bind_selector(node: Selector, value: Any, path: str, walk: Walk) -> Any:
    if not isinstance(value, Mapping):
        return walk.note(path, describe(node), value)
    given = cast("Mapping[Any, Any]", value)
    if not given and len(node.fields) == 1:
        given = _selector_filling(node)
    if len(given) != 1:
        return walk.note(path, f"exactly {one_of(node.fields)}", value)
    ((name, entry),) = given.items()
    if name not in node.fields:
        note_unknown(name, node.fields, path, walk)
        return FAULTY
    inner = node.fields[name]
    if entry is None and not isinstance(resolved(inner.config_type), Noneable):
        entry = MISSING
    bound = visit_field(inner, entry, below(path, name), walk)
    return {name: None if bound is MISSING else bound}


def _bind_noneable(node: Noneable, value: Any, path: str, walk: Walk) -> Any:
    return None if value is None else visit(node.inner_type, value, path, walk)


def _bind_enum(node: Enum, value: Any, path: str, walk: Walk) -> Any:
    name = reference_name(value)
    if name is not None:
        value = look_up(name, str, path, walk)
        if value is FAULTY or walk.env is None:
            return value
    for choice in node.enum_values:
        if value == choice.config_value or value is choice.meaning:
            return choice.meaning
    names = [choice.config_value for choice in node.enum_values]
    return walk.note(path, one_of(names), value, suggest(str(value), names))


def _bind_scalar_union(node: ScalarUnion, value: Any, path: str, walk: Walk) -> Any:
    structured = isinstance(value, Mapping | list | tuple)
    return visit(node.non_scalar_schema if structured else node.scalar_type, value, path, walk)


def _bind_python_type(node: PythonType, value: Any, path: str, walk: Walk) -> Any:
    return visit(resolved(node), value, path, walk)


def _bind_mapped(node: Mapped, value: Any, path: str, walk: Walk) -> Any:
    before = len(walk.faults)
    outer = visit_field(node.outer, MISSING if value is None else value, path, walk)
    if len(walk.faults) > before or walk.env is None:
        return outer
    made = _called(node.function, None if outer is MISSING else outer, path)
    inner = Walk(walk.env)
    bound = visit_field(node.inner, made, "$", inner)
    hint = " This is what `configured` made of the config."
    walk.faults.extend(moved(fault, path, hint) for fault in inner.faults)
    return bound


def _called(function: Callable[[Any], Any], outer: Any, path: str) -> Any:
    try:
        return function(outer)
    except Exception as error:
        name = getattr(function, "__name__", "the function")
        raise ConfigMappingFunctionError(
            f"The config function {name!r} raised {type(error).__name__} for {path}: {error}", error
        ) from error


BINDERS.update(
    {
        Scalar: _bind_scalar,
        Array: _bind_array,
        Map: _bind_map,
        Shape: _bind_shape,
        Permissive: _bind_shape,
        Selector: _bind_selector,
        Noneable: _bind_noneable,
        Enum: _bind_enum,
        ScalarUnion: _bind_scalar_union,
        PythonType: _bind_python_type,
        Mapped: _bind_mapped,
    }
)

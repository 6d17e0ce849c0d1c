"""The walk through what Python annotations say: literals, unions, leaf types, constraints.

Owns the binders of ``python_nodes`` except objects (``objects``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from penstock.config.annotations import resolved
from penstock.config.describe import describe, one_of
from penstock.config.env import REFERENCES, reference_name
from penstock.config.faults import FAULTY, MISSING, Fault, below, shown
from penstock.config.leaves import structured
from penstock.config.python_nodes import (
    Checked,
    Fixed,
    Foreign,
    Items,
    Leaf,
    Literals,
    Member,
    OneOf,
    Opaque,
    Rule,
    Transform,
)
from penstock.config.reading import tags_of
from penstock.config.schema import Node, Noneable, Scalar
from penstock.config.walk import BINDERS, FILLINGS, Walk, bind_elements, look_up, visit
from penstock.errors import InvalidConfigError, suggest

REFUSALS = (ValueError, TypeError, AssertionError, InvalidConfigError)
"""What a validator raises to say that a value is wrong; anything else is a bug in it."""


def _dereferenced(value: Any, path: str, walk: Walk) -> Any:
    name = reference_name(value)
    return value if name is None else look_up(name, str, path, walk)


def _bind_literals(node: Literals, value: Any, path: str, walk: Walk) -> Any:
    value = _dereferenced(value, path, walk)
    if value is FAULTY or isinstance(value, REFERENCES):
        return value
    for choice in node.values:
        if type(value) is type(choice) and value == choice:
            return choice
    return walk.note(path, one_of(node.values), value, suggest(str(value), map(str, node.values)))


def _bind_member(node: Member, value: Any, path: str, walk: Walk) -> Any:
    if isinstance(value, node.enum_class):
        return value
    value = _dereferenced(value, path, walk)
    if value is FAULTY or isinstance(value, REFERENCES):
        return value
    members = node.enum_class.__members__
    if isinstance(value, str) and value in members:
        return members[value]
    if walk.env is None:
        by_value = [member for member in node.enum_class if member.value == value]
        if by_value:
            return by_value[0]
    return walk.note(path, one_of(members), value, suggest(str(value), members))


def _bind_leaf(node: Leaf, value: Any, path: str, walk: Walk) -> Any:
    if isinstance(value, node.python_type):
        return value
    value = _dereferenced(value, path, walk)
    if value is FAULTY or isinstance(value, REFERENCES):
        return value
    try:
        return node.read(value)
    except (ValueError, TypeError, AttributeError) as error:
        return walk.note(path, node.wanted, value, f"({error})")


def _bind_foreign(node: Foreign, value: Any, path: str, walk: Walk) -> Any:
    value = _dereferenced(value, path, walk)
    if value is FAULTY or isinstance(value, REFERENCES):
        return value
    try:
        return structured(value, node.annotation)
    except Exception as error:  # noqa: BLE001  # a foreign type may raise anything
        return walk.note(path, describe(node), value, f"({type(error).__name__}: {_one_line(error)})")


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _bind_items(node: Items, value: Any, path: str, walk: Walk) -> Any:
    if isinstance(value, set | frozenset):
        value = list(cast("Iterable[Any]", value))
    bound = bind_elements(node.inner_type, value, path, walk)
    if bound is None:
        return walk.note(path, describe(node), value)
    try:
        return node.factory(bound)
    except TypeError as error:
        return walk.note(path, "elements that can be in a set", value, f"({error})")


def _bind_fixed(node: Fixed, value: Any, path: str, walk: Walk) -> Any:
    if not isinstance(value, list | tuple) or len(cast("list[Any]", value)) != len(node.inner_types):
        return walk.note(path, describe(node), value)
    pairs = zip(node.inner_types, cast("list[Any]", value), strict=True)
    return node.factory(visit(inner, entry, f"{path}[{i}]", walk) for i, (inner, entry) in enumerate(pairs))


def _bind_checked(node: Checked, value: Any, path: str, walk: Walk) -> Any:
    value = transformed(node.before, value, {}, path, walk)
    bound = FAULTY if value is FAULTY else visit(node.inner_type, value, path, walk)
    if not _is_ready(bound) or not _follows(node.rules, bound, path, walk):
        return bound
    return transformed(node.after, bound, {}, path, walk)


def _is_ready(bound: Any) -> bool:
    """Checks wait for the run when a value is still a reference; None is checked by nobody."""
    return bound is not FAULTY and bound is not None and not isinstance(bound, REFERENCES)


def _follows(rules: tuple[Rule, ...], value: Any, path: str, walk: Walk) -> bool:
    broken = [rule for rule in rules if not _passes(rule, value)]
    for rule in broken:
        walk.note(path, rule.wanted, value)
    return not broken


def _passes(rule: Rule, value: Any) -> bool:
    try:
        return rule.passes(value)
    except Exception:  # noqa: BLE001  # a test that cannot be made is not passed
        return False


def transformed(
    transforms: tuple[Transform, ...], value: Any, data: Mapping[str, Any], path: str, walk: Walk
) -> Any:
    """A value after the functions of its field; a function that refuses it makes a fault.

    Args:
        transforms: in the order in which they are applied.
        value: raw or bound; references are left alone.
        data: the fields bound so far.
        path: where the value stands.
        walk: takes the faults.
    """
    for transform in transforms:
        if value is FAULTY or isinstance(value, REFERENCES):
            return value
        try:
            value = transform(value, data)
        except REFUSALS as error:
            wanted = "a value that the validators accept"
            walk.faults.append(Fault(path, wanted, shown(value), f"({_one_line(error)})"))
            return FAULTY
    return value


def _bind_one_of(node: OneOf, value: Any, path: str, walk: Walk) -> Any:
    tags = tags_of(node)
    if tags and isinstance(value, Mapping):
        return _bind_choice(node, tags, cast("Mapping[str, Any]", value), path, walk)
    for option in node.options:
        if isinstance(option, Scalar) and type(value) is option.python_type:
            return value
    attempts: list[list[Fault]] = []
    for option in node.options:
        attempt = Walk(walk.env)
        bound = visit(option, value, path, attempt)
        if not attempt.faults:
            return bound
        attempts.append(attempt.faults)
    return _note_no_option(node, attempts, value, path, walk)


def _note_no_option(node: OneOf, attempts: list[list[Fault]], value: Any, path: str, walk: Walk) -> Any:
    """When one option alone got below the top, its faults say more than the list of choices."""
    deeper = [faults for faults in attempts if all(fault.path != path for fault in faults)]
    if len(deeper) == 1:
        walk.faults.extend(deeper[0])
        return FAULTY
    return walk.note(path, f"one of: {' | '.join(describe(option) for option in node.options)}", value)


def _bind_choice(
    node: OneOf, tags: Mapping[str, Node], value: Mapping[str, Any], path: str, walk: Walk
) -> Any:
    key = str(node.discriminator)
    if key in value:
        tag, body, where = value[key], value, path
    elif len(value) == 1:
        ((tag, body),) = value.items()
        where = below(path, tag)
    else:
        hint = f"Write {{{next(iter(tags))!r}: {{…}}}}, for example."
        return walk.note(path, f"exactly {one_of(tags)}", value, hint)
    option = tags.get(str(tag))
    if option is None:
        return walk.note(where, one_of(tags), tag, suggest(str(tag), tags))
    if body is None:
        body = {}
    if isinstance(body, Mapping) and key not in body:
        body = {key: tag, **cast("Mapping[str, Any]", body)}
    return visit(option, body, where, walk)


def _literal_filling(node: Literals) -> Any:
    """A field with one possible value need not be given."""
    return node.values[0] if len(node.values) == 1 else MISSING


def _checked_filling(node: Checked) -> Any:
    inner = resolved(node.inner_type)
    return None if isinstance(inner, Noneable) else MISSING


BINDERS.update(
    {
        Literals: _bind_literals,
        Member: _bind_member,
        Leaf: _bind_leaf,
        Foreign: _bind_foreign,
        Items: _bind_items,
        Fixed: _bind_fixed,
        Checked: _bind_checked,
        OneOf: _bind_one_of,
        Opaque: lambda _node, value, _path, _walk: value,
    }
)
FILLINGS.update({Literals: _literal_filling, Checked: _checked_filling})

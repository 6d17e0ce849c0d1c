"""Config objects as plain dicts: what goes into a run config and into the store.

Owns that way back. References to environment variables stay references (``{"env": NAME}``);
nothing here looks one up.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import Any, cast

from penstock.config.annotations import is_config_class, resolved
from penstock.config.env import REFERENCES
from penstock.config.leaves import written
from penstock.config.python_nodes import Checked, OneOf, Opaque
from penstock.config.reading import spec_of, tags_of
from penstock.config.schema import Array, Map, Node, Noneable
from penstock.config.spec import ClassField, ClassSpec

_ATOMS = frozenset({str, int, float, bool, type(None)})


def plain(value: Any) -> Any:
    """A value of any kind as dicts, lists and scalars.

    Args:
        value: config objects, enum members, dates, paths, containers of them, or scalars.
    """
    if type(value) in _ATOMS:
        return value
    if isinstance(value, REFERENCES):
        return {"env": value.env_var_name}
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, Mapping):
        entries = cast("Mapping[Any, Any]", value)
        return {plain(key): plain(entry) for key, entry in entries.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(entry) for entry in cast("Iterable[Any]", value)]
    if is_config_class(type(value)):
        return config_dict(value)
    return written(value)


def config_dict(config: Any) -> dict[str, Any]:
    """A config object as the dict that would make it again.

    Args:
        config: an object of a Config class, pydantic model, dataclass or attrs class.

    Returns:
        Keys as the run config spells them; entries that are None by default are left out.
    """
    made: dict[str, Any] = {}
    for field in spec_of_object(config).fields:
        value = getattr(config, field.name)
        if isinstance(field.node, Opaque) or (value is None and _is_none_anyway(field)):
            continue
        made[field.key] = _written_by(field.node, value)
    for name, value in extras_of(config).items():
        made[name] = plain(value)
    return made


def _is_none_anyway(field: ClassField) -> bool:
    if field.default is None or field.made_by_class:
        return True
    return not field.has_default and isinstance(field.node, Noneable)


def spec_of_object(config: Any) -> ClassSpec:
    """The class of a config object, as ``spec_of`` reads it."""
    return spec_of(type(cast("object", config)))


def extras_of(config: Any) -> Mapping[str, Any]:
    """The entries that a permissive class does not declare."""
    extras = getattr(config, "__dict__", {}).get("_extras")
    if extras is None and spec_of_object(config).permissive:
        extras = getattr(config, "model_extra", None)
    return extras or {}


def _written_by(node: Node, value: Any) -> Any:
    """A value, with the choice of a union written as its one key."""
    node = resolved(node)
    if isinstance(node, OneOf):
        return _written_choice(node, value)
    if isinstance(node, Noneable | Checked):
        return _written_by(node.inner_type, value)
    if isinstance(node, Array) and isinstance(value, list):
        return [_written_by(node.inner_type, entry) for entry in cast("list[Any]", value)]
    if isinstance(node, Map) and isinstance(value, Mapping):
        entries = cast("Mapping[Any, Any]", value)
        return {plain(key): _written_by(node.inner_type, entry) for key, entry in entries.items()}
    return plain(value)


def _written_choice(union: OneOf, value: Any) -> Any:
    for tag, option in tags_of(union).items():
        if type(value) is option.cls and str(getattr(value, str(union.discriminator))) == tag:
            entries = config_dict(value)
            key = spec_of(option.cls).by_key[str(union.discriminator)].key
            entries.pop(key, None)
            return {tag: entries}
    return plain(value)


def values_of(config: Any) -> dict[str, Any]:
    """The values of a config object under their keys, as they are, one level deep."""
    made = {field.key: getattr(config, field.name) for field in spec_of_object(config).fields}
    return {**made, **extras_of(config)}


def holds_references(value: Any) -> bool:
    """Whether an environment variable must be looked up before a value can be used.

    Args:
        value: anything; parts of resources that no config gives are not looked at.
    """
    if type(value) in _ATOMS:
        return False
    if isinstance(value, REFERENCES):
        return True
    if isinstance(value, Mapping):
        return any(map(holds_references, cast("Mapping[Any, Any]", value).values()))
    if isinstance(value, list | tuple | set | frozenset):
        return any(map(holds_references, cast("Iterable[Any]", value)))
    if not is_config_class(type(value)):
        return False
    spec = spec_of_object(value)
    own = (getattr(value, field.name) for field in spec.fields if not isinstance(field.node, Opaque))
    return any(map(holds_references, own)) or any(map(holds_references, extras_of(value).values()))

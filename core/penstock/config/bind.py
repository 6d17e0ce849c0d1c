"""Binding: a schema and what somebody gave become a value, or all the faults at once.

Owns the public verbs of the walk. Everything is pure: the environment is an argument.

Faults with their paths are why the walk is our own and not cattrs': a schema may come from a
dict, a Field, a Config class or a pydantic model, and each fault must name its place, the
value and the wanted type in one list. cattrs makes the values of types unknown here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from penstock.config import objects as _objects  # registers the binder of objects
from penstock.config.annotations import as_config_class, node_of
from penstock.config.faults import FAULTY, MISSING, Fault, raise_faults
from penstock.config.plain import holds_references
from penstock.config.python_nodes import ObjectOf
from penstock.config.schema import ANY_CONFIG, Field, check_defaults_by, field_of
from penstock.config.walk import Walk, visit, visit_field


def bind(
    schema: Any, value: Any = MISSING, *, env: Mapping[str, str], path: str = "$", what: str = ""
) -> Any:
    """The value that a config stands for.

    Args:
        schema: a field, anything that a schema may be, or None for "no schema".
        value: what was given; ``MISSING`` when nothing was.
        env: environment variables by name.
        path: where the value stands in the run config.
        what: what is being configured, for the first line of the error.

    Returns:
        The bound value; None when nothing was given and nothing is needed.

    Raises:
        InvalidConfigError: with every fault.
        ConfigMappingFunctionError: when a function given to ``configured`` raises.
    """
    bound, faults = collect(schema, value, env=env, path=path)
    if faults:
        raise_faults(f"The config of {what or path} does not fit its schema:", faults)
    return bound


def collect(
    schema: Any, value: Any = MISSING, *, env: Mapping[str, str], path: str = "$"
) -> tuple[Any, list[Fault]]:
    """Like ``bind``, with the faults returned, so that those of many places go into one error.

    Returns:
        The bound value and no faults, or None and the faults.
    """
    if schema is None or schema is ANY_CONFIG:
        if value is MISSING or not holds_references(value):
            return (None if value is MISSING else value), []
        schema = ANY_CONFIG
    walk = Walk(env)
    bound = visit_field(field_of(schema), value, path, walk)
    return (None if walk.faults or bound is MISSING or bound is FAULTY else bound), walk.faults


def bind_class(cls: type, value: Any = MISSING, *, env: Mapping[str, str], path: str = "$") -> Any:
    """An object of a config class.

    Args:
        cls: a Config class, pydantic model, dataclass or attrs class.
        value: a dict, or an object of the class whose references are to be resolved.
        env: environment variables by name.
        path: where the value stands in the run config.

    Raises:
        InvalidConfigError: with every fault.
    """
    walk = Walk(env)
    bound = visit(ObjectOf(cls), {} if value is MISSING else value, path, walk)
    raise_faults(f"The config of {cls.__name__} at {path} does not fit:", walk.faults)
    return bound


def resolve(config: Any, *, env: Mapping[str, str], path: str = "$") -> Any:
    """A config object with its references to environment variables looked up.

    Args:
        config: an object of a config class; without references it comes back itself.
        env: environment variables by name.
        path: where the object stands, for faults.

    Raises:
        InvalidConfigError: when variables are not set or hold the wrong thing.
    """
    cls = type(cast("object", config))
    return bind_class(cls, config, env=env, path=path) if holds_references(config) else config


def check(schema: Any, value: Any = MISSING, *, path: str = "$") -> list[Fault]:
    """The faults of a config without a run: references to the environment are not looked up.

    Args:
        schema: as in ``bind``.
        value: what was given.
        path: where it stands.
    """
    walk = Walk(None)
    if schema is not None:
        visit_field(field_of(schema), value, path, walk)
    return walk.faults


def is_needed(schema: Any) -> bool:
    """Whether something must be given for a schema."""
    return schema is not None and schema is not ANY_CONFIG and bool(check(schema))


def field_of_annotation(annotation: Any) -> Field:
    """The field that a ``config`` parameter's annotation stands for.

    Args:
        annotation: a config class, or a plain type such as ``int`` or ``dict[str, int]``.
    """
    cls = as_config_class(annotation)
    return Field(ObjectOf(cls) if cls is annotation and cls is not None else node_of(annotation))


def _check_default(field: Field) -> None:
    walk = Walk(None)
    visit(field.config_type, field.default_value, "$", walk)
    raise_faults("The default_value of a Field does not fit its type:", walk.faults)


check_defaults_by(_check_default)
__all__ = [
    "bind",
    "bind_class",
    "check",
    "collect",
    "field_of_annotation",
    "is_needed",
    "resolve",
]
_REGISTERED = _objects

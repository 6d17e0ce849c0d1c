"""What pydantic's ``Field``, validators and models say, read by their attributes.

Owns the duck typing: pydantic is never imported here, so a project without it pays nothing, and
one that has it may go on writing ``pydantic.Field(ge=0)`` and ``@pydantic.field_validator``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from penstock.config.faults import MISSING
from penstock.config.python_nodes import Rule, Transform
from penstock.errors import InvalidConfigDefinitionError

_BOUNDS: Mapping[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "ge": ("at least {}", lambda value, bound: value >= bound),
    "gt": ("more than {}", lambda value, bound: value > bound),
    "le": ("at most {}", lambda value, bound: value <= bound),
    "lt": ("less than {}", lambda value, bound: value < bound),
    "multiple_of": ("a multiple of {}", lambda value, bound: value % bound == 0),
    "min_length": ("a length of at least {}", lambda value, bound: len(value) >= bound),
    "max_length": ("a length of at most {}", lambda value, bound: len(value) <= bound),
    "pattern": ("a text that matches {!r}", lambda value, bound: re.search(bound, value) is not None),
}


_FIELD_VALIDATORS = frozenset({"FieldValidatorDecoratorInfo", "ValidatorDecoratorInfo"})


def from_pydantic(thing: Any) -> bool:
    """Whether an object is of a class of pydantic."""
    return type(thing).__module__.partition(".")[0] == "pydantic"


def is_field_info(thing: Any) -> bool:
    """Whether this is what ``pydantic.Field(...)`` returned."""
    return from_pydantic(thing) and hasattr(thing, "metadata") and hasattr(thing, "is_required")


def is_private_attribute(thing: Any) -> bool:
    """Whether this is what ``pydantic.PrivateAttr(...)`` returned."""
    return from_pydantic(thing) and hasattr(thing, "get_default") and not hasattr(thing, "metadata")


def is_model_class(cls: type) -> bool:
    """Whether this is a pydantic model."""
    return hasattr(cls, "model_fields") and hasattr(cls, "model_validate") and hasattr(cls, "model_config")


def default_of(info: Any) -> tuple[Any, Callable[[], Any] | None]:
    """The default of a pydantic field.

    Args:
        info: what ``pydantic.Field(...)`` returned.

    Returns:
        The default or ``MISSING``, and the function that makes one, or None.
    """
    if info.is_required():
        return MISSING, None
    if info.default_factory is not None:
        return MISSING, lambda: info.get_default(call_default_factory=True, validated_data={})
    return info.default, None


def key_of(info: Any, name: str) -> str:
    """The key that the config uses for a field: its alias, or its name."""
    for alias in (info.validation_alias, info.alias):
        if isinstance(alias, str):
            return alias
    return name


def discriminator_of(info: Any) -> str | None:
    """The field that tells the options of a union apart, or None."""
    discriminator = getattr(info, "discriminator", None)
    return discriminator if isinstance(discriminator, str) else None


def rules_of(metadata: Iterable[Any]) -> tuple[Rule, ...]:
    """The constraints among the metadata of a field or of ``Annotated``.

    Args:
        metadata: objects with ``ge``, ``max_length``, ``pattern`` … or with a predicate.
    """
    rules: list[Rule] = []
    for entry in metadata:
        for attribute, (wanted, passes) in _BOUNDS.items():
            bound = getattr(entry, attribute, None)
            if bound is not None and not callable(bound):
                rules.append(Rule(wanted.format(bound), _bounded(passes, bound)))
        if type(entry).__name__ == "Predicate":
            rules.append(Rule(f"a value that passes {_name(entry.func)}", entry.func))
    return tuple(rules)


def _bounded(passes: Callable[[Any, Any], bool], bound: Any) -> Callable[[Any], bool]:
    return lambda value: passes(value, bound)


def _name(function: Any) -> str:
    return getattr(function, "__name__", repr(function))


def transforms_of(metadata: Iterable[Any]) -> tuple[tuple[Transform, ...], tuple[Transform, ...]]:
    """The ``BeforeValidator`` and ``AfterValidator`` among the metadata of ``Annotated``."""
    before: list[Transform] = []
    after: list[Transform] = []
    for entry in metadata:
        if from_pydantic(entry) and type(entry).__name__ == "BeforeValidator":
            before.insert(0, _as_transform(entry.func, "value"))
        elif from_pydantic(entry) and type(entry).__name__ == "AfterValidator":
            after.append(_as_transform(entry.func, "value"))
    return tuple(before), tuple(after)


def ignoring_data(function: Callable[[Any], Any]) -> Transform:
    """A function of a value as a function of the value and the fields bound so far."""
    return lambda value, _: function(value)


def _as_transform(function: Callable[..., Any], field_name: str) -> Transform:
    """A validator, with or without the ``info`` argument, as a function of value and data."""
    if len(inspect.signature(function).parameters) < 2:
        return ignoring_data(function)

    def with_info(value: Any, data: Mapping[str, Any]) -> Any:
        return function(
            value, SimpleNamespace(data=dict(data), field_name=field_name, context=None, mode="python")
        )

    return with_info


def validators_of(cls: type) -> list[tuple[str, Any, Any]]:
    """The validators in the bodies of a class and its bases.

    Args:
        cls: a config class.

    Returns:
        (name, what pydantic's decorator noted, the bound validator), bases first.
    """
    found: dict[str, tuple[str, Any, Any]] = {}
    for owner in reversed(cls.__mro__):
        for name, thing in vars(owner).items():
            if from_pydantic_decorator(thing):
                found[name] = (name, thing.decorator_info, getattr(cls, name))
    return list(found.values())


def from_pydantic_decorator(thing: Any) -> bool:
    """Whether this is a method that a decorator of pydantic wrapped."""
    return from_pydantic(thing) and hasattr(thing, "decorator_info")


def field_transforms(cls: type, name: str) -> tuple[tuple[Transform, ...], tuple[Transform, ...]]:
    """What the ``field_validator`` methods of a class do to one field.

    Args:
        cls: a config class.
        name: the field.

    Returns:
        The functions to apply before and after the type is checked.

    Raises:
        InvalidConfigDefinitionError: for a mode that is not supported.
    """
    before: list[Transform] = []
    after: list[Transform] = []
    for method, info, bound in validators_of(cls):
        if type(info).__name__ not in _FIELD_VALIDATORS or not {name, "*"} & set(info.fields):
            continue
        if info.mode not in ("before", "after"):
            raise InvalidConfigDefinitionError(
                f"{cls.__name__}.{method}: field validators of mode 'before' and 'after' are"
                f" supported, found {info.mode!r}."
            )
        (before if info.mode == "before" else after).append(_as_transform(bound, name))
    return tuple(reversed(before)), tuple(after)


def model_validators(cls: type, mode: str) -> tuple[Callable[[Any], Any], ...]:
    """The ``model_validator`` methods of one mode, as functions of one argument.

    Args:
        cls: a config class.
        mode: ``before`` (takes the raw dict) or ``after`` (takes the object).
    """
    chosen: list[Callable[[Any], Any]] = []
    for name, info, bound in validators_of(cls):
        if type(info).__name__ != "ModelValidatorDecoratorInfo" or info.mode != mode:
            continue
        chosen.append(_calling(cls, name) if mode == "after" else _one_argument(bound))
    return tuple(chosen)


def _calling(cls: type, name: str) -> Callable[[Any], Any]:
    raw: Any = inspect.getattr_static(cls, name).wrapped
    if not hasattr(raw, "__func__"):
        return _one_argument(raw)
    function: Callable[[type, Any], Any] = raw.__func__
    return lambda made: function(cls, made)


def _one_argument(function: Callable[..., Any]) -> Callable[[Any], Any]:
    if len(inspect.signature(function).parameters) < 2:
        return function
    return lambda value: function(value, SimpleNamespace(context=None, mode="python"))

"""References to environment variables, kept by name until a run starts.

Owns ``EnvVar`` and the reading of ``{"env": NAME}``. Everything here takes the environment as an
argument, except ``EnvVar.get_value``, which users call in their own code: it is the one place of
this room that reads the process environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, cast

from penstock.errors import InvariantViolationError

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})


class UnresolvedEnvVarError(InvariantViolationError, RuntimeError):
    """The text of an ``EnvVar`` was asked for before a run resolved it."""


class EnvVar(str):
    """The name of an environment variable that holds a value; looked up when a run starts.

    It is a ``str`` for type checkers only, so that it may stand where a text is declared:
    ``Login(user=EnvVar("USER"))``. For an integer field write ``EnvVar.int("PORT")``.
    """

    __slots__ = ()

    @classmethod
    def int(cls, name: str) -> IntEnvVar:
        """A reference that may stand where an integer is declared."""
        return IntEnvVar.named(name)

    @property
    def env_var_name(self) -> str:
        """The name of the variable."""
        return str.__str__(self)

    def get_value(self, default: str | None = None) -> str | None:
        """Look the variable up in this process, now.

        Args:
            default: what to return when it is not set.
        """
        return os.environ.get(self.env_var_name, default)  # noqa: TID251  # the user asks for it, now

    def __str__(self) -> str:
        raise _refusal(self.env_var_name)

    def __format__(self, format_spec: str) -> str:
        raise _refusal(self.env_var_name)

    def __repr__(self) -> str:
        return f"EnvVar({self.env_var_name!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (EnvVar, (self.env_var_name,))


class IntEnvVar(int):
    """The name of an environment variable that holds an integer; made by ``EnvVar.int``."""

    env_var_name: str

    @classmethod
    def named(cls, name: str) -> IntEnvVar:
        """A reference to the variable ``name``."""
        made = cls(0)
        made.env_var_name = name
        return made

    def get_value(self, default: int | None = None) -> int | None:
        """Look the variable up in this process, now.

        Args:
            default: what to return when it is not set.
        """
        text = os.environ.get(self.env_var_name)  # noqa: TID251  # the user asks for it, now
        return default if text is None else int(text)

    def __str__(self) -> str:
        raise _refusal(self.env_var_name)

    def __format__(self, format_spec: str) -> str:
        raise _refusal(self.env_var_name)

    def __repr__(self) -> str:
        return f"EnvVar.int({self.env_var_name!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IntEnvVar) and other.env_var_name == self.env_var_name

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.env_var_name)

    def __reduce__(self) -> tuple[Any, ...]:
        return (IntEnvVar.named, (self.env_var_name,))


REFERENCES = (EnvVar, IntEnvVar)


def _refusal(name: str) -> UnresolvedEnvVarError:
    return UnresolvedEnvVarError(
        f"The environment variable {name!r} is resolved when a run starts, its value was asked for"
        f" before. Pass the EnvVar on as config, or call EnvVar({name!r}).get_value()."
    )


def reference_name(value: Any) -> str | None:
    """The variable that a value refers to, or None when it is no reference.

    Args:
        value: an ``EnvVar``, ``{"env": NAME}``, or anything else.
    """
    if isinstance(value, REFERENCES):
        return value.env_var_name
    if isinstance(value, Mapping):
        entries = cast("Mapping[Any, Any]", value)
        if len(entries) == 1 and type(entries.get("env")) is str:
            return entries["env"]
    return None


def reference_to(name: str, wanted: type) -> EnvVar | IntEnvVar:
    """The reference that a field of type ``wanted`` keeps."""
    return IntEnvVar.named(name) if wanted is int else EnvVar(name)


def parsed(text: str, wanted: type) -> Any:
    """The text of a variable as a value.

    Args:
        text: what the variable holds.
        wanted: ``int``, ``float``, ``bool``; any other type leaves the text as it is.

    Raises:
        ValueError: when the text does not spell such a value.
    """
    if wanted is bool:
        return _parsed_bool(text)
    return wanted(text) if wanted in (int, float) else text


def _parsed_bool(text: str) -> bool:
    word = text.strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError("not a truth value")

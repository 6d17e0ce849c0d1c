"""What the file managers say when something is wrong: who, what, where, and what to do next.

Owns: the texts. They decide nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias, cast

from penstock.errors import suggest
from penstock.spi.io_contexts import InputContext, OutputContext

Context: TypeAlias = OutputContext | InputContext


def subject(context: Context) -> str:
    """Who stores or loads, as the beginning of a message."""
    if context.has_asset_key:
        return f"Asset {context.asset_key.to_user_string()!r}"
    owner = context if isinstance(context, OutputContext) else context.upstream_output or context
    return f"Output {owner.name!r} of step {owner.step_key!r}"


def unwritable(context: Context, path: str, error: Exception) -> str:
    """The place does not take it."""
    return (
        f"{subject(context)}: cannot write {path}: {error}."
        " Free space there, or mend the permissions, or choose another base_dir; then run it again."
        " What was stored before is untouched."
    )


def unstorable(context: Context, path: str, value: Any, error: Exception) -> str:
    """The value cannot be written in any format."""
    cls = cast("type[Any]", type(value))
    name = cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
    return (
        f"{subject(context)}: a value of type {name} cannot be stored in"
        f" {path}: {type(error).__name__}: {error}. Return a table, a JSON value, bytes, text or anything"
        " that pickle takes; or give it an I/O manager of its own (io_manager_key=...); or annotate the"
        " function '-> None' if nothing is to be stored. What was stored before is untouched."
    )


def unreadable(context: Context, path: str, error: Exception) -> str:
    """Something is stored, but not readable."""
    return (
        f"{subject(context)}: {path} is there but cannot be read: {type(error).__name__}: {error}."
        " It may be damaged, or its classes may have changed: run what produces it again."
    )


def missing(context: Context, path: str, partition: str | None) -> str:
    """Nothing is stored."""
    what = "It" if partition is None else f"Partition {partition!r}"
    hint = "" if partition is None else ", or set the input's metadata allow_missing_partitions to true"
    return (
        f"{subject(context)}: nothing is stored at {path}. {what} was not run yet, was stored by another I/O"
        f" manager or under another base_dir, or was removed: run it first{hint}."
    )


def not_a_dict(context: Context, partitions: Sequence[str], value: Any) -> str:
    """A run of several partitions gave a single value."""
    return (
        f"{subject(context)}: the run covers {len(partitions)} partitions, so the value must be a dict"
        f" by partition key ({', '.join(map(repr, partitions[:3]))}, …), found {type(value).__qualname__}."
        " Return such a dict, or run each partition on its own (BackfillPolicy.multi_run())."
    )


def other_keys(context: Context, absent: Sequence[str], extra: Sequence[str]) -> str:
    """The keys of the dict are not the partitions of the run."""
    return (
        f"{subject(context)}: the keys of the returned dict are not the partitions of the run."
        f" Missing: {_some(absent)}. Not of this run: {_some(extra)}."
        f"{suggest(extra[0], absent) if extra else ''}"
    )


def wants_no_dict(context: Context, wanted: Any, count: int) -> str:
    """Several partitions are to be loaded into what is annotated as one."""
    name = getattr(wanted, "__name__", str(wanted))
    return (
        f"{subject(context)}: {count} partitions are loaded, so the input is a dict by partition key, but it"
        f" is annotated as {name}. Annotate it as dict[str, {name}], or map it to one partition."
    )


def _some(keys: Sequence[str]) -> str:
    shown = ", ".join(map(repr, keys[:5]))
    return f"{shown} and {len(keys) - 5} more" if len(keys) > 5 else shown or "none"

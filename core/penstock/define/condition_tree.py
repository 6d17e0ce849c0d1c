"""The tree of a condition: what its parts are called, and the same tree with parts changed.

Owns: names, descriptions and fingerprints of conditions, and the walks behind ``replace``, ``allow`` and
``ignore``. Works on anything that has the fields of ``Tree``; what a condition means stands in the
automation room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol, TypeVar, cast

from attrs import evolve

from penstock.errors import InvalidInvocationError


class Tree(Protocol):
    """What a condition is made of, as far as these walks go."""

    @property
    def kind(self) -> str:
        """Which operator or operand it is."""
        ...

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def operands(self) -> Sequence[Any]:
        """The conditions that it combines."""
        ...

    @property
    def arguments(self) -> tuple[Any, ...]:
        """What else it was given."""
        ...

    @property
    def label(self) -> str | None:
        """What people call it."""
        ...

    @property
    def allowed(self) -> Any:
        """The only assets that it looks at, None for all."""
        ...

    @property
    def ignored(self) -> Any:
        """The assets that it does not look at, None for none."""
        ...


T = TypeVar("T", bound=Tree)

OPERATORS: Mapping[str, str] = {
    "and": "AND",
    "or": "OR",
    "not": "NOT",
    "since": "SINCE",
    "newly_true": "NEWLY_TRUE",
    "any_deps_match": "ANY_DEPS_MATCH",
    "all_deps_match": "ALL_DEPS_MATCH",
    "any_checks_match": "ANY_CHECKS_MATCH",
    "all_checks_match": "ALL_CHECKS_MATCH",
    "any_downstream_conditions": "ANY_DOWNSTREAM_CONDITIONS",
}
_DESCRIBED: Mapping[str, str] = {
    "and": "All of",
    "or": "Any of",
    "not": "Not",
    "any_downstream_conditions": "Any downstream conditions",
    "will_be_requested": "Will be requested this tick",
    "in_latest_time_window": "Within latest time window",
}
_LOOKING_AROUND = frozenset({"any_deps_match", "all_deps_match", "any_checks_match", "all_checks_match"})
_CHOOSING = frozenset({"and", "or", "not", "since"})
_WHOLE = frozenset({"newly_true", "any_checks_match", "all_checks_match"})
"""Operators into which ``replace`` does not look."""


def name_of(tree: Tree) -> str:
    """What a condition is called, with what it was given."""
    if tree.kind == "asset_matches":
        return tree.arguments[0].to_user_string()
    if tree.kind == "custom":
        return type(tree).__name__
    given = ",".join(_given(tree)) if tree.kind in _LOOKING_AROUND else ", ".join(_given(tree))
    return OPERATORS.get(tree.kind, tree.kind) + (f"({given})" if given else "")


def _given(tree: Tree) -> list[str]:
    """What a condition was given, as it is written in its name."""
    match tree.kind, tree.arguments:
        case "cron_tick_passed", (schedule, timezone):
            return [f"cron_schedule={schedule}", f"cron_timezone={timezone}"]
        case "in_latest_time_window", (lookback,):
            return [f"lookback_timedelta={lookback}"]
        case (_, (keys, values)):
            return _tags(keys, values)
        case _:
            pass
    found = ["blocking_only=True"] if tree.arguments == (True,) else []
    if tree.allowed is not None:
        found.append(f"allow_selection={tree.allowed}")
    if tree.ignored is not None:
        found.append(f"ignore_selection={tree.ignored}")
    return found


def _tags(keys: frozenset[str] | None, values: tuple[tuple[str, str], ...] | None) -> list[str]:
    found: list[str] = []
    if keys is not None:
        found.append(f"tag_keys={{{','.join(sorted(keys))}}}")
    if values is not None:
        found.append(f"tag_values={{{','.join(f'{key}:{value}' for key, value in values)}}}")
    return found


def description_of(tree: Tree) -> str:
    """One phrase about when a condition holds; empty where its name says it."""
    if tree.kind == "in_latest_time_window" and tree.arguments:
        return f"Within {tree.arguments[0]} of the end of the latest time window"
    return _DESCRIBED.get(tree.kind, "")


def fingerprint_of(tree: Tree) -> str:
    """A short text that changes when the meaning of a condition does: labels and selections do not count.

    What is remembered from one evaluation to the next is kept under it.
    """
    below = ",".join(operand.fingerprint for operand in tree.operands)
    own = _own(tree) if tree.kind == "custom" else _written(tree.arguments)
    return sha256(f"{tree.kind}|{own}|{below}".encode()).hexdigest()[:16]


def _own(tree: Tree) -> str:
    """The class of a condition of the user's, and what it keeps on its object."""
    kept = {name: one for name, one in vars(tree).items() if name not in ("label", "fingerprint")}
    return f"{type(tree).__module__}.{type(tree).__qualname__} {sorted(kept.items())!r}"


def _written(arguments: tuple[Any, ...]) -> str:
    return repr(
        [sorted(cast("frozenset[str]", one)) if isinstance(one, frozenset) else one for one in arguments]
    )


def joined(kind: str, trees: Sequence[T]) -> tuple[T, ...]:
    """The operands of an ``and`` or ``or``: those of the same kind that have no label are opened."""
    found: list[T] = []
    for tree in trees:
        found.extend(tree.operands if tree.kind == kind and tree.label is None else (tree,))
    return tuple(found)


def replaced(tree: T, old: Tree | str, new: T) -> T:
    """The condition with every part that is ``old``, or has that name or label, replaced."""
    if _is_meant(tree, old):
        return new
    if tree.kind in _WHOLE or not tree.operands:
        return tree
    operands = tuple(replaced(operand, old, new) for operand in tree.operands)
    same = all(one is other for one, other in zip(operands, tree.operands, strict=True))
    return tree if same else evolve(tree, operands=operands)


def _is_meant(tree: Tree, old: Tree | str) -> bool:
    return old in (tree.name, tree.label) if isinstance(old, str) else tree == old


def without(tree: T, part: Tree) -> T:
    """An ``and`` without one of its operands.

    Raises:
        InvalidInvocationError: when it has no such operand, or fewer than two would be left.
    """
    left = tuple(one for one in tree.operands if one != part)
    if tree.kind != "and" or len(left) == len(tree.operands):
        parts = ", ".join(repr(one.label or one.name) for one in tree.operands) or "none"
        raise InvalidInvocationError(
            f"{part.label or part.name!r} is none of the conditions that {tree.label or tree.name!r}"
            f" combines with '&'. Those are: {parts}."
        )
    if len(left) < 2:
        raise InvalidInvocationError(
            f"Without {part.label or part.name!r} fewer than two conditions would be left of"
            f" {tree.label or tree.name!r}. Write the one that is left instead."
        )
    return evolve(tree, operands=left)


def narrowed(tree: T, selection: Any, field: str) -> T:
    """The condition with a selection added to what its looks at parents and checks allow or ignore.

    Args:
        tree: any condition; what is inside of a look at parents stays as it is.
        selection: of assets.
        field: ``allowed`` or ``ignored``.
    """
    if tree.kind in _LOOKING_AROUND:
        before = getattr(tree, field)
        return evolve(tree, **{field: selection if before is None else selection | before})
    if tree.kind not in _CHOOSING:
        return tree
    operands = tuple(narrowed(operand, selection, field) for operand in tree.operands)
    return evolve(tree, operands=operands)

"""What the operators of conditions mean: each rule combines the answers for its operands.

Owns: ``OPERATORS``. Looks at parents, checks and what is downstream; knows no facts. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from attrs import evolve

from penstock.automation.asking import Answer, Ask, Found, Situation
from penstock.automation.entities import Entity
from penstock.automation.times import Times, joined, later, mapped
from penstock.define.condition import AutomationCondition
from penstock.errors import InvalidDefinitionError, suggest
from penstock.keys import AssetCheckKey, AssetKey, user_strings
from penstock.partitions.subset import PartitionsSubset
from penstock.values import frozen


def _and(now: Situation, ask: Ask) -> Found:
    subset, below = ask.candidates, list[Answer]()
    for operand in ask.condition.operands:
        found = now.inside(ask, operand, subset)
        below.append(found)
        subset = found.subset
    return Found(subset, tuple(below))


def _or(now: Situation, ask: Ask) -> Found:
    below = [now.inside(ask, operand) for operand in ask.condition.operands]
    subset = now.scene.nothing(ask.entity)
    for found in below:
        subset |= found.subset
    return Found(subset, tuple(below))


def _not(now: Situation, ask: Ask) -> Found:
    found = now.inside(ask, ask.condition.operands[0])
    return Found(ask.candidates - found.subset, (found,))


def _since(now: Situation, ask: Ask) -> Found:
    """Asked about all partitions, so that nothing is missed that happens while they do not matter."""
    everything = now.scene.everything(ask.entity)
    begin, end = (now.inside(ask, operand, everything) for operand in ask.condition.operands)
    before = ask.root.state(ask.condition, ask.entity) or now.scene.nothing(ask.entity)
    subset = (before & everything | begin.subset) - end.subset
    both = begin.subset & end.subset
    if begin.times and end.times and not both.is_empty:
        subset |= both & later(begin.times, end.times, now.scene.nothing(ask.entity))
    ask.root.remember(ask.condition, ask.entity, subset)
    return Found(subset, (begin, end), begin.times)


def _newly_true(now: Situation, ask: Ask) -> Found:
    """Asked about all partitions, as ``_since``."""
    (operand,) = ask.condition.operands
    found = now.inside(ask, operand, now.scene.everything(ask.entity))
    before = ask.root.state(ask.condition, ask.entity)
    ask.root.remember(ask.condition, ask.entity, found.subset)
    return Found(found.subset if before is None else found.subset - before, (found,))


# ---- looking around --------------------------------------------------------------------------------


@frozen(eq=False)
class _Seen:
    """What holds elsewhere, as partitions of where one looks from."""

    subset: PartitionsSubset
    answer: Answer
    times: Times


def _up(now: Situation, ask: Ask, parent: AssetKey) -> _Seen:
    """Look at what is read."""
    there = now.scene.read_by(ask.entity, parent, ask.candidates)
    found = now.elsewhere(ask, parent, there)
    back = partial(now.scene.readers_of, parent, ask.entity)
    return _Seen(back(found.subset), found, mapped(found.times, back))


def _down(now: Situation, ask: Ask, reader: Entity) -> _Seen:
    """Look at what reads."""
    there = now.scene.readers_of(ask.entity, reader, ask.candidates)
    found = now.elsewhere(ask, reader, there)
    back = partial(now.scene.read_by, reader, ask.entity)
    return _Seen(back(found.subset), found, mapped(found.times, back))


def _asset_matches(now: Situation, ask: Ask) -> Found:
    other: AssetKey = ask.condition.arguments[0]
    if not now.scene.graph.has(other):
        raise InvalidDefinitionError(
            f"The condition of {ask.root.entity.to_user_string()!r} looks at the asset"
            f" {other.to_user_string()!r}, which nobody defines."
            f"{suggest(other.to_user_string(), user_strings(now.scene.graph.by_key))}"
        )
    is_child = ask.entity != other and ask.entity in now.scene.parents(other)
    seen = (_down if is_child else _up)(now, ask, other)
    return Found(seen.subset, (seen.answer,), seen.times)


def _deps(now: Situation, ask: Ask) -> Sequence[_Seen]:
    return [_up(now, ask, parent) for parent in _narrowed(now, ask, now.scene.parents(ask.entity))]


def _checks(now: Situation, ask: Ask) -> Sequence[_Seen]:
    if isinstance(ask.entity, AssetCheckKey):
        return []
    checks = now.scene.checks(ask.entity, blocking_only=bool(ask.condition.arguments))
    return [_down(now, ask, check) for check in _narrowed(now, ask, checks)]


E = TypeVar("E", AssetKey, AssetCheckKey)


def _narrowed(now: Situation, ask: Ask, entities: Iterable[E]) -> list[E]:
    """Those of some parents or checks at which a condition looks."""
    allowed, ignored = ask.condition.allowed, ask.condition.ignored
    chosen = None if allowed is None else now.scene.chosen(allowed)
    left_out = () if ignored is None else now.scene.chosen(ignored)
    return [one for one in entities if (chosen is None or one in chosen) and one not in left_out]


def _any_of(now: Situation, ask: Ask, all_seen: Sequence[_Seen]) -> Found:
    subset = now.scene.nothing(ask.entity)
    for seen in all_seen:
        subset |= seen.subset
    return Found(subset, tuple(seen.answer for seen in all_seen), joined(seen.times for seen in all_seen))


def _all_of(ask: Ask, all_seen: Sequence[_Seen]) -> Found:
    subset = ask.candidates
    for seen in all_seen:
        subset &= seen.subset
    return Found(subset, tuple(seen.answer for seen in all_seen))


def _any_deps(now: Situation, ask: Ask) -> Found:
    return _any_of(now, ask, _deps(now, ask))


def _all_deps(now: Situation, ask: Ask) -> Found:
    return _all_of(ask, _deps(now, ask))


def _any_checks(now: Situation, ask: Ask) -> Found:
    return _any_of(now, ask, _checks(now, ask))


def _all_checks(now: Situation, ask: Ask) -> Found:
    return _all_of(ask, _checks(now, ask))


# ---- what is downstream ----------------------------------------------------------------------------


def _any_downstream(now: Situation, ask: Ask) -> Found:
    subset, below = now.scene.nothing(ask.entity), list[Answer]()
    if isinstance(ask.entity, AssetCheckKey):
        return Found(subset)
    around = {*ask.within, ask.condition}
    for condition in _downstream(now, ask.entity):
        if condition not in around:
            found = now.inside(ask, condition)
            below.append(found)
            subset |= found.subset
    return Found(subset, tuple(below))


def _downstream(now: Situation, key: AssetKey) -> Iterable[AutomationCondition]:
    """The different conditions downstream, without what in them asks for their own downstream."""
    left = (_stripped(condition) for condition in now.scene.downstream_conditions[key])
    return dict.fromkeys(condition for condition in left if condition is not None)


def _stripped(condition: AutomationCondition) -> AutomationCondition | None:
    """A condition as if ``any_downstream_conditions`` in it never held; None when then it never does.

    Where that is asked is answered for what is further upstream anyway. A label keeps a condition whole.
    """
    if condition.label is not None:
        return condition
    if condition.kind == "any_downstream_conditions":
        return None
    if condition.kind not in ("and", "or"):
        return condition
    operands = [_stripped(operand) for operand in condition.operands]
    kept = tuple(one for one in operands if one is not None)
    if not kept or (condition.kind == "and" and len(kept) < len(operands)):
        return None
    return kept[0] if len(kept) == 1 else evolve(condition, operands=kept)


OPERATORS: Mapping[str, Callable[[Situation, Ask], Found]] = {
    "and": _and,
    "or": _or,
    "not": _not,
    "since": _since,
    "newly_true": _newly_true,
    "asset_matches": _asset_matches,
    "any_deps_match": _any_deps,
    "all_deps_match": _all_deps,
    "any_checks_match": _any_checks,
    "all_checks_match": _all_checks,
    "any_downstream_conditions": _any_downstream,
}

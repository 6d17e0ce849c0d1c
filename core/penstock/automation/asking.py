"""Asking whether a condition holds: the question, the answer, and who passes questions on.

Owns: ``Ask``, ``Answer``, ``Root`` and ``Situation``. The rules by which each kind of condition is answered
are given to a situation; they stand in ``operands`` and ``operators``. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, evolve, field

from penstock.automation.condition_facts import Facts
from penstock.automation.condition_memory import Memory, Place
from penstock.automation.entities import Entity, Scene
from penstock.automation.times import Times
from penstock.define.condition import AutomationCondition
from penstock.partitions.subset import PartitionsSubset
from penstock.values import frozen


@define(kw_only=True, eq=False)
class Root:
    """An asset or a check whose condition is being evaluated.

    Args:
        entity: which.
        before: what is remembered of it; None at its first evaluation, or when its partitions are others.
        states, codes, notes: what is to be remembered of this evaluation.
    """

    entity: Entity
    before: Memory | None = None
    states: dict[Place, PartitionsSubset] = field(factory=dict[Place, PartitionsSubset])
    codes: dict[Entity, str | None] = field(factory=dict[Entity, "str | None"])
    notes: dict[Place, str] = field(factory=dict[Place, str])

    def state(self, condition: AutomationCondition, entity: Entity) -> PartitionsSubset | None:
        """For what a condition held at the evaluation before; None when nothing is remembered."""
        if self.before is None:
            return None
        return self.before.states.get((condition.fingerprint, entity))

    def remember(self, condition: AutomationCondition, entity: Entity, subset: PartitionsSubset) -> None:
        """Note for what a condition holds now."""
        if not subset.is_empty:
            self.states[condition.fingerprint, entity] = subset


@frozen
class Ask:
    """For which of some partitions does a condition hold?

    Args:
        root: whose condition is evaluated; this one is a part of that.
        condition: that is asked about.
        entity: the asset or check that is asked about.
        candidates: its partitions that matter.
        within: the conditions around this one, of which ``any_downstream_conditions`` takes none again.
    """

    root: Root
    condition: AutomationCondition
    entity: Entity
    candidates: PartitionsSubset
    within: tuple[AutomationCondition, ...] = ()


@frozen(eq=False)
class Answer:
    """For what a condition holds.

    Args:
        condition: that was asked about.
        entity: the asset or check that was asked about.
        subset: those of the candidates for which it holds.
        below: the answers from which this one follows.
        times: when it came to hold, where that is known.
    """

    condition: AutomationCondition
    entity: Entity
    subset: PartitionsSubset
    below: tuple[Answer, ...] = ()
    times: Times = ()

    @property
    def key(self) -> Entity:
        """Another name of ``entity``."""
        return self.entity


@frozen(eq=False)
class Found:
    """What a rule finds; as of ``Answer``, and also partitions that are no candidates."""

    subset: PartitionsSubset
    below: tuple[Answer, ...] = ()
    times: Times = ()


@define(kw_only=True, eq=False)
class Situation:
    """Everything that conditions are evaluated from.

    Args:
        scene: assets and checks.
        facts: what is known of them.
        at: when this is, in seconds since 1970.
        before: what is remembered of each.
        rules: how each kind of condition is answered.
        requested: what this evaluation requests so far.
    """

    scene: Scene
    facts: Facts
    at: float
    before: Mapping[Entity, Memory]
    rules: Mapping[str, Callable[[Situation, Ask], Found]]
    requested: dict[Entity, PartitionsSubset] = field(factory=dict[Entity, Any])
    _remembers: dict[int, bool] = field(factory=dict[int, bool], init=False)

    def answer(self, ask: Ask) -> Answer:
        """For which of the candidates a condition holds.

        What has no candidates is looked at only where something is to be remembered.
        """
        condition, entity = ask.condition, ask.entity
        if ask.candidates.is_empty and not self.remembers(condition):
            return Answer(condition, entity, ask.candidates)
        found = self.rules[condition.kind](self, ask)
        return Answer(condition, entity, found.subset & ask.candidates, found.below, found.times)

    def inside(
        self, ask: Ask, condition: AutomationCondition, candidates: PartitionsSubset | None = None
    ) -> Answer:
        """The answer for a part of the condition that is asked about, of the same asset or check."""
        wanted = ask.candidates if candidates is None else candidates
        around = (*ask.within, ask.condition)
        return self.answer(evolve(ask, condition=condition, candidates=wanted, within=around))

    def elsewhere(self, ask: Ask, entity: Entity, candidates: PartitionsSubset) -> Answer:
        """The answer for the operand of the condition that is asked about, of another asset or check."""
        (operand,) = ask.condition.operands
        around = (*ask.within, ask.condition)
        return self.answer(
            evolve(ask, condition=operand, entity=entity, candidates=candidates, within=around)
        )

    def remembers(self, condition: AutomationCondition) -> bool:
        """Whether a condition, or a part of it, takes note of what it sees."""
        known = self._remembers.get(id(condition))
        if known is None:
            own = condition.kind in _REMEMBERING
            known = self._remembers[id(condition)] = own or any(map(self.remembers, condition.operands))
        return known


_REMEMBERING = frozenset(
    {"custom", "since", "newly_true", "code_version_changed", "any_downstream_conditions"}
)

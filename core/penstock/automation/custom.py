"""Conditions of users: what their ``evaluate`` is told, and what it gives back.

Owns: ``AutomationContext``, ``AutomationResult`` and the rule by which a condition of a user's is answered.
Everything else about conditions is told in ``operands`` and ``operators``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from attrs import field

from penstock.automation.asking import Answer, Ask, Found, Situation
from penstock.automation.entities import Entity
from penstock.automation.scheme import ONCE
from penstock.define.asset_graph import AssetGraph
from penstock.define.condition import AutomationCondition
from penstock.errors import InvalidDefinitionError
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.subset import PartitionsSubset
from penstock.values import frozen


@frozen(eq=False, repr=False)
class AutomationContext:
    """What a condition of a user's is told.

    Args:
        now: everything that conditions are evaluated from.
        ask: the question.
    """

    now: Situation
    ask: Ask

    @property
    def key(self) -> Entity:
        """The asset or check that is asked about."""
        return self.ask.entity

    @property
    def condition(self) -> AutomationCondition:
        """The condition that is asked about."""
        return self.ask.condition

    @property
    def below(self) -> tuple[Answer, ...]:
        """Nothing: what a condition of a user's looks at is its own."""
        return ()

    @property
    def candidate_subset(self) -> PartitionsSubset:
        """The partitions that matter; what has no partitions has one, ``once``."""
        return self.ask.candidates

    @property
    def partitions_def(self) -> PartitionsDefinition | None:
        """The partitions of the asset, None when it has none."""
        definition = self.now.scene.definition(self.key)
        return None if definition is ONCE else definition

    @property
    def asset_graph(self) -> AssetGraph:
        """All assets."""
        return self.now.scene.graph

    @property
    def instance(self) -> Any:
        """Knows what was made."""
        return self.now.scene.view.dynamic_partitions_store

    @property
    def evaluation_time(self) -> datetime:
        """What counts as now."""
        return datetime.fromtimestamp(self.now.at, UTC)

    @property
    def previous_evaluation_time(self) -> datetime | None:
        """When the asset to which the whole condition belongs was evaluated before."""
        before = self.ask.root.before
        return None if before is None else datetime.fromtimestamp(before.at, UTC)

    @property
    def cursor(self) -> str | None:
        """The cursor that this condition gave at the evaluation before."""
        before = self.ask.root.before
        return None if before is None else before.notes.get((self.condition.fingerprint, self.key))

    @property
    def previous_true_subset(self) -> PartitionsSubset | None:
        """For what it held at the evaluation before; None at the first."""
        if self.ask.root.before is None:
            return None
        return self.ask.root.state(self.condition, self.key) or self.get_empty_subset()

    def get_empty_subset(self) -> PartitionsSubset:
        """No partition."""
        return self.now.scene.nothing(self.key)

    def get_previous_requested_subset(self, key: Entity) -> PartitionsSubset | None:
        """What the evaluation before requested of an asset or check; None when it was not evaluated."""
        before = self.now.before.get(key)
        return None if before is None else before.requested

    def evaluate_child(
        self, condition: AutomationCondition, candidates: PartitionsSubset | None = None
    ) -> AutomationResult:
        """For what another condition holds, of the same asset or check.

        Args:
            condition: the other one.
            candidates: the partitions that matter, None for the same.
        """
        return result_of(self.now.inside(self.ask, condition, candidates))


@frozen(eq=False, repr=False)
class AutomationResult:
    """For what a condition, or a part of one, holds.

    Args:
        context: that was given to ``evaluate``.
        true_subset: the partitions for which it holds.
        cursor: a text that the next evaluation is told.
        child_results: of conditions that were asked on the way.
    """

    context: AutomationContext | Answer
    true_subset: PartitionsSubset
    cursor: str | None = None
    given_results: Sequence[AutomationResult] = field(default=(), alias="child_results")

    @property
    def key(self) -> Entity:
        """The asset or check that was asked about."""
        return self.context.key

    @property
    def condition(self) -> AutomationCondition:
        """The condition that was asked about."""
        return self.context.condition

    @property
    def child_results(self) -> Sequence[AutomationResult]:
        """The results from which this one follows."""
        return self.given_results or [result_of(one) for one in self.context.below]

    def __repr__(self) -> str:
        name = self.condition.label or self.condition.name
        return f"AutomationResult({self.key.to_user_string()}, {name}, {len(self.true_subset)} true)"


def result_of(answer: Answer) -> AutomationResult:
    """An answer as people see it."""
    return AutomationResult(answer, answer.subset)


def _custom(now: Situation, ask: Ask) -> Found:
    found: Any = ask.condition.evaluate(AutomationContext(now, ask))
    if not isinstance(found, AutomationResult) or not _fits(now, ask, found.true_subset):
        raise InvalidDefinitionError(
            f"{type(ask.condition).__qualname__}.evaluate is to give an AutomationResult with a true_subset"
            f" of the partitions of {ask.entity.to_user_string()!r}, found {str(found)[:200]}."
        )
    place = ask.condition.fingerprint, ask.entity
    if found.cursor is not None:
        ask.root.notes[place] = found.cursor
    ask.root.remember(ask.condition, ask.entity, found.true_subset)
    return Found(found.true_subset, tuple(_answer(one) for one in found.child_results))


def _fits(now: Situation, ask: Ask, subset: Any) -> bool:
    return isinstance(subset, PartitionsSubset) and subset.partitions_def == now.scene.definition(ask.entity)


def _answer(result: AutomationResult) -> Answer:
    if isinstance(result.context, Answer):
        return result.context
    return Answer(result.condition, result.key, result.true_subset)


CUSTOM: Mapping[str, Callable[[Situation, Ask], Found]] = {"custom": _custom}

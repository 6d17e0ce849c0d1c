"""One evaluation of conditions: what is requested now, and what is remembered for the next time.

Owns: ``evaluate`` and ``Evaluated``. Each condition is asked once, about all partitions together, upstream
ones first; its cost grows with assets, dependencies and what happened, not with partitions. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from penstock.automation.asking import Answer, Ask, Root, Situation
from penstock.automation.condition_facts import Facts
from penstock.automation.condition_memory import Cursor, Memory
from penstock.automation.custom import CUSTOM
from penstock.automation.entities import Entity, Scene
from penstock.automation.operands import OPERANDS
from penstock.automation.operators import OPERATORS
from penstock.define.condition import AutomationCondition
from penstock.keys import AssetCheckKey
from penstock.partitions.subset import PartitionsSubset
from penstock.values import frozen

_RULES = {**OPERANDS, **OPERATORS, **CUSTOM}


@frozen(kw_only=True, eq=False)
class Evaluated:
    """What came of an evaluation.

    Args:
        answers: of each asset and check that has a condition, upstream ones first.
        requested: what is requested; also of assets that are made whenever another one is.
        cursor: what is remembered for the next evaluation.
    """

    answers: Mapping[Entity, Answer]
    requested: Mapping[Entity, PartitionsSubset]
    cursor: Cursor


def evaluate(
    scene: Scene,
    facts: Facts,
    at: float,
    cursor: Cursor,
    wanted: Collection[Entity] | None = None,
    default: AutomationCondition | None = None,
) -> Evaluated:
    """Ask the condition of every asset and check.

    Args:
        scene: all of them, at that moment.
        facts: what is known of them.
        at: the moment, in seconds since 1970.
        cursor: what is remembered of the evaluation before.
        wanted: the only ones whose conditions are asked, None for all; what is remembered of others stays.
        default: the condition of those that have none.

    Raises:
        InvalidDefinitionError: when assets depend on each other in a circle, or a mapping does not work.
    """
    now = Situation(scene=scene, facts=facts, at=at, before=cursor.memories, rules=_RULES)
    answers: dict[Entity, Answer] = {}
    roots: dict[Entity, Root] = {}
    kept: dict[Entity, Memory] = {}
    for entity in scene.in_order:
        condition = scene.condition(entity) or default
        if condition is None:
            continue
        memory = cursor.memories.get(entity)
        if wanted is not None and entity not in wanted:
            if memory is not None:
                kept[entity] = memory
            continue
        root = roots[entity] = Root(entity=entity, before=memory)
        answers[entity] = now.answer(Ask(root, condition, entity, scene.everything(entity)))
        _request(now, entity, answers[entity].subset)
    kept.update((entity, _memory(now, root)) for entity, root in roots.items())
    return Evaluated(answers=answers, requested=now.requested, cursor=Cursor(kept))


def _request(now: Situation, entity: Entity, subset: PartitionsSubset) -> None:
    if subset.is_empty:
        return
    _add(now, entity, subset)
    if isinstance(entity, AssetCheckKey):
        return
    for other in now.scene.made_with(entity):
        _add(now, other, now.scene.read_by(entity, other, subset))


def _add(now: Situation, entity: Entity, subset: PartitionsSubset) -> None:
    before = now.requested.get(entity)
    now.requested[entity] = subset if before is None else before | subset


def _memory(now: Situation, root: Root) -> Memory:
    return Memory(
        at=now.at,
        head=now.facts.head,
        requested=now.requested.get(root.entity) or now.scene.nothing(root.entity),
        states=root.states,
        codes=root.codes,
        notes=root.notes,
    )

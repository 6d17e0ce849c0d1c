"""Evaluating the automation conditions of a project against an instance.

Owns: ``evaluate_automation_conditions`` and its result. Reads facts and hands them to the automation room,
which decides; starts nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any

from penstock.automation.condition_memory import read_cursor, write_cursor
from penstock.automation.custom import AutomationResult, result_of
from penstock.automation.entities import Entity, Scene
from penstock.automation.evaluation import Evaluated, evaluate
from penstock.define.bulk import without_collector
from penstock.define.condition import AutomationCondition
from penstock.define.definitions import Definitions
from penstock.define.selection import AssetSelection
from penstock.define.specs import key_of
from penstock.errors import InvalidInvocationError
from penstock.host.automation_facts import StoredFacts
from penstock.host.clock import now as clock
from penstock.keys import AssetCheckKey
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.view import View


class EvaluateAutomationConditionsResult:
    """What an evaluation requests.

    Args:
        evaluated: of the automation room.
        scene: the assets and checks that were evaluated.
    """

    def __init__(self, evaluated: Evaluated, scene: Scene) -> None:
        self._evaluated = evaluated
        self._scene = scene
        self.cursor: str = write_cursor(evaluated.cursor)

    @property
    def results(self) -> Sequence[AutomationResult]:
        """For what the condition of each asset and check holds, upstream ones first."""
        return [result_of(one) for one in self._evaluated.answers.values()]

    @property
    def total_requested(self) -> int:
        """How many partitions conditions ask for, all assets and checks together."""
        return sum(len(one.subset) for one in self._evaluated.answers.values())

    @property
    def requested(self) -> Mapping[Entity, PartitionsSubset]:
        """What is requested of each asset and check, also of those that are made whenever another one is."""
        return self._evaluated.requested

    def get_requested_partitions(self, asset_key: Any) -> AbstractSet[str | None]:
        """The partitions that are requested of an asset or a check; None stands for one that has none."""
        key = _entity_of(asset_key)
        subset = self._evaluated.requested.get(key)
        if subset is None:
            return frozenset()
        return frozenset(subset) if self._scene.is_partitioned(key) else frozenset((None,))

    def get_num_requested(self, asset_key: Any) -> int:
        """How many partitions are requested of an asset or a check."""
        subset = self._evaluated.requested.get(_entity_of(asset_key))
        return 0 if subset is None else len(subset)

    def __repr__(self) -> str:
        return f"EvaluateAutomationConditionsResult({self.total_requested} requested)"


def _entity_of(given: Any) -> Entity:
    return given if isinstance(given, AssetCheckKey) else key_of(given)


@without_collector
def evaluate_automation_conditions(
    defs: Definitions | Sequence[Any],
    instance: Any,
    asset_selection: Any = None,
    evaluation_time: datetime | None = None,
    cursor: str | None = None,
) -> EvaluateAutomationConditionsResult:
    """Ask the automation conditions of assets and checks what is to be made now.

    Args:
        defs: the project, or its assets.
        instance: knows what was made.
        asset_selection: only the conditions of these assets and checks; None for all.
        evaluation_time: what counts as now; without a time zone it is UTC, None asks the clock.
        cursor: that of the evaluation before; None for the first.

    Raises:
        InvalidInvocationError: when the cursor is none.
        InvalidDefinitionError: when assets depend on each other in a circle, or a mapping does not work.
    """
    project = defs if isinstance(defs, Definitions) else Definitions(assets=list(defs))
    graph = project.resolve_asset_graph()
    now = _moment(evaluation_time)
    scene = Scene(graph, View(now, instance))
    wanted: set[Entity] | None = None
    if asset_selection is not None:
        selection = AssetSelection.from_coercible(asset_selection)
        wanted = {*selection.resolve(graph), *selection.resolve_checks(graph)}
    return EvaluateAutomationConditionsResult(evaluate_in(scene, instance, cursor, wanted), scene)


def evaluate_in(
    scene: Scene,
    instance: Any,
    cursor: str | None,
    wanted: Collection[Entity] | None,
    default: AutomationCondition | None = None,
) -> Evaluated:
    """Ask conditions what an instance makes of them.

    Args:
        scene: assets and checks, at the moment that counts as now.
        instance: knows what was made.
        cursor: that of the evaluation before.
        wanted: the only ones whose conditions are asked, None for all.
        default: the condition of those that have none.
    """
    now = _moment(scene.view.effective_dt)
    facts = StoredFacts(instance.store, scene, now)
    return evaluate(scene, facts, now.timestamp(), read_cursor(cursor, scene), wanted, default)


def _moment(given: datetime | None) -> datetime:
    if given is None:
        return clock()
    if not isinstance(given, datetime):  # pyright: ignore[reportUnnecessaryIsInstance] - users err
        raise InvalidInvocationError(f"evaluation_time is a datetime, found {given!r}.")
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given

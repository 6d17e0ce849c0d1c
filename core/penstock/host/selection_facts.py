"""What an instance tells a selection: where its assets stand, what was said of them, where they are defined.

Owns: ``InstanceFacts``, and how the words of ``status:`` follow from what is stored. Only what a selection
asks for is read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from penstock.define.asset_graph import AssetGraph
from penstock.define.selection import AssetSelection, with_answers
from penstock.events import values as v
from penstock.events.runs import TERMINAL, RunRecord, RunsFilter, RunStatus
from penstock.host.clock import now
from penstock.host.instance import Instance
from penstock.host.staleness import judged
from penstock.host.user_code import CodeSource
from penstock.keys import AssetKey
from penstock.partitions.definition import PartitionsDefinition
from penstock.plan.staleness import StaleCauseKind, StaleStatus, Verdict
from penstock.plan.staleness_facts import definition_of
from penstock.query.partitions import partition_statuses
from penstock.spi.store import AssetStatus
from penstock.values import frozen

_STANDINGS = frozenset({"materialized", "missing", "failed", "in_progress"})
_CAUSES = {"code_changed": StaleCauseKind.CODE_CHANGED, "upstream_newer": StaleCauseKind.UPSTREAM_NEWER}


def answered(chosen: AssetSelection, graph: AssetGraph, source: CodeSource | None) -> AssetSelection:
    """A selection with all that it asks answered by the instance that is set up here.

    Args:
        chosen: the selection.
        graph: of all assets.
        source: where the assets are defined.

    Raises:
        InvalidSubsetError: when it asks for another code location.
    """
    with Instance.get() as instance:
        return with_answers(chosen, graph, InstanceFacts(instance, source))


@frozen
class InstanceFacts:
    """What an instance knows of assets, as ``define.selection_facts.Facts``.

    Args:
        instance: what is read.
        source: where the assets are defined; None when nothing says so.
    """

    instance: Instance
    source: CodeSource | None = None

    def locations(self) -> Sequence[str]:
        """Every name of the code location, its usual one first: the module, or the file by its stem."""
        source = self.source
        if source is None:
            return ()
        file = () if source.file is None else (source.file.stem, source.file.name, str(source.file))
        return (*(() if source.module is None else (source.module,)), *file, str(source))

    def having(self, status: str, keys: Collection[AssetKey], graph: AssetGraph) -> Collection[AssetKey]:
        """Those of the assets for which a word holds."""
        if status in _STANDINGS:
            found = self._standings(keys, graph)
            return [key for key in keys if status in found[key]]
        verdicts = judged(graph, self.instance, keys)
        return [key for key, verdict in verdicts.items() if _holds(status, verdict)]

    def metadata(self, keys: Collection[AssetKey]) -> Mapping[AssetKey, Mapping[str, Any]]:
        """The metadata of the latest materialization of each asset that was ever made."""
        made = {one.asset_key: one.last_materialization for one in self.instance.store.assets(sorted(keys))}
        events = {key: None if stored is None else stored.event for key, stored in made.items()}
        return {
            key: event.materialization.metadata
            for key, event in events.items()
            if isinstance(event, v.AssetMaterialized)
        }

    def _standings(self, keys: Collection[AssetKey], graph: AssetGraph) -> Mapping[AssetKey, Collection[str]]:
        definitions = {key: definition_of(graph, key) for key in keys}
        known = {one.asset_key: one for one in self.instance.store.assets(sorted(keys))}
        runs = self._last_runs(known.values())
        found: dict[AssetKey, Collection[str]] = {}
        for key, definition in definitions.items():
            if definition is not None:
                found[key] = self._of_partitions(key, definition)
            else:
                status = known.get(key) or AssetStatus(asset_key=key)
                found[key] = (_standing(status, runs.get(status.last_planned_run_id or "")),)
        return found

    def _last_runs(self, known: Collection[AssetStatus]) -> Mapping[str, RunRecord]:
        wanted = sorted({one.last_planned_run_id for one in known if one.last_planned_run_id})
        records = self.instance.store.runs(RunsFilter(run_ids=wanted)) if wanted else ()
        return {record.run.run_id: record for record in records}

    def _of_partitions(self, key: AssetKey, definition: PartitionsDefinition) -> Collection[str]:
        instance = self.instance
        found = partition_statuses(instance.store, key, definition, now=now(), dynamic=instance)
        standings = {
            "missing": found.missing,
            "failed": found.failed,
            "in_progress": found.in_progress,
        }
        partly = {word for word, subset in standings.items() if not subset.is_empty}
        return partly or (() if found.materialized.is_empty else ("materialized",))


def _standing(status: AssetStatus, run: RunRecord | None) -> str:
    """Where an asset without partitions stands, by the last run that was to make it."""
    made = status.last_materialization
    if run is not None and (made is None or made.run_id != run.run.run_id):
        if run.run.status not in TERMINAL:
            return "in_progress"
        is_newer = made is not None and run.end_time is not None and made.event.at >= run.end_time
        if run.run.status is RunStatus.FAILURE and not is_newer:
            return "failed"
    return "missing" if made is None else "materialized"


def _holds(status: str, verdict: Verdict) -> bool:
    """Whether a word about changes holds for an asset that is judged."""
    found = {verdict.status, *(group.status for group in verdict.groups or ())}
    if status == "fresh":
        return found == {StaleStatus.FRESH}
    if status == "stale":
        return StaleStatus.STALE in found
    return any(cause.kind is _CAUSES[status] for cause in verdict.causes)

"""Backfills: planned and recorded.

Owns: ``Request``, ``plan`` and ``store``: everything that can be refused is refused here, before anything is
recorded. How it is worked at: ``backfill_work``; how it is stopped and goes on: ``backfill_states``.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import evolve, field

from penstock.automation.cutting import cut, everything
from penstock.automation.scheme import Part, Scheme, Unit, scheme_of_assets, scheme_of_job
from penstock.automation.targets import Asked, targets
from penstock.define.selection import AssetSelection
from penstock.errors import InvalidInvocationError, suggest
from penstock.events.runs import PARTITION_TAG, RANGE_END_TAG, RANGE_START_TAG, RunsFilter, RunStatus
from penstock.host.backfill_changed import changed_targets
from penstock.host.backfill_work import UserCode, Work
from penstock.host.coverage import coverage_of
from penstock.host.instance import Instance
from penstock.host.settings import environment
from penstock.keys import AssetKey
from penstock.partitions.static import StaticPartitionsDefinition
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.view import View, partition_loading_context
from penstock.plan.run_config import bind_run_config, effective_config
from penstock.query.partitions import partition_statuses
from penstock.spi.backfills import (
    BACKFILL_TAG,
    Backfill,
    BackfillPart,
)
from penstock.values import frozen

_SHOWN = 4


@frozen(kw_only=True)
class Request:
    """What somebody asks for.

    Args:
        selection: of assets, in any spelling; None for a job.
        job: the name of a job.
        asked: which partitions.
        only: ``"missing"``, ``"failed"`` or ``"changed"``: only those of them; None for all of them.
        newest_first: late partitions before early ones.
        max_runs: at most so many runs at a time.
        run_config: of each run; a run gets the part that is about its assets.
        tags: of each run.
        title: for people.
        location: where the definitions are, as text.
        executor: the definition of an executor, None for that of the definitions.
    """

    selection: Any = None
    job: str | None = None
    asked: Asked = field(factory=Asked)
    only: str | None = None
    newest_first: bool = False
    max_runs: int | None = None
    run_config: Mapping[str, Any] = field(factory=dict[str, Any])
    tags: Mapping[str, str] = field(factory=dict[str, str])
    title: str = ""
    location: str = ""
    executor: Any = None


@frozen(kw_only=True, eq=False)
class Planned:
    """A backfill that was found to be possible, and is not stored.

    Args:
        backfill: with an id of its own.
        work: what carries it out.
        targets: the partitions of each part.
        view: what counted as now.
    """

    backfill: Backfill
    work: Work
    targets: Mapping[int, PartitionsSubset]
    view: View

    @property
    def scheme(self) -> Scheme:
        """Parts, units and links."""
        return self.work.scheme

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be made."""
        return all(subset.is_empty for subset in self.targets.values())

    def parts(self) -> tuple[BackfillPart, ...]:
        """The rows to store."""
        return tuple(self._part(part) for part in self.scheme.parts)

    def _part(self, part: Part) -> BackfillPart:
        target, definition = self.targets[part.place], part.definition
        return BackfillPart(
            place=part.place,
            name=part.name,
            asset=part.asset,
            wave=self.scheme.unit_of[part.place].wave,
            shown=self.shown(part.place),
            keys=definition.keys if isinstance(definition, StaticPartitionsDefinition) else (),
            texts={"target": target.serialize()},
            counts={"target": len(target)},
        )

    def shown(self, place: int) -> str:
        """The partitions of a part as ranges, as far as people read them."""
        if not self.scheme.parts[place].is_partitioned:
            return ""
        return in_words(self.targets[place], self.view)

    def runs_of(self, unit: Unit) -> int:
        """How many runs a unit takes, if nothing fails."""
        wanted = [self.targets[place] for place in unit.places]
        whole = wanted[0]
        for other in wanted[1:]:
            whole |= other
        ranges = cut(whole, None, self.view)
        if unit.per_run is None:
            return sum(1 for _ in ranges)
        return sum(-(-piece.count // unit.per_run) for piece in ranges)


def in_words(subset: PartitionsSubset, view: View) -> str:
    """A subset as its first ranges, for people."""
    found: list[str] = []
    for piece in cut(subset, None, view):
        if len(found) == _SHOWN:
            return f"{', '.join(found)}, …"
        found.append(piece.first if piece.count == 1 else f"{piece.first}...{piece.last}")
    return ", ".join(found)


# ---- planning ------------------------------------------------------------------------------------


def plan(instance: Instance, code: UserCode, request: Request, now: datetime) -> Planned:
    """Find out what a backfill would do; nothing is stored.

    Args:
        instance: knows what was made, and dynamic keys.
        code: the definitions.
        request: what is asked for.
        now: with a time zone.

    Raises:
        UserError: when it cannot be: unknown assets, partitions, config, mappings that do not work.
    """
    view = View(now, instance)
    scheme = _scheme(code, request)
    asked = request.asked
    if request.only is not None and not asked.keys and not asked.is_range:
        asked = evolve(asked, everything=True)
    wanted = targets(scheme, asked, view)
    if request.only == "changed":
        wanted = changed_targets(instance, code.graph, scheme, wanted, now)
    elif request.only is not None:
        wanted = _only(instance, scheme, wanted, request.only, view)
    seconds = now.astimezone(UTC).timestamp()
    backfill = Backfill(
        backfill_id=uuid.uuid4().hex[:8],
        created=seconds,
        updated=seconds,
        title=request.title,
        assets=tuple(part.asset for part in scheme.parts if part.asset is not None),
        job=request.job,
        location=request.location,
        newest_first=request.newest_first,
        max_runs=request.max_runs,
        run_config=request.run_config,
        tags=request.tags,
    )
    work = Work(instance, code, backfill, request.executor)
    found = Planned(backfill=backfill, work=work, targets=wanted, view=view)
    with partition_loading_context(now, instance):
        _refuse_what_cannot_run(found)
    return found


def _scheme(code: UserCode, request: Request) -> Scheme:
    if request.job is not None:
        return scheme_of_job(code.job(request.job))
    graph = code.graph
    keys = AssetSelection.from_coercible(request.selection).resolve(graph)
    unmade = sorted(keys - graph.materializable_asset_keys)
    if unmade or not keys:
        what = f"{unmade[0].to_user_string()!r} is made elsewhere" if unmade else "the selection is empty"
        raise InvalidInvocationError(
            f"A backfill makes assets, but {what}. Select assets that a run can make."
        )
    return scheme_of_assets(graph, [key for key in graph.in_order if key in keys])


def _refuse_what_cannot_run(planned: Planned) -> None:
    """Look at the first run of each unit as a launch would; and whether each part of the config is for one.

    Raises:
        UserError: with what is wrong.
    """
    strange = set(planned.backfill.run_config.get("ops", ()))
    names: set[str] = set()
    for unit in planned.scheme.units:
        job = planned.work.job_for(unit.places)
        config = config_for(planned.backfill, job)
        names |= set(job.graph.nodes)
        first = next(cut(planned.targets[unit.places[0]], unit.per_run, planned.view), None)
        keys: tuple[str, ...] = ()
        if first is not None and planned.scheme.parts[unit.places[0]].is_partitioned:
            keys = coverage_of(job, None, range_tags(first.first, first.last), planned.work.instance).keys
        env = environment()
        bind_run_config(job, effective_config(job, config, env, keys), env=env)
    if left := strange - names:
        one = min(left)
        raise InvalidInvocationError(
            f"The run config has $.ops.{one}, but no run of this backfill has such an op."
            f"{suggest(one, sorted(names))}"
        )


def config_for(backfill: Backfill, job: Any) -> Mapping[str, Any] | None:
    """The part of a backfill's config that is for one job; None leaves it to the job."""
    if not backfill.run_config:
        return None
    ops: Mapping[str, Any] | None = backfill.run_config.get("ops")
    if ops is None or backfill.job is not None:
        return backfill.run_config
    return {**backfill.run_config, "ops": {name: ops[name] for name in ops if name in job.graph.nodes}}


def range_tags(first: str, last: str) -> dict[str, str]:
    """The tags that say which partitions a run covers."""
    if first == last:
        return {PARTITION_TAG: first}
    return {RANGE_START_TAG: first, RANGE_END_TAG: last}


# ---- only what is missing, or failed -------------------------------------------------------------


def _only(
    instance: Instance, scheme: Scheme, wanted: Mapping[int, PartitionsSubset], what: str, view: View
) -> Mapping[int, PartitionsSubset]:
    found: dict[int, PartitionsSubset] = {}
    for part in scheme.parts:
        if part.asset is None:
            found[part.place] = wanted[part.place] & _of_job(
                instance, part.name, wanted[part.place], what, view
            )
        elif part.is_partitioned:
            statuses = partition_statuses(
                instance.store, part.asset, part.definition, now=view.effective_dt or datetime.now(UTC),
                dynamic=instance,
            )  # fmt: skip
            found[part.place] = wanted[part.place] & getattr(statuses, what)
        else:
            found[part.place] = _of_plain(instance, part.asset, wanted[part.place], what)
    return found


def _of_plain(instance: Instance, key: AssetKey, whole: PartitionsSubset, what: str) -> PartitionsSubset:
    """An asset without partitions: missing when it was never made, failed when its last run failed."""
    (status,) = instance.store.assets([key])
    if what == "missing":
        return whole if status.last_materialization is None else whole.empty_subset()
    run_id = status.last_planned_run_id
    made = status.last_materialization
    records = instance.store.runs(RunsFilter(run_ids=[run_id])) if run_id else ()
    failed = any(record.run.status is RunStatus.FAILURE for record in records)
    return whole if failed and (made is None or made.run_id != run_id) else whole.empty_subset()


def _of_job(instance: Instance, job: str, whole: PartitionsSubset, what: str, view: View) -> PartitionsSubset:
    """The partitions of a job by its runs: the newest run of each decides."""
    last: dict[str, RunStatus] = {}
    for record in instance.store.runs(RunsFilter(job_name=job), ascending=True):
        key = record.run.tags.get(PARTITION_TAG)
        if key is not None and key in whole:
            last[key] = record.run.status
    if what == "failed":
        bad = (key for key, status in last.items() if status in (RunStatus.FAILURE, RunStatus.CANCELED))
        return whole.partitions_def.subset_with_partition_keys(bad)
    good = (key for key, status in last.items() if status is RunStatus.SUCCESS)
    return everything(whole.partitions_def, view) - whole.partitions_def.subset_with_partition_keys(good)


# ---- recorded --------------------------------------------------------------------------------------


def store(planned: Planned) -> Backfill:
    """Record a planned backfill; from now on anybody may work at it."""
    planned.work.instance.store.backfills.add(planned.backfill, planned.parts())
    return planned.backfill


def runs_tagged(backfill_id: str) -> RunsFilter:
    """The runs of a backfill."""
    return RunsFilter(tags={BACKFILL_TAG: backfill_id})

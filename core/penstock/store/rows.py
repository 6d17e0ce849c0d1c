"""Rows and values: how runs and events lie in tables.

Owns: the numbers of statuses, the columns of a run, the facts hidden in an event.
Pure: knows no connection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from penstock.events import values as v
from penstock.events.codec import KIND_OF, decode, encode, step_of
from penstock.events.jsonbytes import dumps, loads
from penstock.events.places import PartitionPlace
from penstock.events.runs import Run, RunRecord, RunStatus
from penstock.keys import AssetCheckKey, AssetKey
from penstock.spi.store import StoredEvent

STATUS_NUMBERS: Mapping[RunStatus, int] = {
    RunStatus.QUEUED: 1,
    RunStatus.STARTING: 2,
    RunStatus.STARTED: 3,
    RunStatus.CANCELING: 4,
    RunStatus.SUCCESS: 5,
    RunStatus.FAILURE: 6,
    RunStatus.CANCELED: 7,
}
"""How statuses are stored; never renumber."""

STATUSES: Mapping[int, RunStatus] = {number: status for status, number in STATUS_NUMBERS.items()}

MATERIALIZED = KIND_OF[v.AssetMaterialized]
OBSERVED = KIND_OF[v.AssetObserved]
CHECKED = KIND_OF[v.CheckEvaluated]
FACT_KINDS = frozenset({MATERIALIZED, OBSERVED, CHECKED})

RUN_COLUMNS = (
    "r.id, r.run_id, r.job, r.status, r.last_seq, r.created, r.updated, r.started, r.ended, r.tags, r.body"
)


class Fact(NamedTuple):
    """What an event says of an asset."""

    asset_key: AssetKey
    partition: str | None
    check_name: str | None
    place: PartitionPlace | None = None


class Coded(NamedTuple):
    """An event ready to be written."""

    kind: int
    at: float
    step: str | None
    body: bytes
    fact: Fact | None


def coded(event: v.Happened) -> Coded:
    """Encode an event and find out whether it is a fact about an asset."""
    kind, body = encode(event)
    return Coded(kind, event.at, step_of(event), body, _fact_in(event) if kind in FACT_KINDS else None)


def _fact_in(event: Any) -> Fact:
    if isinstance(event, v.CheckEvaluated):
        found = event.evaluation
        return Fact(found.asset_key, found.partition, found.check_name)
    if isinstance(event, v.AssetMaterialized):
        made = event.materialization
        return Fact(made.asset_key, made.partition, None, event.place)
    said = event.observation
    return Fact(said.asset_key, said.partition, None)


def stored_event(row: tuple[Any, ...]) -> StoredEvent:
    """An event from (id, run_id, seq, kind, at, step, body)."""
    event_id, run_id, seq, kind, at, step, body = row
    return StoredEvent(id=event_id, run_id=run_id or "", seq=seq, event=decode(kind, at, step, body))


def kind_numbers(classes: Sequence[type[v.Happened]]) -> list[int]:
    """The kinds of these classes and of those derived from them."""
    wanted = tuple(classes)
    return [kind for cls, kind in KIND_OF.items() if issubclass(cls, wanted)]


def asset_text(key: AssetKey) -> str:
    """An asset key as it lies in the database: a JSON list."""
    body = dumps(list(key.parts))
    return body.decode()


def asset_key(text: str) -> AssetKey:
    """An asset key from the database."""
    return AssetKey(tuple(loads(text.encode())))


def seconds(when: float | datetime) -> float:
    """Seconds since 1970 from either spelling of a time."""
    return when.timestamp() if isinstance(when, datetime) else float(when)


# ---- runs ----------------------------------------------------------------------------------------


def tags_body(tags: Mapping[str, str]) -> bytes:
    """The tags of a run as bytes."""
    return dumps(dict(tags)) if tags else b""


def tags_of(body: bytes) -> dict[str, str]:
    """The tags of a run from bytes."""
    return loads(body) if body else {}


def run_body(run: Run) -> bytes:
    """What of a run needs no column of its own."""
    checks = run.asset_check_selection
    assets = run.asset_selection
    plain: dict[str, Any] = {
        "config": run.run_config or None,
        "parent": run.parent_run_id,
        "root": run.root_run_id,
        "assets": None if assets is None else sorted(list(key.parts) for key in assets),
        "checks": None
        if checks is None
        else sorted([list(check.asset_key.parts), check.name] for check in checks),
        "ops": None if run.op_selection is None else list(run.op_selection),
        "steps": None if run.step_keys_to_execute is None else list(run.step_keys_to_execute),
        "location": run.code_location,
    }
    kept = {name: value for name, value in plain.items() if value is not None}
    return dumps(kept) if kept else b""


def run_record(row: tuple[Any, ...]) -> RunRecord:
    """A run from ``RUN_COLUMNS``."""
    storage_id, run_id, job, status, last_seq, created, updated, started, ended, tags, body = row
    return RunRecord(
        storage_id=storage_id, create_time=created, update_time=updated, start_time=started, end_time=ended,
        last_seq=last_seq,
        run=_run(run_id, job, STATUSES[status], tags_of(tags), loads(body) if body else {}),
    )  # fmt: skip


def _run(run_id: str, job: str, status: RunStatus, tags: Mapping[str, str], plain: Mapping[str, Any]) -> Run:
    return Run(
        run_id=run_id,
        job_name=job,
        status=status,
        tags=tags,
        run_config=plain.get("config", {}),
        parent_run_id=plain.get("parent"),
        root_run_id=plain.get("root"),
        asset_selection=_keys(plain.get("assets")),
        asset_check_selection=_check_keys(plain.get("checks")),
        op_selection=_texts(plain.get("ops")),
        step_keys_to_execute=_texts(plain.get("steps")),
        code_location=plain.get("location"),
    )


def _keys(plain: Sequence[Sequence[str]] | None) -> frozenset[AssetKey] | None:
    return None if plain is None else frozenset(map(AssetKey, plain))


def _check_keys(plain: Sequence[Any] | None) -> frozenset[AssetCheckKey] | None:
    if plain is None:
        return None
    return frozenset(AssetCheckKey(AssetKey(parts), name) for parts, name in plain)


def _texts(plain: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if plain is None else tuple(plain)

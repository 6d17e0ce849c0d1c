"""``penstock asset``: list assets, or show one with its history."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import click

from penstock.cli.asset_show import show
from penstock.cli.causes import COLORS
from penstock.cli.loading import load, load_or_none
from penstock.cli.materialize import SELECTION_HELP
from penstock.cli.options import CodeChoice, answering, examples, with_code
from penstock.cli.screen import Screen
from penstock.cli.statuses import freshness_cell
from penstock.cli.table import Cell
from penstock.cli.times import age
from penstock.define.asset_graph import AssetGraph
from penstock.define.selection import AssetSelection
from penstock.define.spec_rules import DEFAULT_GROUP
from penstock.host.clock import now
from penstock.host.instance import Instance
from penstock.host.staleness import judged
from penstock.keys import AssetKey
from penstock.plan.freshness import Freshness
from penstock.plan.staleness import StaleCauseKind, StaleStatus, Verdict
from penstock.query.assets import AssetLine, list_assets
from penstock.query.freshness import freshness_of_assets
from penstock.query.plain import as_plain

_FRESH, _PARTLY_MISSING = "fresh", "partly missing"
_STATE_COLORS = {**COLORS, _FRESH: "green", "never made": "yellow", _PARTLY_MISSING: "yellow"}


@click.group("asset")
def command() -> None:
    """List assets, or show one with its history."""


@command.command("list", epilog=examples("penstock asset list", "penstock asset list -s 'kind:snowflake'"))
@with_code
@click.option("-s", "--select", "selection", metavar="SELECTION", help=SELECTION_HELP)
@answering
def list_command(screen: Screen, code: CodeChoice, selection: str | None) -> None:
    """List assets with their state: fresh, or the gravest reason to make them, as penstock plan tells it.

    Assets with a freshness policy also show how they stand by it. Without definitions, the assets that were
    ever made are listed.
    """
    loaded = load_or_none(code) if selection is None else load(code)
    with Instance.get() as instance:
        states: Mapping[AssetKey, str] = {}
        fresh: Mapping[AssetKey, Freshness] = {}
        graph = None if loaded is None else loaded.graph
        if graph is None:
            lines = list_assets(instance.store)
        else:
            everything = AssetSelection.all(include_sources=True)
            chosen = everything if loaded is None or selection is None else loaded.chosen(selection)
            keys = chosen.resolve(graph)
            lines = list_assets(instance.store, sorted(keys))
            verdicts = judged(graph, instance, keys)
            states = {key: _state(verdict) for key, verdict in verdicts.items()}
            fresh = freshness_of_assets(instance.store, graph, keys, now=now())
    if screen.as_json:
        screen.document([_plain(line, states, fresh, graph) for line in lines])
    elif screen.quiet:
        screen.names([line.key.to_user_string() for line in lines])
    elif not lines:
        screen.say("No assets.")
    else:
        _show(screen, lines, states, fresh, graph)


def _state(verdict: Verdict) -> str:
    """One word or two: fresh, or the gravest cause."""
    kinds = {cause.kind for cause in verdict.causes}
    first = next((kind for kind in StaleCauseKind if kind in kinds), None)
    if first is None:
        return _FRESH
    is_missing = [group.status is StaleStatus.MISSING for group in verdict.groups or ()]
    if first is StaleCauseKind.NEVER_MADE and not all(is_missing):
        return _PARTLY_MISSING
    return first.value


def _plain(
    line: AssetLine,
    states: Mapping[AssetKey, str],
    fresh: Mapping[AssetKey, Freshness],
    graph: AssetGraph | None,
) -> dict[str, Any]:
    said = _said(line.key, states, graph)
    return {**line.to_plain(), **said, "freshness": as_plain(fresh.get(line.key))}


def _said(key: AssetKey, states: Mapping[AssetKey, str], graph: AssetGraph | None) -> dict[str, Any]:
    if graph is None or not graph.has(key):
        return {"state": None, "group": None, "deps": [], "description": None}
    spec = graph.spec(key)
    return {
        "state": states.get(key, "external"),
        "group": spec.group_name or DEFAULT_GROUP,
        "deps": as_plain(graph.parents(key)),
        "description": spec.description,
    }


def _show(
    screen: Screen,
    lines: tuple[AssetLine, ...],
    states: Mapping[AssetKey, str],
    fresh: Mapping[AssetKey, Freshness],
    graph: AssetGraph | None,
) -> None:
    moment = time.time()
    rows: list[tuple[str | Cell, ...]] = []
    for line in lines:
        said = _said(line.key, states, graph)
        state = states.get(line.key)
        rows.append(
            (
                Cell(line.key.to_user_string(), "cyan"),
                said["group"] or "-",
                Cell(said["state"] or "-", _STATE_COLORS.get(state or "")),
                *((freshness_cell(fresh.get(line.key)),) if fresh else ()),
                age(line.materialized_at or line.observed_at, moment),
                (line.run_id or "-")[:8],
                ", ".join(said["deps"]),
            )
        )
    policy = ("freshness",) if fresh else ()
    titles = ("asset", "group", "state", *policy, "made", "by run", "made from")
    screen.table(titles, rows, elastic="made from")


command.add_command(show)

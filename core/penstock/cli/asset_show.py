"""``penstock asset show``: one asset, what is said about it and what became of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, cast

import click

from penstock.cli.asset_choice import partitions_of
from penstock.cli.asset_history import Row, facts_for, history_rows
from penstock.cli.fact_blocks import show_facts
from penstock.cli.loading import load_or_none
from penstock.cli.options import CodeChoice, answering, examples, with_code
from penstock.cli.partition_block import plain_partitions, show_partitions
from penstock.cli.screen import Screen
from penstock.cli.statuses import check_cell, freshness_cell
from penstock.cli.times import age, moment
from penstock.define.asset_graph import AssetGraph
from penstock.errors import InvariantViolationError, suggest
from penstock.host.clock import now
from penstock.host.instance import Instance
from penstock.keys import AssetKey, user_strings
from penstock.partitions.view import View
from penstock.plan.freshness import Freshness
from penstock.query.assets import AssetDetail, list_assets, show_asset
from penstock.query.freshness import freshness_of_assets
from penstock.query.partitions import PartitionStatuses, partition_statuses
from penstock.query.plain import as_plain

_TITLES = {
    "deps": "made from",
    "used_by": "used by",
    "code_version": "code version",
    "freshness_policy": "to be",
    "where": "defined",
}


@click.command(
    "show", epilog=examples("penstock asset show orders", "penstock asset show shop/orders --history 50 -v")
)
@click.argument("key")
@with_code
@click.option(
    "--history", default=10, show_default=True, type=click.IntRange(0), help="So many recent facts."
)
@answering
def show(screen: Screen, key: str, code: CodeChoice, history: int) -> None:
    """Show the asset KEY: its definition, latest facts, checks and history."""
    loaded = load_or_none(code)
    graph = None if loaded is None else loaded.graph
    asset = AssetKey.from_user_string(key)
    with Instance.get() as instance:
        known = [line.key for line in list_assets(instance.store)]
        if asset not in known and (graph is None or not graph.has(asset)):
            names = [*user_strings(known), *(user_strings(graph.by_key) if graph else ())]
            raise InvariantViolationError(f"There is no asset {key!r}.{suggest(key, names)}")
        has_grid = partitions_of(graph, asset) is not None and not screen.as_json
        asked = facts_for(history) if has_grid else history
        checks = None if graph is None or not graph.has(asset) else graph.checks_by_asset.get(asset, ())
        detail = show_asset(instance.store, asset, checks=checks, history=asked, with_partitions=not has_grid)
        standing = _standing(instance, asset, graph)
        freshness = (
            freshness_of_assets(instance.store, graph, [asset], now=now()).get(asset) if graph else None
        )
        if screen.as_json:
            plain = {} if standing is None else {"partition_status": plain_partitions(*standing)}
            plain = {**plain, "freshness": as_plain(freshness)}
            screen.document({**detail.to_plain(), **plain, "definition": _definition(asset, graph)})
        else:
            _head(screen, detail, _definition(asset, graph), freshness)
            if standing is not None:
                show_partitions(screen, *standing)
            _facts(screen, detail)
            _history(screen, history_rows(detail.history, lines=history, asked=asked))


def _standing(
    instance: Instance, key: AssetKey, graph: AssetGraph | None
) -> tuple[PartitionStatuses, View] | None:
    """Where the partitions of an asset stand; None when nobody says which there are."""
    definition = partitions_of(graph, key)
    if definition is None:
        return None
    view = View(now(), instance)
    return partition_statuses(instance.store, key, definition, now=now(), dynamic=instance), view


def _definition(key: AssetKey, graph: AssetGraph | None) -> dict[str, Any]:
    if graph is None or not graph.has(key):
        return {}
    spec, made_by = graph.spec(key), graph.definition(key)
    return {
        "description": spec.description,
        "group": spec.group_name or "default",
        "deps": as_plain(graph.parents(key)),
        "used_by": as_plain(tuple(graph.children(key))),
        "owners": list(spec.owners),
        "kinds": sorted(spec.kinds),
        "code_version": spec.code_version,
        "partitioned": None if (found := partitions_of(graph, key)) is None else str(found),
        "backfill": None if made_by.backfill_policy is None else str(made_by.backfill_policy),
        "freshness_policy": None if spec.freshness_policy is None else str(spec.freshness_policy),
        "where": made_by.where or None,
    }


def _head(screen: Screen, detail: AssetDetail, said: dict[str, Any], freshness: Freshness | None) -> None:
    line = detail.line
    by = f" by run {line.run_id[:8]}" if line.run_id else ""
    made = f"{moment(line.materialized_at)} ({age(line.materialized_at, time.time())}){by}"
    rows = [
        ("asset", line.key.to_user_string()),
        *((_TITLES.get(name, name), _joined(value)) for name, value in said.items()),
        ("made", "never" if line.materialized_at is None else made),
        ("data", line.data_version),
        ("freshness", _in_words(freshness)),
    ]
    for name, value in rows:
        if value:
            screen.labeled(name, value, 14)


def _in_words(freshness: Freshness | None) -> str | None:
    if freshness is None:
        return None
    until = "" if freshness.until is None else f" until {moment(freshness.until.timestamp())}"
    return f"{freshness_cell(freshness).text}{until}"


def _joined(value: Any) -> Any:
    return ", ".join(cast("list[str]", value)) if isinstance(value, list) else value


def _facts(screen: Screen, detail: AssetDetail) -> None:
    if detail.metadata:
        screen.say()
        show_facts(screen, detail.metadata)
    if detail.partitions:
        screen.say(f"\n{len(detail.partitions):,} partitions made")
    if detail.checks:
        screen.say()
        rows = [
            (
                one.check_name,
                check_cell(one),
                one.description or "",
            )
            for one in detail.checks
        ]
        screen.table(("check", "result", "remark"), rows, elastic="remark")


def _history(screen: Screen, rows: Sequence[Row]) -> None:
    if rows:
        screen.say()
        screen.table(("when", "run", "what"), rows, elastic="what")

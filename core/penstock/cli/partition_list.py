"""``penstock partition list``: the partitions of an asset and where each stands, or dynamic keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import click

from penstock.cli.asset_choice import asset_named
from penstock.cli.loading import load
from penstock.cli.options import CodeChoice, answering, examples, with_code
from penstock.cli.partition_bar import COLORS
from penstock.cli.screen import Screen
from penstock.cli.table import Cell
from penstock.errors import UnknownPartitionError
from penstock.host.clock import now
from penstock.host.instance import Instance
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.dynamic import DynamicPartitionsDefinition
from penstock.partitions.keys import PartitionKeyRange, reversed_range
from penstock.partitions.names import NameForm
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.view import View
from penstock.query.partition_grid import Standing, subsets_of
from penstock.query.partitions import PartitionStatuses, partition_statuses
from penstock.values import frozen

_LIMIT = 100
_NAMES = ", ".join(one.slug for one in Standing)


@frozen(kw_only=True)
class Asked:
    """Which partitions are asked for.

    Args:
        statuses: standing in one of these ways; none asks for all.
        first, last: ends of a range, both included; None leaves an end open.
        limit: so many at most, None for all.
    """

    statuses: tuple[Standing, ...] = ()
    first: str | None = None
    last: str | None = None
    limit: int | None = None


@click.command(
    "list",
    epilog=examples(
        "penstock partition list flights --status missing --from 2013-03-01",
        "penstock partition list flights --status failed --quiet",
        "penstock partition list --dynamic files",
    ),
)
@click.argument("asset", required=False)
@click.option("--dynamic", metavar="NAME", help="List the keys of these dynamic partitions instead.")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([one.slug for one in Standing], case_sensitive=False),
    metavar="STATUS",
    help=f"Only partitions that stand so ({_NAMES}); may be given several times.",
)
@click.option("--from", "first", metavar="KEY", help="From this partition on.")
@click.option("--to", "last", metavar="KEY", help="Up to this partition, which is included.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    help=f"At most so many. [default: {_LIMIT}; with --quiet and --json all]",
)
@with_code
@answering
def list_command(
    screen: Screen,
    code: CodeChoice,
    asset: str | None,
    dynamic: str | None,
    statuses: tuple[str, ...],
    **rest: Any,
) -> None:
    """List the partitions of ASSET and where each stands, or the keys of dynamic partitions."""
    if (asset is None) == (dynamic is None):
        raise click.UsageError("Name either an asset or dynamic partitions: ASSET or --dynamic NAME.")
    if dynamic is not None and statuses:
        raise click.UsageError("A status is that of an asset's partition: name the asset, not --dynamic.")
    if rest["limit"] is None and not screen.quiet and not screen.as_json:
        rest["limit"] = _LIMIT
    asked = Asked(statuses=tuple(Standing[one.upper()] for one in statuses), **rest)
    if asset is None:
        _list_dynamic(screen, dynamic or "", asked)
    else:
        _list_asset(screen, code, asset, asked)


def _list_dynamic(screen: Screen, name: str, asked: Asked) -> None:
    definition = DynamicPartitionsDefinition(name=name)
    with Instance.get() as instance:
        view = View(now(), instance)
        keys = keys_of(within(definition, asked, view), view)
        shown, more = _first(keys, asked.limit)
    if screen.as_json:
        screen.document(shown)
    elif shown:
        screen.names(shown)
        _say_more(screen, more, asked)
    else:
        screen.say(f"No keys of {name} yet. `penstock partition add {name} KEY` adds one.")


def _list_asset(screen: Screen, code: CodeChoice, asset: str, asked: Asked) -> None:
    key, definition = asset_named(asset, load(code))
    with Instance.get() as instance:
        view = View(now(), instance)
        statuses = partition_statuses(instance.store, key, definition, now=now(), dynamic=instance)
        chosen = _standing(statuses, asked) & within(definition, asked, view)
        shown, more = _first(keys_of(chosen, view), asked.limit)
    if screen.quiet and not screen.as_json:
        screen.names(shown)
        return
    rows = [(one, _standing_of(one, statuses)) for one in shown]
    if screen.as_json:
        screen.document([{"partition": one, "status": standing.slug} for one, standing in rows])
    elif not rows:
        screen.say("No such partition.")
    else:
        cells = [(one, Cell(standing.value, COLORS[standing])) for one, standing in rows]
        screen.table(("partition", "status"), cells)
        _say_more(screen, more, asked)


def _say_more(screen: Screen, more: bool, asked: Asked) -> None:
    if more:
        screen.say(screen.style(f"Only the first {asked.limit}; --limit shows more.", dim=True))


def _first(keys: Iterator[str], limit: int | None) -> tuple[list[str], bool]:
    """So many keys, and whether there are more."""
    shown = list(islice(keys, limit))
    return shown, next(keys, None) is not None


def within(definition: PartitionsDefinition, asked: Asked, view: View) -> PartitionsSubset:
    """The partitions of the range that is asked for.

    Raises:
        UnknownPartitionError: when an end does not exist or the range is the wrong way round.
    """
    given = view.effective_dt, view.dynamic_partitions_store
    if asked.first is None and asked.last is None:
        return definition.subset_with_all_partitions(*given)
    ends = (
        asked.first if asked.first is not None else definition.get_first_partition_key(*given),
        asked.last if asked.last is not None else definition.get_last_partition_key(*given),
    )
    for end in ends:
        if end is None:
            raise UnknownPartitionError("There is no partition yet.")
        definition.validate_partition_key(end, *given)
    keys = PartitionKeyRange(str(ends[0]), str(ends[1]))
    found = definition.empty_subset().with_partition_key_range(keys, *given)
    if found.is_empty:
        raise reversed_range(keys)
    return found


def keys_of(subset: PartitionsSubset, view: View) -> Iterator[str]:
    """The keys of a subset in the order of their definition."""
    definition = subset.partitions_def
    if isinstance(definition.form, NameForm):
        ordered: Sequence[str] = definition.get_partition_keys(
            view.effective_dt, view.dynamic_partitions_store
        )
        return (key for key in ordered if key in subset)
    return iter(subset)


def _standing(statuses: PartitionStatuses, asked: Asked) -> PartitionsSubset:
    """The partitions that stand as it is asked."""
    subsets = subsets_of(statuses)
    first, *rest = asked.statuses or tuple(Standing)
    found = subsets[first]
    for one in rest:
        found = found | subsets[one]
    return found


def _standing_of(key: str, statuses: PartitionStatuses) -> Standing:
    return next((one for one, subset in subsets_of(statuses).items() if key in subset), Standing.MISSING)

"""``penstock pool``: how many steps of all runs together may run at once.

Owns: the command line of it. What counts, and when a slot is free again, is the store's matter.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import click

from penstock.cli.options import answering, examples, run_ids
from penstock.cli.screen import Screen
from penstock.cli.statuses import counted
from penstock.cli.table import Cell
from penstock.cli.times import age
from penstock.errors import InvariantViolationError, suggest
from penstock.host.instance import Instance
from penstock.query.pools import find_pool, list_pools, pool_plain
from penstock.query.runs import find_run
from penstock.spi.pools import Pool, Slot

_SHORT = 8
_NAMED = 3
_NONE = "none"


@click.group("pool")
def command() -> None:
    """Limit how many steps of a pool run at once, over all runs.

    A step stands in a pool by @op(pool="db") or @asset(pool="db"). Limits belong to the database of the home
    folder: they hold for every run that is recorded there, and count at once.
    """


@command.command("list", epilog=examples("penstock pool list", "penstock pool list --json"))
@answering
def list_command(screen: Screen) -> None:
    """List pools: their limit, who has a slot, how many runs wait."""
    with Instance.get() as instance:
        pools = list_pools(instance.store)
        default = instance.store.pools.default_limit()
    if screen.as_json:
        screen.document({"default": default, "pools": [pool_plain(pool) for pool in pools]})
    elif screen.quiet:
        screen.names([pool.name for pool in pools])
    elif pools:
        rows = [_row(pool) for pool in pools]
        screen.table(("pool", "limit", "taken", "waiting", "by"), rows, elastic="by")
    else:
        screen.say("No pool has a limit, and no step in a pool runs. `penstock pool set NAME 3` sets one.")
    if default is not None:
        screen.say(f"Pools without a limit of their own: {counted(default, 'slot')} each.")


@command.command("show", epilog=examples("penstock pool show db"))
@click.argument("name")
@answering
def show(screen: Screen, name: str) -> None:
    """Show who has the slots of pool NAME, and who waits for one."""
    with Instance.get() as instance:
        pool = find_pool(instance.store, name)
    if screen.as_json:
        screen.document(pool_plain(pool))
        return
    if screen.quiet:
        screen.names([slot.run_id for slot in pool.taken])
        return
    screen.say(f"Pool {name}: {_limit_text(pool)}, {len(pool.taken)} taken, {_waiting_text(pool)}.")
    now = time.time()
    rows = [_slot_row(slot, Cell("has a slot", "blue"), now) for slot in pool.taken]
    rows += [_slot_row(slot, Cell(_waits(slot), "yellow"), now) for slot in pool.waiting]
    if rows:
        screen.say()
        screen.table(("run", "step", "", "since"), rows, elastic="step")


@command.command("set", epilog=examples("penstock pool set db 3", "penstock pool set db 0  # closes it"))
@click.argument("name")
@click.argument("slots", type=click.IntRange(0))
@answering
def set_command(screen: Screen, name: str, slots: int) -> None:
    """Let at most SLOTS steps of pool NAME run at once.

    Steps that run already go on. With 0 no further step begins.
    """
    with Instance.get() as instance:
        instance.store.pools.set_limit(name, slots)
        (pool,) = instance.store.pools.find(name)
    _answer(screen, pool, f"Pool {name} has {counted(slots, 'slot')}.")


@command.command("delete", epilog=examples("penstock pool delete db"))
@click.argument("name")
@answering
def delete(screen: Screen, name: str) -> None:
    """Delete the limit of pool NAME.

    The default counts for it then, if there is one.
    """
    with Instance.get() as instance:
        pools = instance.store.pools.find()
        own = [pool.name for pool in pools if pool.limit is not None and not pool.is_default]
        if name not in own:
            raise InvariantViolationError(f"Pool {name!r} has no limit of its own.{suggest(name, own)}")
        instance.store.pools.set_limit(name, None)
        (pool,) = instance.store.pools.find(name)
    _answer(screen, pool, f"Deleted the limit of pool {name}: {_limit_text(pool)} now.")


@command.command(
    "default",
    epilog=examples("penstock pool default", "penstock pool default 1", "penstock pool default none"),
)
@click.argument("slots", required=False, metavar="[SLOTS|none]")
@answering
def default_command(screen: Screen, slots: str | None) -> None:
    """Show or set the limit of pools that have none of their own."""
    wanted = None if slots is None else _slots_or_none(slots)
    with Instance.get() as instance:
        if slots is not None:
            instance.store.pools.set_limit(None, wanted)
        found = instance.store.pools.default_limit()
    if screen.as_json:
        screen.document({"default": found})
    elif screen.quiet:
        screen.names([_NONE if found is None else str(found)])
    else:
        each = "no limit" if found is None else f"{counted(found, 'slot')} each"
        screen.say(f"Pools without a limit of their own: {each}.")


@command.command(
    "free", epilog=examples("penstock pool free 3f2a91c0", "penstock pool free 3f2a91c0 --step load")
)
@click.argument("run", shell_complete=run_ids)
@click.option("--step", metavar="KEY", help="The slot of this step alone.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@answering
def free(screen: Screen, run: str, step: str | None, *, yes: bool) -> None:
    """Take from RUN the slots that it has.

    Slots come back by themselves when a step or run ends, and when the process of a run is gone. This is for
    runs of which nobody here can tell, such as those of a container that was removed.
    """
    with Instance.get() as instance:
        run_id = find_run(instance.store, run).run.run_id
        held = [slot for pool in instance.store.pools.find(run_id=run_id) for slot in pool.taken]
        held = [slot for slot in held if step in (None, slot.step)]
        if held and not yes:
            steps = _some([slot.step for slot in held])
            click.confirm(
                f"Free {counted(len(held), 'slot')} of run {run_id[:_SHORT]} ({steps})? What runs goes on all"
                " the same.", abort=True, err=True,
            )  # fmt: skip
        freed = instance.store.pools.give_back(run_id, step)
    if screen.as_json:
        screen.document({"run_id": run_id, "freed": freed})
    else:
        screen.say(f"Freed {counted(freed, 'slot')} of run {run_id[:_SHORT]}.")


def _slots_or_none(text: str) -> int | None:
    """A number of slots; None for no limit."""
    if text != _NONE and not (text.isascii() and text.isdigit()):
        raise click.UsageError(f"Wanted a whole number from 0, or {_NONE}; found {text!r}.")
    return None if text == _NONE else int(text)


# ---- words -----------------------------------------------------------------------------------------


def _answer(screen: Screen, pool: Pool, sentence: str) -> None:
    if screen.as_json:
        screen.document(pool_plain(pool))
        return
    if pool.limit is not None and len(pool.taken) > pool.limit:
        sentence += f" What runs in it now goes on: {counted(len(pool.taken), 'step')}."
    screen.say(sentence)


def _limit_text(pool: Pool) -> str:
    if pool.limit is None:
        return "no limit"
    return f"{counted(pool.limit, 'slot')}{' by default' if pool.is_default else ''}"


def _waiting_text(pool: Pool) -> str:
    return f"{counted(len(pool.waiting), 'run')} waiting" if pool.waiting else "nobody waits"


def _row(pool: Pool) -> tuple[str | Cell, ...]:
    limit = "-" if pool.limit is None else f"{pool.limit:,}{' (default)' if pool.is_default else ''}"
    is_full = pool.limit is not None and len(pool.taken) >= pool.limit
    return (
        pool.name,
        Cell(limit, right=True),
        Cell(str(len(pool.taken)), "yellow" if is_full else None, right=True),
        Cell(str(len(pool.waiting)), "yellow" if pool.waiting else None, right=True),
        _holders(pool.taken),
    )


def _holders(slots: Sequence[Slot]) -> str:
    runs: dict[str, list[str]] = {}
    for slot in slots:
        runs.setdefault(slot.run_id[:_SHORT], []).append(slot.step)
    return _some([f"run {run} ({_some(steps)})" for run, steps in runs.items()])


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:_NAMED])} and {more} more"


def _waits(slot: Slot) -> str:
    return f"waits, priority {slot.priority}" if slot.priority else "waits"


def _slot_row(slot: Slot, state: Cell, now: float) -> tuple[str | Cell, ...]:
    tries = f" (attempt {slot.attempt})" if slot.attempt > 1 else ""
    return (Cell(slot.run_id[:_SHORT], "cyan"), f"{slot.step}{tries}", state, age(slot.since, now))

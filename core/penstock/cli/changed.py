"""``--changed``: run only what is stale or missing, and say what is left out.

Owns: that option's words, and how a launch is cut down to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve

from penstock.cli.causes import range_in_words
from penstock.cli.launching import LaunchChoice
from penstock.cli.screen import Screen
from penstock.define.job import JobDefinition
from penstock.define.selection import AssetSelection
from penstock.errors import InvalidInvocationError
from penstock.host.changes import ChangedRun, LeftOut, changed_run
from penstock.host.clock import now as clock
from penstock.host.code import Code
from penstock.host.coverage import asked_in_words, coverage_of
from penstock.host.instance import Instance
from penstock.host.staleness import judged
from penstock.partitions.view import View
from penstock.query.plain import as_plain

_MOST_RANGES = 2
CHANGED_HELP = "Only what is stale or missing; see penstock plan for why."


def cut_to_changed(
    screen: Screen, code: Code, job: JobDefinition, launch: LaunchChoice, cut: Callable[[Any], JobDefinition]
) -> tuple[JobDefinition, LaunchChoice] | None:
    """The job and launch that make what has changed; None when there is nothing to do, which is said.

    Args:
        screen: where to say what is left out.
        code: where the job comes from.
        job: everything that may run, a job of assets.
        launch: what the command line says about the run.
        cut: makes the job of a selection of its assets.

    Raises:
        InvalidInvocationError: when the job is none of assets.
    """
    assets = job.assets
    if assets is None:
        raise InvalidInvocationError(
            f"Job {job.name!r} is made of ops, of which nothing is stale. Leave out --changed."
        )
    key, ends = asked_in_words(launch.partition)
    with Instance.get() as instance:
        asked = launch.partition is not None
        covered = coverage_of(job, key, ends, instance).keys if asked else ()
        verdicts = judged(code.graph, instance, assets.selected)
        chosen = changed_run(code.graph, verdicts, View(clock(), instance), covered)
    if not chosen.keys:
        _say_nothing(screen, chosen, len(verdicts))
        return None
    _say_left_out(screen, chosen)
    part = cut(AssetSelection.keys(*chosen.keys))
    return part, evolve(launch, partition=_partition(part, launch, chosen))


def _partition(job: JobDefinition, launch: LaunchChoice, chosen: ChangedRun) -> str | None:
    if job.partitions_def is None:
        return None
    covers = chosen.partitions
    if covers is None:
        return launch.partition
    return covers.first if covers.count == 1 else f"{covers.first}...{covers.last}"


def _say_nothing(screen: Screen, chosen: ChangedRun, count: int) -> None:
    if screen.as_json:
        left_out = [as_plain(one) for one in chosen.left_out]
        screen.document({"type": "SUMMARY", "run_id": None, "status": None, "left_out": left_out})
        return
    if chosen.left_out:
        screen.say("Nothing that has changed can be made by this run.")
        _say_left_out(screen, chosen)
    else:
        what = "the asset is" if count == 1 else f"all {count:,} assets are"
        screen.say(f"Nothing has changed: {what} up to date.")


def _say_left_out(screen: Screen, chosen: ChangedRun) -> None:
    """A line for each asset that is left out, and how to make partitions that are."""
    for one in chosen.left_out:
        for line in screen.folded(f"Left out: {_in_words(one)}.", "  "):
            screen.say(line)
    names = [one.key.to_user_string() for one in chosen.left_out if one.ranges]
    if names:
        asset = f"'{' or '.join(names)}'" if len(names) > 1 else names[0]
        option = "missing" if all(one.only_missing for one in chosen.left_out if one.ranges) else "changed"
        screen.say(f"To make these partitions: penstock backfill launch --asset {asset} --{option}")


def _in_words(one: LeftOut) -> str:
    name = one.key.to_user_string()
    if not one.ranges:
        return f"{name}, {one.because.value}"
    count = sum(span.count for span in one.ranges)
    first = ", ".join(map(range_in_words, one.ranges[:_MOST_RANGES]))
    rest = len(one.ranges) - _MOST_RANGES
    more = f" and {rest:,} more range{'' if rest == 1 else 's'}" if rest > 0 else ""
    return f"{name}, {count:,} partition{'' if count == 1 else 's'}: {first}{more}"

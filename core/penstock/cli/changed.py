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
from penstock.host.changes import ChangedRun, LeftOut, LeftOutBecause, changed_run
from penstock.host.clock import now as clock
from penstock.host.code import Code
from penstock.host.coverage import asked_in_words, coverage_of
from penstock.host.instance import Instance
from penstock.host.staleness import judged
from penstock.partitions.view import View
from penstock.query.plain import as_plain

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
    for line in _left_out(chosen):
        screen.say(line)
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
        for line in _left_out(chosen):
            screen.say(line)
    else:
        what = "the asset is" if count == 1 else f"all {count:,} assets are"
        screen.say(f"Nothing has changed: {what} up to date.")


def _left_out(chosen: ChangedRun) -> list[str]:
    return [f"Left out: {_one_left_out(one)}" for one in chosen.left_out]


def _one_left_out(one: LeftOut) -> str:
    name = one.key.to_user_string()
    if one.because is LeftOutBecause.UPSTREAM:
        return f"{name}, {one.because.value}."
    count = sum(span.count for span in one.ranges)
    first = ", ".join(map(range_in_words, one.ranges[:2]))
    more = f" and {len(one.ranges) - 2:,} more ranges" if len(one.ranges) > 2 else ""
    option = "missing" if one.only_missing else "changed"
    partitions = f"{count:,} partition{'' if count == 1 else 's'}"
    how = f"penstock backfill launch --asset {name} --{option}"
    return f"{name}, {partitions}: {first}{more}. Make them with {how}"

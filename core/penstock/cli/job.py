"""``penstock job``: list jobs, or run one."""

from __future__ import annotations

from functools import partial
from typing import Any

import click
from attrs import evolve

from penstock.cli.changed import CHANGED_HELP, cut_to_changed
from penstock.cli.launching import LaunchChoice, executor_named, run_job, with_launch
from penstock.cli.loading import load
from penstock.cli.options import CodeChoice, answering, examples, with_code
from penstock.cli.screen import Screen
from penstock.define.job import JobDefinition
from penstock.plan.asset_subset import subset_asset_job


@click.group("job")
def command() -> None:
    """List jobs, or run one."""


@command.command("list", epilog=examples("penstock job list -m my_shop.definitions"))
@with_code
@answering
def list_command(screen: Screen, code: CodeChoice) -> None:
    """List the jobs of your definitions."""
    jobs = load(code).jobs
    if screen.as_json:
        screen.document([_plain(job) for job in jobs.values()])
    elif screen.quiet:
        screen.names(list(jobs))
    elif not jobs:
        screen.say("No jobs. `penstock materialize` needs none: it makes assets.")
    else:
        rows = [
            (name, _kind(job), str(len(job.graph.nodes)), (job.description or "").strip().split("\n")[0])
            for name, job in jobs.items()
        ]
        screen.table(("job", "kind", "nodes", "description"), rows, elastic="description")


def _kind(job: JobDefinition) -> str:
    return "ops" if job.assets is None else "assets"


def _plain(job: JobDefinition) -> dict[str, Any]:
    return {
        "name": job.name,
        "kind": _kind(job),
        "nodes": list(job.graph.nodes),
        "description": job.description,
        "tags": dict(job.tags),
        "partitioned": job.partitions_def is not None,
    }


@command.command(
    "run",
    epilog=examples(
        "penstock job run nightly",
        "penstock job run nightly --changed",
        'penstock job run nightly -c \'{"ops": {"load": {"config": {"rows": 10}}}}\'',
    ),
)
@click.argument("name")
@with_code
@click.option("--changed", is_flag=True, help=CHANGED_HELP)
@with_launch
@answering
def run_command(screen: Screen, name: str, code: CodeChoice, launch: LaunchChoice, changed: bool) -> int:
    """Run the job NAME, and show what happens.

    With --changed only those of its assets that are stale or missing, as penstock plan tells.

    The exit code is 0 when it succeeded or nothing is to be done, 1 when it failed, 130 when it was canceled.
    """
    executor = executor_named(launch.executor)
    loaded = load(code)
    job = loaded.job(name)
    if executor is not None:
        job = evolve(job, executor_def=executor)
    if changed:
        cut = cut_to_changed(screen, loaded, job, launch, partial(subset_asset_job, job))
        if cut is None:
            return 0
        job, launch = cut
    return run_job(screen, loaded, job, launch, f"Job {name!r}")

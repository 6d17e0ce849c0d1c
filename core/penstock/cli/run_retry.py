"""``penstock run retry``: run again what failed, or chosen steps, with what was made before.

Lazy: the user's code is loaded from where the run says it came from, unless the command line says else.
"""

from __future__ import annotations

from pathlib import Path

import click
from attrs import evolve

from penstock.cli.loading import load
from penstock.cli.options import CodeChoice, answering, examples, run_ids, with_code
from penstock.cli.running import Observer, watched
from penstock.cli.screen import Screen
from penstock.define.job import JobDefinition
from penstock.engine.wants import EXECUTOR_TAG
from penstock.events.runs import PARTITION_TAG, RANGE_END_TAG, RANGE_START_TAG, Run
from penstock.host.code import Code, source_of
from penstock.host.execute import execute_job
from penstock.host.executors import USUAL
from penstock.host.instance import Instance
from penstock.host.reexecution import ReexecutionOptions
from penstock.host.settings import load_settings
from penstock.query.runs import find_run


@click.command(
    "retry",
    epilog=examples(
        "penstock run retry 3f2a91c0",
        "penstock run retry 3f2 --steps 'orders*'",
        "penstock run retry 3f2 --all",
    ),
)
@click.argument("run", shell_complete=run_ids)
@click.option("--from-failure", is_flag=True, help="What failed or was never reached; the default.")
@click.option("--all", "whole", is_flag=True, help="Everything, from the beginning.")
@click.option("--steps", metavar="STEP[,STEP...]", help="These steps; 'STEP*' means what follows it too.")
@with_code
@answering
def retry(
    screen: Screen, run: str, code: CodeChoice, *, from_failure: bool, whole: bool, steps: str | None
) -> int:
    """Run again what failed; take over what succeeded.

    The new run has the job, the config and the tags of the old one.
    """
    if from_failure + whole + (steps is not None) > 1:
        raise click.UsageError("Give one of --from-failure, --all and --steps.")
    with Instance.get() as instance:
        parent = find_run(instance.store, run).run
        if steps is None and not whole:
            options = ReexecutionOptions.from_failure(parent.run_id, instance)
        else:
            chosen = [part.strip() for part in (steps or "").split(",") if part.strip()]
            options = ReexecutionOptions(parent_run_id=parent.run_id, step_selection=chosen)
        loaded = load(_choice(code, parent))
        job = job_of_run(loaded, parent)

        def act(observers: tuple[Observer, ...]) -> None:
            execute_job(
                job,
                instance,
                run_config=parent.run_config or None,
                tags=_tags(parent),
                op_selection=parent.op_selection,
                reexecution_options=options,
                partition_key=parent.tags.get(PARTITION_TAG),
                observers=observers,
                code_location=str(loaded.source),
                default_executor=parent.tags.get(EXECUTOR_TAG) or instance.settings.executor or USUAL,
            )

        return watched(screen, act, code=code)


def _choice(code: CodeChoice, parent: Run) -> CodeChoice:
    """The code of the parent, unless the command line names another."""
    if code.module is not None or code.file is not None or not parent.code_location:
        return code
    place = parent.code_location
    if _is_of_settings(place):
        return code  # found as then, also from a folder within the project
    bare = place.rpartition(":")[0] or place
    is_file = place.endswith(".py") or bare.endswith(".py")
    if is_file and Path(bare if bare.endswith(".py") else place).is_file():
        return evolve(code, file=place)
    return code if is_file else evolve(code, module=place)


def _is_of_settings(place: str) -> bool:
    settings = load_settings()
    if settings.module is None and settings.file is None:
        return False
    return str(source_of(settings, folder=Path.cwd())) == place


def job_of_run(code: Code, run: Run) -> JobDefinition:
    """The job that a run was of, cut to the assets it made.

    Raises:
        CodeLocationError: when the definitions have no such job any more.
    """
    if run.asset_selection is None or not run.job_name.startswith("__ASSET_JOB"):
        return code.job(run.job_name)
    return code.asset_job(sorted(run.asset_selection))


def _tags(run: Run) -> dict[str, str]:
    """The tags that people gave, and the range of partitions; others of Penstock are made anew."""
    kept = {RANGE_START_TAG, RANGE_END_TAG}
    return {key: value for key, value in run.tags.items() if not key.startswith("penstock/") or key in kept}

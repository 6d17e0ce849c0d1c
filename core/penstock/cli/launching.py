"""What commands that run something share: their options, and the run itself.

Owns: ``with_launch`` (``--partition``, ``--config``, ``--tag``, ``--executor``) and ``run_job``.
Lazy: the registry of executors is opened when one is named.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from penstock.cli.loading import read_config
from penstock.cli.options import CodeChoice
from penstock.cli.running import Observer, watched
from penstock.cli.screen import Screen
from penstock.cli.tags import parse_tags
from penstock.define.executor import (
    ExecutorDefinition,
    as_executor,
    in_process_executor,
    multi_or_in_process_executor,
)
from penstock.define.job import JobDefinition
from penstock.errors import InvalidInvocationError
from penstock.events.runs import PARTITION_TAG, RANGE_START_TAG
from penstock.host.code import Code
from penstock.host.coverage import asked_in_words, makes_partitions
from penstock.host.execute import execute_job
from penstock.host.executors import USUAL
from penstock.host.instance import Instance
from penstock.host.registry import open_registry
from penstock.host.settings import load_settings
from penstock.plan.flatten import Scope, walk
from penstock.values import frozen


@frozen(kw_only=True)
class LaunchChoice:
    """What the command line says about one run.

    Args:
        partition: the partition key, or a range of them as ``FIRST...LAST``.
        config: run config as it was parsed.
        tags: of the run.
        executor: the name of an executor, None for the job's own.
        code: where the command line says the definitions are.
    """

    partition: str | None
    config: Any
    tags: dict[str, str]
    executor: str | None
    code: CodeChoice


def with_launch(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how a run is launched, beneath ``with_code``; passes ``launch``."""

    @click.option(
        "--partition", metavar="KEY", help="The partition to make, or FIRST...LAST for a range in one run."
    )
    @click.option(
        "-c", "--config", metavar="FILE|JSON", help="Run config: a JSON or YAML file, or JSON text."
    )
    @click.option("-t", "--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A tag of the run.")
    @click.option("--executor", metavar="NAME", help="What carries out the steps; see penstock plugins -v.")
    @wraps(function)
    def command(
        *args: Any,
        partition: str | None,
        config: str | None,
        tags: tuple[str, ...],
        executor: str | None,
        **rest: Any,
    ) -> Any:
        launch = LaunchChoice(
            partition=partition,
            config=read_config(config),
            tags=parse_tags(tags),
            executor=executor,
            code=rest["code"],
        )
        return function(*args, launch=launch, **rest)

    return command


_BUILT_IN = (in_process_executor, multi_or_in_process_executor)
"""What no plugin has to offer, so that it is not looked up."""


def executor_named(name: str | None) -> ExecutorDefinition | None:
    """The definition of an executor that a plugin offers; None for none.

    Raises:
        PluginError: when there is no executor of that name.
    """
    if name is None:
        return None
    definition = as_executor(name)
    if definition is not None and definition not in _BUILT_IN:
        open_registry(load_settings().plugins, os.environ).entry("executor", definition.target or name)
    return definition


def refuse_wrong_partition(job: JobDefinition, partition: str | None, what: str) -> None:
    """Refuse to run partitioned things without saying which partition, and others with one.

    Raises:
        InvalidInvocationError: naming the option.
    """
    is_partitioned = makes_partitions(job)
    if is_partitioned and partition is None:
        raise InvalidInvocationError(
            f"{_partitioned(job, what)} Say which partition to make: --partition KEY, or FIRST...LAST for a"
            " range."
        )
    if not is_partitioned and partition is not None:
        raise InvalidInvocationError(
            f"{what} has no partitions, so there is no partition {partition!r}. Leave out --partition."
        )


def _partitioned(job: JobDefinition, what: str) -> str:
    """What has partitions, and which."""
    if job.partitions_def is not None:
        return f"{what} is partitioned: {job.partitions_def}."
    return f"{what} has partitioned assets."


def run_job(screen: Screen, code: Code, job: JobDefinition, launch: LaunchChoice, what: str) -> int:
    """Run a job in this process and show it.

    Args:
        screen: where to show it.
        code: where the job comes from.
        job: what to run.
        launch: what the command line says about the run.
        what: the job for messages.

    Returns:
        The exit code.
    """
    key, ends = asked_in_words(launch.partition)
    tags = {**launch.tags, **ends}
    by_tag = tags.get(PARTITION_TAG, tags.get(RANGE_START_TAG))
    refuse_wrong_partition(job, by_tag if launch.partition is None else launch.partition, what)
    with Instance.get() as instance:

        def act(observers: tuple[Observer, ...]) -> None:
            execute_job(
                job,
                instance,
                run_config=launch.config,
                tags=tags,
                partition_key=key,
                observers=observers,
                code_location=str(code.source),
                default_executor=instance.settings.executor or USUAL,
            )

        return watched(screen, act, steps_in(job), launch.code)


def steps_in(job: JobDefinition) -> int:
    """How many steps a job has before any is mapped."""
    return sum(1 for _ in walk(Scope(job.graph)))

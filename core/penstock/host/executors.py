"""Executors of a run: found by name or value, made with their config, several where steps name their own.

Owns: which executor carries out which steps, and what is refused before anything runs. Plugins are asked
through ``extensions``; the in-process executor needs nobody.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from penstock.config import bind
from penstock.define.executor import ExecutorDefinition, as_executor
from penstock.define.job import JobDefinition
from penstock.engine.inline import InlineExecutor
from penstock.engine.limits import Limits, tag_limits
from penstock.engine.program import Program
from penstock.engine.team import Team
from penstock.engine.wants import executor_value
from penstock.errors import InvalidConfigError, InvalidDefinitionError
from penstock.host.extensions import IN_PROCESS, executor_named
from penstock.host.settings import Settings, environment
from penstock.host.warm import Kind, WarmExecutors
from penstock.plan.model import Plan
from penstock.spi.executor import Executor
from penstock.values import frozen

EITHER = "multi_or_in_process"
USUAL = "usual"
"""Asks for worker processes where they pay, and for this process where they do not or cannot be had."""

_OWN_KEYS = frozenset({"retries", "tag_concurrency_limits", "marker_to_close"})
"""Keys of an executor's config that are the engine's: no executor hears of them."""

_PARTS = ("features", "begin", "submit", "collect", "fetch", "release", "cancel", "close")

_IN_PROCESS_NAMES = frozenset({IN_PROCESS, "inline"})


@frozen(kw_only=True)
class InitExecutorContext:
    """What a function that makes an executor is told.

    Args:
        job: that is to be run.
        executor_def: the definition of the executor.
        executor_config: its bound config.
        instance: of the run.
    """

    job: JobDefinition
    executor_def: ExecutorDefinition
    executor_config: Mapping[str, Any]
    instance: Any


@frozen(kw_only=True, eq=False)
class Choice:
    """What carries out a run.

    Args:
        own: the executor of the run; None for this process.
        others: those that single steps name, by the names under which they do.
        is_fallback: whether nobody asked for the run's own, so that this process may do as well.
    """

    own: ExecutorDefinition | None
    others: Mapping[str, ExecutorDefinition]
    is_fallback: bool = False

    @property
    def stays_here(self) -> bool:
        """Whether no step leaves this process."""
        return is_here(self.own) and not self.others


def choose(program: Program, default: str | None, *, runs_here: bool) -> Choice:
    """What carries out a run.

    Args:
        program: with job and plan.
        default: name for jobs that say nothing; None for this process, ``USUAL`` for worker processes where
            steps can run side by side on more than one processor.
        runs_here: True leaves every executor aside.
    """
    if runs_here:
        return Choice(own=None, others={})
    own = as_executor(program.job.own_executor)
    others = _named_by_steps(program)
    if own is None:
        own = _named_by_config(program)
    if own is None and default == USUAL:
        pays = is_wide(program.plan) and count_processors() > 1
        return Choice(own=as_executor("process") if pays else None, others=others, is_fallback=True)
    if own is None:
        own = as_executor(default)
    return Choice(own=_decided(own, program), others=others)


def _named_by_config(program: Program) -> ExecutorDefinition | None:
    """The one of two that the config of a run names whose job says nothing."""
    config = program.config.execution
    return next((as_executor(name) for name in (IN_PROCESS, "multiprocess") if name in config), None)


def _decided(own: ExecutorDefinition | None, program: Program) -> ExecutorDefinition | None:
    """The executor that may be either, as the run's config decides."""
    if own is None or own.target != EITHER:
        return own
    return None if IN_PROCESS in program.config.execution else as_executor("process")


def is_here(definition: ExecutorDefinition | None) -> bool:
    """Whether an executor is this process."""
    return definition is None or definition.target in _IN_PROCESS_NAMES


def count_processors() -> int:
    """How many processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def is_wide(plan: Plan) -> bool:
    """Whether two steps of a plan could ever run at the same time."""
    if any(output.dynamic for step in plan.steps for output in step.outputs):
        return True
    return any(step.upstream != (step.id - 1,) for step in plan.steps[1:])


def open_executor(choice: Choice, program: Program, settings: Settings, warm: WarmExecutors) -> Executor:
    """The executor of a run, not begun.

    Args:
        choice: what is to carry out the run.
        program: of the run.
        settings: of its instance.
        warm: has what the run is given, and takes it back.

    Raises:
        InvalidConfigError: when config is wrong: that of the limits too, with every fault of all executors.
        UserError: when it cannot be made for another reason: an unknown name.
    """
    if choice.stays_here:
        return InlineExecutor()
    made: dict[str | None, Executor] = {}
    refused: list[InvalidConfigError] = []
    try:
        limits_of(choice, program, settings)
    except InvalidConfigError as error:
        refused.append(error)
    for name, definition in {None: choice.own, **choice.others}.items():
        config: Mapping[str, Any] = program.config.execution if name is None else {}
        try:
            made[name] = _taken(definition, program, settings, config, warm)
        except InvalidConfigError as error:
            refused.append(error if name is None else _said_by(error, name, program))
    if refused:
        raise _together(refused) from refused[0]
    return Team(made) if choice.others else made[None]


def _said_by(error: InvalidConfigError, name: str, program: Program) -> InvalidConfigError:
    """The same, with the first step that names this executor."""
    step = next(step for step in program.plan.steps if program.bound(step).wants.executor == name)
    return InvalidConfigError(f"{error.message.rstrip(':')} (asked for by {step.key!r}):", error.faults)


def _together(refused: Sequence[InvalidConfigError]) -> InvalidConfigError:
    if len(refused) == 1:
        return refused[0]
    faults = [f"{one.message.rstrip(':')}: {fault}" for one in refused for fault in one.faults]
    return InvalidConfigError("The config of what is to carry out the steps does not fit:", faults)


def works_here(executor: Executor) -> bool:
    """Whether steps run in this process, with the resources that are opened here."""
    return executor.works_here if isinstance(executor, Team) else executor.features.in_process


def limits_of(choice: Choice, program: Program, settings: Settings) -> Limits:
    """The limits of a run: those of its config by tag, those of the settings by pool.

    Raises:
        InvalidConfigError: when the config's are none.
    """
    if choice.stays_here:
        return Limits()
    given = _config_of(program.config.execution).get("tag_concurrency_limits")
    return Limits(tag_limits(given), dict(settings.pools))


def _taken(
    definition: ExecutorDefinition | None,
    program: Program,
    settings: Settings,
    config: Mapping[str, Any],
    warm: WarmExecutors,
) -> Executor:
    if definition is None or is_here(definition):
        return warm.take(None, InlineExecutor)
    given: Mapping[str, Any] = _config_of(config) if config else _settled(definition)
    bound = {key: value for key, value in given.items() if key not in _OWN_KEYS}
    if definition.executor_creation_fn is not None:
        create = definition.executor_creation_fn
        context = InitExecutorContext(
            job=program.job, executor_def=definition, executor_config=bound, instance=program.instance
        )
        return warm.take(None, lambda: _checked(create(context), definition.name))
    name = definition.target or definition.name
    kind = Kind(name=name, config=bound, settings=settings)
    return warm.take(kind, lambda: _checked(executor_named(name, bound, settings), name))


def _checked(made: Any, name: str) -> Executor:
    """What somebody else made, if it is an executor.

    Raises:
        InvalidDefinitionError: when it is none.
    """
    lacking = [one for one in _PARTS if not hasattr(made, one)]
    if lacking:
        raise InvalidDefinitionError(
            f"The executor {name!r} was to give an object with the methods of penstock.spi.executor.Executor,"
            f" found {made!r}, which lacks {', '.join(lacking)}."
        )
    return made


def _config_of(execution: Mapping[str, Any]) -> Mapping[str, Any]:
    """The config of the executor itself, where it stands below the name of one of two."""
    return execution.get("multiprocess", execution)


def _settled(definition: ExecutorDefinition) -> Mapping[str, Any]:
    """The config with which a definition was configured, for those that no run config reaches."""
    return bind(definition.config, env=environment(), path="$.executor", what=repr(definition.name)) or {}


def _named_by_steps(program: Program) -> dict[str, ExecutorDefinition]:
    """The executors that steps of this plan name, by the names under which they do."""
    found: dict[str, ExecutorDefinition] = {}
    for step in program.plan.steps:
        bound = program.bound(step)
        name = bound.wants.executor
        if name is None or name in found:
            continue
        value = None if bound.assets is None else executor_value(bound.assets.executor)
        definition = as_executor(name if value is None else value)
        if definition is not None:
            found[name] = definition
    return found

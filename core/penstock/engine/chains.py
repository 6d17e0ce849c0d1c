"""Chains: steps that need only each other and may travel as one task.

Owns: when steps may be joined. A chain saves the way of each value to the driver's side and back; it costs
the freedom to place its steps apart, so whatever asks for a place, a limit or a time of its own stays
alone, and so does what may be overtaken: a step of lower priority than another of the run. When a worker
dies, what its chain has not stored is gone with it: a step that is to be tried again joins only when it can
read its input once more. Pure.
"""

from __future__ import annotations

from penstock.engine.io import hands_straight_on
from penstock.engine.program import BoundStep, Program
from penstock.engine.state import Phase, RunState, Unit
from penstock.plan.model import DIRECT, MAPPED, Step

ALONE_TAG = "penstock/alone"
"""A tag that keeps a step out of every chain."""


def chain_from(program: Program, state: RunState, first: Unit, longest: int) -> tuple[Unit, ...]:
    """The units that are carried out together with one that is ready.

    Args:
        program: of the run.
        state: where the run stands.
        first: the unit that is to be submitted.
        longest: how many units a chain has at most.

    Returns:
        ``first`` and what follows it alone, in order.
    """
    plan = program.plan
    chain = [first]
    bound = program.bound(plan.steps[first[0]])
    if longest < 2 or not _may_join(bound) or bound.wants.priority < plan.top_priority:
        return (first,)
    while len(chain) < longest:
        step, key = chain[-1]
        readers = plan.readers[step]
        if len(readers) != 1:
            break
        follower: Unit = (readers[0], key)
        if not _follows(program, state, plan.steps[step], follower):
            break
        chain.append(follower)
    return tuple(chain)


def _follows(program: Program, state: RunState, step: Step, follower: Unit) -> bool:
    """Whether a reader waits for this step alone, and wants what it wants."""
    reader = program.plan.steps[follower[0]]
    if state.phase.get(follower) is not Phase.WAITING or not state.is_wanted(follower):
        return False
    if reader.upstream != (step.id,) or not _reads_certain_values(step, reader):
        return False
    bound = program.bound(reader)
    if bound.retry_policy is not None and not _is_stored(program, step, reader):
        return False
    return _may_join(bound) and bound.wants == program.bound(step).wants


def _is_stored(program: Program, step: Step, reader: Step) -> bool:
    """Whether everything that the reader takes can be loaded."""
    read = {source.output for one in reader.inputs if one.kind != "nothing" for source in one.sources}
    return not any(output.name in read and hands_straight_on(program, output) for output in step.outputs)


def _reads_certain_values(step: Step, reader: Step) -> bool:
    """Whether what the reader takes will be there when the step succeeds: no option, no fan-out."""
    if (reader.mapped_by is None) != (step.mapped_by is None):
        return False
    mode = DIRECT if reader.mapped_by is None else MAPPED
    certain = {output.name for output in step.outputs if output.required and not output.dynamic}
    sources = [source for one in reader.inputs for source in one.sources] + list(reader.after)
    return all(source.mode == mode and source.output in certain for source in sources)


def _may_join(bound: BoundStep) -> bool:
    return (
        bound.timeout is None
        and bound.op.pool is None
        and bound.wants.lane == "process"
        and ALONE_TAG not in bound.tags
    )

"""Whatever order outcomes come in, and wherever a run is cut off: its end is the same, and the right one."""

from __future__ import annotations

import random

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.define.graph import FanIn, FromNode, GraphDefinition, Node
from penstock.define.inout import InputDefinition, OutputDefinition
from penstock.define.job import JobDefinition
from penstock.define.op import OpDefinition
from penstock.define.signature import read_shape
from penstock.engine.decide import (
    Finish,
    Submit,
    WaitUntil,
    cancellation,
    next_command,
    resumption,
    skips,
)
from penstock.engine.state import Phase, RunState
from penstock.events import values as v
from penstock.events.runs import RunStatus
from penstock.plan.expand import build_plan
from penstock.plan.model import COLLECTED, Plan, Source, Step, StepInput, StepOutput
from penstock.types import resolve_type

ANYTHING = resolve_type(object)
ERROR = v.ErrorInfo(cls_name="ValueError", message="no")
SHAPE = read_shape(lambda: None)
MANY = 5_000


# ---- random plans: each node reads some earlier ones -----------------------------------------------


@st.composite
def graphs(draw):
    """A graph of ops with optional, dynamic, mapped, collected, fan-in and order-only wires."""
    count = draw(st.integers(1, 7))
    nodes, origins = {}, {}  # origins: node name → the dynamic node that multiplies it
    for number in range(count):
        name = f"n{number}"
        earlier = list(nodes)
        origin = draw(st.sampled_from([None, *(o for o in {*earlier, *origins.values()} if o)]))
        if origin is not None and "many" not in nodes[origin].definition.outs:
            origin = None
        wires = {}
        for place in range(draw(st.integers(0, 2 if earlier else 0))):
            if draw(st.booleans()):
                parts = draw(st.lists(st.sampled_from(earlier), min_size=1, max_size=3))
                sources = [_wire(draw, nodes, origins, part, None) for part in parts]
                wires[f"x{place}"] = FanIn(tuple(sources))
            else:
                wires[f"x{place}"] = _wire(draw, nodes, origins, draw(st.sampled_from(earlier)), origin)
        after = ()
        if earlier and draw(st.integers(0, 3)) == 0:
            after = (_wire(draw, nodes, origins, draw(st.sampled_from(earlier)), origin),)
        is_mapped = any(
            wire.mode == "mapped" for wire in [*wires.values(), *after] if isinstance(wire, FromNode)
        )
        if is_mapped:
            origins[name] = origin
        outs = ["result", *(["maybe"] if draw(st.booleans()) else [])]
        if not is_mapped and draw(st.integers(0, 2)) == 0:
            outs.append("many")
        nodes[name] = Node(name=name, definition=_op(wires, outs), inputs=wires, after=after)
    return GraphDefinition(name="graph", nodes=nodes)


def _wire(draw, nodes, origins, name, origin):
    """A wire from a node; from what is multiplied it maps over `origin`, or collects."""
    output = draw(st.sampled_from(sorted(nodes[name].definition.outs)))
    multiplied_by = name if output == "many" else origins.get(name)
    if multiplied_by is None:
        return FromNode(name, output)
    return FromNode(name, output, "mapped" if multiplied_by == origin else "collected")


def _op(wires, outs):
    return OpDefinition(
        name="op",
        fn=lambda: None,
        shape=SHAPE,
        ins={name: InputDefinition(name=name, type=ANYTHING) for name in wires},
        outs={
            name: OutputDefinition(
                name=name, type=ANYTHING, is_required=name == "result", is_dynamic=name == "many"
            )
            for name in outs
        },
    )


@st.composite
def stories(draw):
    """A plan, and a fate for every unit that may come to be."""
    plan = build_plan(JobDefinition(name="job", graph=draw(graphs())))
    return plan, draw(st.integers(0, 2**32))


@attrs.frozen
class Fate:
    """How the attempts at one unit end."""

    fails: bool
    flaky: bool
    outputs: dict


def fate_of(plan, seed, key):
    """The same for the same key, whatever happened before."""
    chance = random.Random(f"{seed}/{key}")
    step = plan.step(key)
    outputs = {}
    for output in step.outputs:
        if output.dynamic:
            outputs[output.name] = ["a", "b", "c"][: chance.randrange(4)]
        elif output.required or chance.random() < 0.5:
            outputs[output.name] = None
    return Fate(fails=chance.random() < 0.2, flaky=chance.random() < 0.2, outputs=outputs)


def ending_of(plan, seed, key, attempt):
    """The events with which an attempt ends."""
    fate = fate_of(plan, seed, key)
    if fate.flaky and attempt == 1:
        return [v.StepRetryScheduled(at=0.0, step=key, error=ERROR, wait=0.0, attempt=1)]
    if fate.fails:
        return [v.StepFailed(at=0.0, step=key, error=ERROR, attempt=attempt)]
    made = [
        v.OutputProduced(at=0.0, step=key, output_name=name, mapping_key=one)
        for name, keys in fate.outputs.items()
        for one in ([None] if keys is None else keys)
    ]
    return [*made, v.StepSucceeded(at=0.0, step=key, attempt=attempt)]


def play(plan, seed, order, log, room=3):
    """Go on from a log until nothing is left to do; `order` is the luck of the executor."""
    state = RunState(plan).apply_all(log)
    running = []
    submitted = []

    def note(events):
        log.extend(events)
        state.apply_all(events)

    note(resumption(state, 0.0))
    while True:
        while events := skips(state, 0.0):
            note(events)
        command = next_command(state, 0.0, len(running), room - len(running))
        assert not isinstance(command, WaitUntil), "every retry is due at once"
        if isinstance(command, Finish):
            assert not running
            note(command.events)
            return state, submitted
        if isinstance(command, Submit) and (not running or order.random() < 0.7):
            key = state.key(command.unit)
            submitted.append((key, command.attempt))
            start = v.StepStarted if command.attempt == 1 else v.StepRestarted
            state.claim(command.unit)
            note([start(at=0.0, step=key, attempt=command.attempt)])
            running.append((key, command.attempt))
        else:
            key, attempt = running.pop(order.randrange(len(running)))
            note(ending_of(plan, seed, key, attempt))


def shown(state):
    """All that the end of a run consists of."""
    return {
        "status": state.status,
        "phase": dict(sorted((state.key(unit), phase) for unit, phase in state.phase.items())),
        "produced": {state.key(unit): made for unit, made in sorted(state.produced.items(), key=str) if made},
        "keys": state.keys,
    }


# ---- the right end, said in another way ------------------------------------------------------------


def expected(plan, seed):
    """The final phase of every unit, worked out step by step in plan order."""
    phases, made, keys_of = {}, {}, {}

    def units_of(step):
        if step.mapped_by is None:
            return [None]
        return keys_of[step.mapped_by.step].get(step.mapped_by.output, [])

    for step in plan.steps:
        for key in units_of(step):
            unit = (step.id, key)
            phases[unit] = phase = verdict(plan, step, key, phases, made, units_of)
            if phase is not Phase.READY:
                continue
            fate = fate_of(plan, seed, step.key if key is None else f"{step.key}[{key}]")
            phases[unit] = Phase.FAILED if fate.fails else Phase.SUCCEEDED
            made[unit] = {} if fate.fails else {n: o for n, o in fate.outputs.items() if o is None or o}
        keys_of[step.id] = made.get((step.id, None), {})
    return phases


def verdict(plan, step, key, phases, made, units_of):
    """Ready, skipped or out of reach: one source must not have failed, and something must be there."""
    skipped = False
    groups = [one.sources for one in step.inputs if one.sources] + [(one,) for one in step.after]
    for group in groups:
        present = False
        for source in group:
            upstream = plan.steps[source.step]
            if source.mode == "mapped" and upstream.mapped_by is not None:
                units = [(source.step, key)]
            else:
                units = [(source.step, one) for one in units_of(upstream)]
            origin = (upstream.mapped_by.step if upstream.mapped_by else upstream.id, None)
            if any(phases[unit] > Phase.SKIPPED for unit in [*units, *([] if units else [origin])]):
                return Phase.OUT_OF_REACH
            present |= any(source.output in made.get(unit, {}) for unit in units)
            present |= source.mode == COLLECTED and collects_nothing(plan, source, phases, made)
        skipped |= not present
    return Phase.SKIPPED if skipped else Phase.READY


def collects_nothing(plan, source, phases, made):
    """An empty list is collected when the dynamic step gave no keys, and may not leave its output out."""
    at = plan.steps[source.step].mapped_by or source
    (output,) = [one for one in plan.steps[at.step].outputs if one.name == at.output]
    unit = (at.step, None)
    return phases[unit] is Phase.SUCCEEDED and output.required and not made.get(unit, {}).get(at.output)


# ---- what holds of all of them ---------------------------------------------------------------------

stories_told = settings(max_examples=150)


@stories_told
@given(stories(), st.randoms(use_true_random=False), st.randoms(use_true_random=False), st.integers(1, 4))
def test_any_order_of_outcomes_leads_to_the_same_end(story, luck, other_luck, room):
    plan, seed = story
    one, _ = play(plan, seed, luck, [])
    other, _ = play(plan, seed, other_luck, [], room)
    assert shown(one) == shown(other)


@stories_told
@given(stories(), st.randoms(use_true_random=False))
def test_each_unit_ends_as_its_sources_and_its_own_fate_say(story, luck):
    plan, seed = story
    state, _ = play(plan, seed, luck, [])
    assert state.phase == expected(plan, seed)


@stories_told
@given(stories(), st.randoms(use_true_random=False), st.data())
def test_a_crash_and_a_resumption_lead_to_the_end_without_them(story, luck, data):
    plan, seed = story
    whole = []
    undisturbed, _ = play(plan, seed, luck, whole)
    ended = next(
        place for place, event in enumerate(whole) if isinstance(event, v.RunSucceeded | v.RunFailed)
    )
    prefix = whole[: data.draw(st.integers(0, ended))]
    resumed, _ = play(plan, seed, luck, prefix)
    assert shown(resumed) == shown(undisturbed)


@stories_told
@given(stories(), st.randoms(use_true_random=False))
def test_the_fold_of_the_events_is_the_live_state(story, luck):
    plan, seed = story
    log = []
    live, _ = play(plan, seed, luck, log)
    folded = RunState(plan).apply_all(log)
    assert shown(folded) == shown(live)
    assert folded.attempts == live.attempts
    assert sorted(folded.spent) == sorted(live.spent)


@stories_told
@given(stories(), st.randoms(use_true_random=False))
def test_each_unit_has_one_final_event_unless_it_is_out_of_reach(story, luck):
    plan, seed = story
    log = []
    state, _ = play(plan, seed, luck, log)
    ends = [e.step for e in log if isinstance(e, v.StepSucceeded | v.StepFailed | v.StepSkipped)]
    in_reach = [state.key(unit) for unit, phase in state.phase.items() if phase is not Phase.OUT_OF_REACH]
    assert sorted(ends) == sorted(in_reach)
    assert not state.unfinished()


@stories_told
@given(stories(), st.randoms(use_true_random=False))
def test_what_depends_on_a_failure_leaves_no_event(story, luck):
    plan, seed = story
    log = []
    state, _ = play(plan, seed, luck, log)
    lost = {state.key(unit) for unit, phase in state.phase.items() if phase is Phase.OUT_OF_REACH}
    assert not lost & {event.step for event in log if isinstance(event, v.StepHappened)}


@stories_told
@given(stories(), st.randoms(use_true_random=False))
def test_no_attempt_is_submitted_twice(story, luck):
    plan, seed = story
    _, submitted = play(plan, seed, luck, [])
    assert len(submitted) == len(set(submitted))
    flaky = {key for key, attempt in submitted if attempt > 1}
    assert flaky == {key for key, _ in submitted if fate_of(plan, seed, key).flaky}


@stories_told
@given(stories(), st.randoms(use_true_random=False))
def test_every_step_is_spent_at_the_end(story, luck):
    plan, seed = story
    state, _ = play(plan, seed, luck, [])
    assert sorted(state.spent) == list(range(len(plan)))


@stories_told
@given(stories(), st.randoms(use_true_random=False), st.data())
def test_a_step_is_spent_only_when_its_readers_are_done(story, luck, data):
    plan, seed = story
    log = []
    play(plan, seed, luck, log)
    state = RunState(plan).apply_all(log[: data.draw(st.integers(0, len(log)))])
    for step in state.spent:
        for reader in plan.readers[step]:
            units = [phase for unit, phase in state.phase.items() if unit[0] == reader]
            assert all(phase >= Phase.SUCCEEDED for phase in units)


@stories_told
@given(stories(), st.randoms(use_true_random=False), st.data())
def test_a_re_execution_runs_what_is_wanted_and_nothing_else(story, luck, data):
    plan, seed = story
    log = []
    before, _ = play(plan, seed, luck, log)
    done = {state_key for state_key, phase in shown(before)["phase"].items() if phase is Phase.SUCCEEDED}
    again = data.draw(st.sets(st.sampled_from(sorted(done)))) if done else set()
    kept = [
        e
        for e in log
        if isinstance(e, v.OutputProduced | v.StepSucceeded | v.StepSkipped)
        and not again & {e.step, _origin_of(plan, e.step)}
    ]
    state = RunState(plan, frozenset(again)).apply_all(sorted(kept, key=lambda e: plan.step(e.step).id))
    started = set()
    while isinstance(command := next_command(state, 0.0, 0, 1), Submit):
        key = state.key(command.unit)
        started.add(key)
        state.apply(v.StepStarted(at=0.0, step=key))
        state.apply_all(ending_of(plan, seed, key, 2))
    assert started <= again


def _origin_of(plan, key):
    mapped_by = plan.step(key).mapped_by
    return None if mapped_by is None else plan.steps[mapped_by.step].key


# ---- single sentences ------------------------------------------------------------------------------


def chain(length, **fields):
    """Steps that each read the one before."""
    steps = [
        Step(
            id=number,
            key=f"s{number}",
            node=(f"s{number}",),
            inputs=(StepInput(name="x", kind="upstream", sources=(Source(number - 1, "result"),)),)
            if number
            else (),
            outputs=(StepOutput(name="result"),),
            upstream=(number - 1,) if number else (),
            **fields,
        )
        for number in range(length)
    ]
    return Plan(job_name="chain", steps=tuple(steps))


def succeeded(key):
    return [
        v.StepStarted(at=0.0, step=key),
        v.OutputProduced(at=0.0, step=key),
        v.StepSucceeded(at=0.0, step=key),
    ]


def test_a_hundred_thousand_steps_in_a_row_do_not_recurse():
    plan = chain(100_000)
    state = RunState(plan)
    state.apply_all([v.StepStarted(at=0.0, step="s0"), v.StepFailed(at=0.0, step="s0", error=ERROR)])
    assert state.phase[99_999, None] is Phase.OUT_OF_REACH


def test_steps_that_start_in_any_order_cost_the_same():
    wide = [
        Step(id=n, key=f"s{n}", node=(f"s{n}",), outputs=(StepOutput(name="result"),)) for n in range(MANY)
    ]
    state = RunState(Plan(job_name="wide", steps=tuple(wide)))
    for step in reversed(wide):  # the last of the heap first: what was ready must not be searched for
        state.apply_all(succeeded(step.key))
    assert state.next_ready() is None


def test_thousands_of_retries_come_due_one_by_one():
    wide = [Step(id=n, key=f"s{n}", node=(f"s{n}",)) for n in range(MANY)]
    state = RunState(Plan(job_name="wide", steps=tuple(wide)))
    for n, step in enumerate(wide):
        state.apply(v.StepStarted(at=0.0, step=step.key))
        state.apply(v.StepRetryScheduled(at=0.0, step=step.key, error=ERROR, wait=float(MANY - n), attempt=1))
    due = []
    while (retry := state.next_retry()) is not None:
        due.append(retry[0])
        state.apply(v.StepRestarted(at=0.0, step=state.key(retry[1]), attempt=2))
    assert due == sorted(due)
    assert len(due) == MANY


def test_a_retry_waits_for_its_moment():
    state = RunState(chain(1))
    state.apply(v.StepStarted(at=0.0, step="s0"))
    state.apply(v.StepRetryScheduled(at=10.0, step="s0", error=ERROR, wait=5.0, attempt=1))
    assert next_command(state, 12.0, 0, 1) == WaitUntil(15.0)
    assert next_command(state, 15.0, 0, 1) == Submit((0, None), 2)


def test_nothing_is_submitted_without_room():
    assert next_command(RunState(chain(1)), 0.0, 1, 0) is None


def test_a_run_with_failures_ends_naming_them():
    state = RunState(chain(2))
    state.apply_all([v.StepStarted(at=0.0, step="s0"), v.StepFailed(at=0.0, step="s0", error=ERROR)])
    command = next_command(state, 3.0, 0, 1)
    assert isinstance(command, Finish)
    (end,) = command.events
    assert (end.failed_steps, end.at, end.message) == (("s0",), 3.0, "1 step failed: s0")


def test_a_cancellation_interrupts_what_is_under_way():
    state = RunState(chain(2)).apply_all([v.RunStarted(at=0.0), v.StepStarted(at=0.0, step="s0")])
    events = cancellation(state, 1.0, "asked")
    assert [type(event) for event in events] == [v.StepInterrupted, v.RunCanceled]
    assert state.apply_all(events).status is RunStatus.CANCELED


def test_a_data_version_is_remembered():
    state = RunState(chain(1))
    fact = v.AssetMaterialization("orders", tags={v.DATA_VERSION_TAG: "7"})
    state.apply(v.AssetMaterialized(at=0.0, step="s0", materialization=fact))
    assert state.versions == {fact.asset_key: "7"}


def test_outputs_of_a_failed_attempt_are_forgotten():
    state = RunState(chain(1))
    state.apply_all([v.StepStarted(at=0.0, step="s0"), v.OutputProduced(at=0.0, step="s0")])
    state.apply(v.StepRetryScheduled(at=0.0, step="s0", error=ERROR, attempt=1))
    assert not state.produced


@pytest.mark.parametrize("kind", [v.EngineNoted, v.RunQueued])
def test_an_event_without_a_step_changes_no_phase(kind):
    state = RunState(chain(1))
    before = dict(state.phase)
    state.apply(kind(at=0.0) if kind is v.RunQueued else kind(at=0.0, message="hm"))
    assert state.phase == before

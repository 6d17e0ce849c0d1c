"""Runs whose tasks go far away, get lost, come out of order or joined: they end as if all had stayed here."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from pathlib import Path

import attrs
from hypothesis import example, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

import courier
from courier import Courier
from far_jobs import KEPT, KINDS, RAN, Shelf, job_of

from penstock import Instance, RetryPolicy
from penstock.define.executor import as_executor
from penstock.engine.losses import MOST_FREE
from penstock.events import values as v
from penstock.events.runs import RunStatus
from penstock.host.launch import Launch, launch
from penstock.spi.executor import Outcome

MANY = RetryPolicy(max_retries=100)
AGAIN = {"penstock/recompute": "true"}


@st.composite
def shapes(draw):
    """Which steps a job has: kinds, and which earlier steps each reads."""
    found = []
    for place in range(draw(st.integers(1, 9))):
        kind = draw(st.sampled_from(KINDS))
        before = [n for n in range(place) if n >= place - 3]
        reads = draw(st.lists(st.sampled_from(before), max_size=3, unique=True)) if before else []
        found.append((kind, tuple(reads)))
    return found


def carry_out(definition, executor=None, **more):
    """Run a job; gives its result."""
    RAN.clear()
    KEPT.clear()
    if executor is not None:
        definition = attrs.evolve(definition, executor_def=as_executor(executor))
    stores = "io_manager" in definition.resource_defs
    with Instance.ephemeral() as instance:
        given = Launch(raise_on_error=False, keeps_values=False, stores_op_outputs=stores, **more)
        return launch(definition, given, instance)


def ends(result):
    """Where every unit came to, and the ends of all those who ran."""
    state = result.state
    return {state.key(unit): phase.name for unit, phase in state.phase.items()}, result.run.status


def recorded(result):
    """How many attempts of each unit are in the log."""
    return Counter(
        event.step for event in result.happened if isinstance(event, v.StepStarted | v.StepRestarted)
    )


def numbers_are_dense(result):
    """The attempts of each unit are counted 1, 2, 3 … in the log."""
    seen = Counter()
    for event in result.happened:
        if isinstance(event, v.StepStarted | v.StepRestarted):
            seen[event.step] += 1
            assert getattr(event, "attempt", 1) == seen[event.step]


@settings(max_examples=40)
@given(
    shape=shapes(),
    chains=st.sampled_from([1, 2, 8]),
    seed=st.integers(0, 99),
    is_reliable=st.booleans(),
    stored=st.booleans(),
)
def test_order_chains_and_unheard_reports_change_nothing(shape, chains, seed, is_reliable, stored):
    definition = job_of(shape, resources={"io_manager": Shelf()} if stored else None)
    here = carry_out(definition)
    ran_here = Counter(RAN)
    far = Courier(chains=chains, seed=seed, is_reliable=is_reliable)
    there = carry_out(definition, far)
    assert ends(there) == ends(here)
    assert ran_here == RAN == recorded(there)
    assert far.is_closed
    assert not far.queue


FATES = st.lists(
    st.sampled_from(
        [
            courier.FINE,
            courier.NEVER_BEGAN,
            courier.LOST_BEFORE,
            courier.LOST_AFTER,
            courier.INPUT_GONE,
        ]
    ),
    max_size=30,
)


_GONE, _NEVER, _FINE = courier.INPUT_GONE, courier.NEVER_BEGAN, courier.FINE
RELEASED_MEANWHILE = [_GONE, _FINE, _FINE, _NEVER, _FINE, _NEVER, _NEVER, _FINE]
LACKING_AFTER_OFTEN_IN_VAIN = [_GONE, *[_NEVER] * 2, *[_FINE] * 2, *[_NEVER] * 2, _FINE, *[_NEVER] * 2]
LACKING_AFTER_OFTEN_IN_VAIN += [_FINE, _FINE, *[_NEVER] * 3]
PLAIN = [("plain", reads) for reads in ((), (), (0, 1), (1,), (), (2,))]
CHAINED = [("plain", reads) for reads in ((), (0,), (0, 1), (1,), (), (2,))]


@settings(max_examples=60)
@example([("plain", ())], [courier.NEVER_BEGAN] * 9, 1, 0, False, False)
@example(PLAIN, RELEASED_MEANWHILE, 1, 0, False, False)
@example(CHAINED, LACKING_AFTER_OFTEN_IN_VAIN, 1, 0, False, False)
@given(
    shape=shapes(),
    fates=FATES,
    chains=st.sampled_from([1, 8]),
    seed=st.integers(0, 99),
    is_reliable=st.booleans(),
    stored=st.booleans(),
)
def test_whatever_is_lost_a_run_that_may_try_again_ends_as_it_should(
    shape, fates, chains, seed, is_reliable, stored
):
    resources = {"io_manager": Shelf()} if stored else None
    calm = [(("plain" if kind == "failing" else kind), reads) for kind, reads in shape]
    definition = job_of(calm, policy=MANY, tags=AGAIN, resources=resources)
    here = carry_out(definition)
    is_final = not stored and any(kind == "dynamic" for kind, _ in calm)  # such steps never run again
    left = [one for one in fates if not (is_final and one == courier.INPUT_GONE)]
    met = Counter()

    in_vain = Counter()

    def fate(key):
        found = left.pop() if left else courier.FINE
        unit = key.partition("#")[0]
        in_vain[unit] += found == courier.NEVER_BEGAN
        if in_vain[unit] > MOST_FREE:  # a step that never begins fails, whatever its policy
            found = courier.FINE
        met[found] += 1
        return found

    far = Courier(chains=chains, seed=seed, is_reliable=is_reliable, fate=fate)
    there = carry_out(definition, far)
    assert ends(there) == ends(here)
    numbers_are_dense(there)
    lost = sum((recorded(there) - RAN).values())
    assert not RAN - recorded(there)
    assert lost <= met[courier.LOST_BEFORE] + met[courier.NEVER_BEGAN] // 5


class Interrupted(Courier):
    """A courier of whose first outcome the driver hears while the user presses Ctrl-C."""

    def __init__(self):
        super().__init__()
        self.features = attrs.evolve(self.features, survives_worker_loss=True)
        self.is_struck = False
        self.canceled = []

    def cancel(self, ticket, grace=10.0):
        self.canceled.append(ticket.key)
        super().cancel(ticket, grace)

    def collect(self, timeout):
        assert timeout is not None
        said = super().collect(timeout)
        if not self.is_struck and any(isinstance(one, Outcome) for one in said):
            self.is_struck = True
            signal.raise_signal(signal.SIGINT)
        return said


def interrupted(executor, *steps):
    """Run a job during which the user presses Ctrl-C; gives its result."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        result = carry_out(job_of(list(steps)), executor)
    finally:
        signal.signal(signal.SIGINT, before)
    assert executor.is_struck
    return result


def test_what_waits_is_called_off_before_what_runs():
    executor = Interrupted()
    interrupted(executor, *[("plain", ())] * 4)
    assert executor.canceled == executor.submitted[:0:-1]


def test_an_interrupt_forgets_nothing_that_was_told():
    executor = Interrupted()
    result = interrupted(executor, ("plain", ()), ("plain", ()))
    assert result.run.status is RunStatus.CANCELED
    assert len([one for one in result.happened if isinstance(one, v.StepSucceeded)]) == 1

"""Short tasks that travel together, on a Ray of this machine."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from doubles import ENDLESS, FOREVER, Shared, collect_all, collect_some, ends, task, wait_for
from test_executor import cut

from penstock.spi.executor import Lost, Outcome
from penstock.tables import unpack
from penstock_ray.executor import RayExecutor

MANY = 40
BATCHES = 4  # two for each of two processors


def hurry(executor):
    """Let the executor learn that tasks are short, also on a machine that is busy."""
    for number in range(60):
        executor.submit(task(f"short{number}#1", "echo"), {})
    collect_all(executor, 60)
    for kind in executor._backlog._kinds.values():
        kind.pace.seconds = 0.0


def together(executor, *tasks):
    """Submit tasks so that all of them wait at once."""
    tickets = [executor.submit(one, {}) for one in tasks]
    assert len(executor._backlog) == len(tasks)
    return tickets


def sent(executor):
    return executor._runway._sent_so_far


@pytest.fixture
def hurried(executor):
    hurry(executor)
    return executor


def test_short_tasks_travel_together_and_each_has_its_end(hurried):
    before = sent(hurried)
    together(hurried, *(task(f"a{n}#1", "hand", {"x": n}, ("x",)) for n in range(MANY)))
    hurried._launch()
    assert sent(hurried) - before == BATCHES
    found = ends(collect_all(hurried, MANY))
    assert [unpack(hurried.fetch(found[f"a{n}#1"].ticket, "x")) for n in range(MANY)] == list(range(MANY))


def test_their_values_reach_later_tasks(hurried):
    tickets = together(hurried, *(task(f"a{n}#1", "hand", {"x": n}, ("x",)) for n in range(MANY)))
    collect_all(hurried, MANY)
    hurried.submit(
        task("b#1", "sum", None, ("result",)), {f"x{n}": (one, "x") for n, one in enumerate(tickets)}
    )
    (end,) = collect_all(hurried, 1)
    assert unpack(hurried.fetch(end.ticket, "result")) == sum(range(MANY))


@pytest.mark.parametrize("executor", [{"batch": False}], indirect=True)
def test_nothing_travels_together_where_the_config_says_so(executor):
    hurry(executor)
    assert sent(executor) == 60


@pytest.mark.parametrize(
    "wants",
    [{"timeout": 60.0}, {"tags": {"penstock/alone": "yes"}}, {"tags": {"penstock/ray": {"num_cpus": 2}}}],
)
def test_what_wants_something_of_its_own_does_not_travel_with_others(hurried, wants):
    before = sent(hurried)
    for number in range(6):
        hurried.submit(task(f"a{number}#1", "echo", **wants), {})
    collect_all(hurried, 6)
    assert sent(hurried) - before == 6


def test_a_crash_loses_the_task_that_ran_and_no_other(hurried, tmp_path):
    file = tmp_path / "runs"
    tasks = [task(f"a{n}#1", "append", str(file)) for n in range(MANY)]
    tasks[MANY // 2] = task("bad#1", "append_and_die", str(file))
    together(hurried, *tasks)
    found = ends(collect_all(hurried, MANY))
    lost = [one for one in found.values() if isinstance(one, Lost)]
    assert [(one.ticket.key, one.cause, one.started) for one in lost] == [("bad#1", "worker", True)]
    assert len(file.read_text().splitlines()) == MANY


def test_values_of_tasks_before_a_crash_are_kept(hurried, tmp_path):
    tasks = [task(f"a{n}#1", "hand", {"x": n}, ("x",)) for n in range(MANY)]
    tasks[-1] = task("bad#1", "exit", 3)
    tickets = together(hurried, *tasks)
    collect_all(hurried, MANY)
    assert [unpack(hurried.fetch(one, "x")) for one in tickets[:-1]] == list(range(MANY - 1))


def test_tasks_behind_a_slow_one_are_carried_out_elsewhere_meanwhile(hurried, tmp_path):
    tasks = [task(f"a{n}#1", "echo", n) for n in range(MANY)]
    tasks[0] = task("slow#1", "begin_and_wait", str(tmp_path / "go"))
    together(hurried, *tasks)
    first = ends(collect_all(hurried, MANY - 1))
    assert "slow#1" not in first
    (tmp_path / "go").touch()
    assert isinstance(ends(collect_all(hurried, 1))["slow#1"], Outcome)


def test_a_large_value_ends_a_batch_and_the_rest_goes_on(hurried):
    tasks = [task(f"a{n}#1", "hand", {"x": bytes(100_000 * (n % 5 == 0))}, ("x",)) for n in range(MANY)]
    tickets = together(hurried, *tasks)
    collect_all(hurried, MANY)
    sizes = Counter(len(unpack(hurried.fetch(one, "x"))) for one in tickets)
    assert sizes == {0: MANY - MANY // 5, 100_000: MANY // 5}


def test_each_runs_once_when_many_end_their_batch(hurried, tmp_path):
    file = tmp_path / "runs"
    tasks = [task(f"a{n}#1", "append", str(file)) for n in range(10 * MANY)]
    tasks[::5] = [task(f"b{n}#1", "hand", {"x": bytes(100_000)}, ("x",)) for n in range(2 * MANY)]
    together(hurried, *tasks)
    collect_all(hurried, 10 * MANY)
    assert len(file.read_text().splitlines()) == 8 * MANY


def test_a_task_that_has_not_begun_is_canceled_without_a_trace(hurried, tmp_path):
    file = tmp_path / "runs"
    tasks = [task(f"a{n}#1", "append", str(file)) for n in range(MANY)]
    for first in range(0, MANY, MANY // BATCHES):
        tasks[first] = task(f"slow{first}#1", "begin_and_wait", str(tmp_path / "go"))
    tickets = together(hurried, *tasks)
    begun = 0
    while begun < 2:
        begun += sum(type(one).__name__ == "Progress" for one in collect_some(hurried))
    for ticket in tickets:
        if not ticket.key.startswith("slow"):
            hurried.cancel(ticket, FOREVER)
    found = ends(collect_all(hurried, MANY - BATCHES))
    assert {(one.cause, one.started) for one in found.values()} == {("canceled", False)}
    assert not file.exists()
    (tmp_path / "go").touch()
    assert {type(one) for one in ends(collect_all(hurried, BATCHES)).values()} == {Outcome}


def test_a_task_that_is_stopped_takes_none_of_its_batch_with_it(hurried, tmp_path):
    file = tmp_path / "runs"
    tasks = [task("slow#1", "sleep", ENDLESS), *(task(f"a{n}#1", "append", str(file)) for n in range(MANY))]
    slow, *_ = together(hurried, *tasks)
    messages = []
    while not any(one.ticket == slow for one in messages):
        messages += collect_some(hurried)
    hurried.cancel(slow, FOREVER)
    while "slow#1" not in ends(messages):
        messages += collect_some(hurried)
    assert ends(messages)["slow#1"].cause == "canceled"
    rest = MANY + 1 - len(ends(messages))
    assert {type(one) for key, one in ends(messages).items() if key != "slow#1"} <= {Outcome}
    assert rest == 0 or {type(one) for one in ends(collect_all(hurried, rest)).values()} == {Outcome}


def test_every_end_arrives_once_when_connections_are_cut(hurried, tmp_path):
    file = tmp_path / "runs"
    together(hurried, *(task(f"a{n}#1", "append", str(file)) for n in range(400)))
    got = collect_some(hurried)
    cut(hurried)
    rest = 400 - len(ends(got))
    found = ends(got) | ends(collect_all(hurried, rest))
    assert {type(one) for one in found.values()} == {Outcome}
    assert len(found) == 400
    assert len(file.read_text().splitlines()) == 400
    assert hurried.collect(0.5) == []


def test_a_task_that_was_not_heard_to_begin_is_woken_to_stop(executor, tmp_path):
    ticket = executor.submit(task("a#1", "begin_and_sleep", (str(tmp_path / "begun"), ENDLESS)), {})
    wait_for(tmp_path / "begun")  # the driver has not listened since
    executor.cancel(ticket, FOREVER)
    (end,) = (one for one in collect_all(executor, 1) if isinstance(one, Lost | Outcome))
    assert (end.cause, end.started) == ("canceled", True)


def test_a_record_that_cannot_be_read_costs_its_task_and_no_other(hurried):
    tasks = [task(f"a{n}#1", "echo", n) for n in range(MANY)]
    tasks[MANY // 2] = task("bad#1", "trap")
    together(hurried, *tasks)
    found = ends(collect_all(hurried, MANY))
    lost = [one for one in found.values() if isinstance(one, Lost)]
    assert [(one.ticket.key, one.started) for one in lost] == [("bad#1", True)]
    assert "no number" in lost[0].reason


@pytest.mark.parametrize("executor", [{"max_concurrent": 1}], indirect=True)
def test_those_that_cannot_be_heard_keep_to_the_number_at_once(executor, tmp_path):
    hurry(executor)
    executor._hub._door.close()
    cut(executor)
    tasks = [task(f"a{n}#1", "append", str(tmp_path / "runs")) for n in range(MANY)]
    together(executor, *tasks)
    most = 0
    ended = []
    while len(ended) < MANY:
        ended += [one for one in executor.collect(0.0) if isinstance(one, Lost | Outcome)]
        most = max(most, len(executor._tower.batches))
    assert most == 1
    assert len((tmp_path / "runs").read_text().splitlines()) == MANY


def test_tasks_that_cannot_count_on_the_hub_go_alone(cluster, tmp_path):
    made = RayExecutor()
    made.begin(Shared("unheard"))
    hurry(made)
    made._hub._door.close()
    cut(made)
    made._unreached = 99
    before = sent(made)
    together(made, *(task(f"a{n}#1", "append", str(tmp_path / "runs")) for n in range(MANY)))
    assert {type(one) for one in ends(collect_all(made, MANY)).values()} == {Outcome}
    assert len(Path(tmp_path / "runs").read_text().splitlines()) == MANY
    assert sent(made) - before == MANY
    made.close()

"""Tasks whose workers cannot dial the driver, on a Ray of this machine: they are heard through a mailbox."""

from __future__ import annotations

import os
import signal

import pytest
import ray
from doubles import ENDLESS, FOREVER, PATIENCE, Deadly, Shared, collect_all, collect_some, ends, task

from penstock.spi.executor import Lost, Noted, Outcome, Progress, Task
from penstock.tables import unpack
from penstock.testing.conformance.executor import remains
from penstock_ray.executor import RayExecutor

GONE = "The mailbox is gone"


def records(messages, kind=Progress):
    return [one.record for one in messages if isinstance(one, kind)]


def notes(messages):
    return [one.message for one in messages if isinstance(one, Noted)]


def begin(name, config=None, **shared):
    """An executor whose door is closed."""
    made = RayExecutor(config)
    made.begin(Shared(name, **shared))
    made._hub._door.close()
    return made


@pytest.fixture
def shut_in(cluster, request):
    made = begin(request.node.name, getattr(request, "param", None))
    yield made
    made.close()


def listen(executor, count):
    """Records, until there are so many; no task ends meanwhile."""
    messages = []
    while len(records(messages)) < count:
        messages += collect_some(executor)
    assert not ends(messages)
    return messages


def kill_mailbox(executor):
    ray.kill(executor._tower.mailbox.handle)


def test_what_a_task_tells_comes_while_it_is_running(shut_in, tmp_path):
    shut_in.submit(task("a#1", "tell_and_wait", (str(tmp_path / "go"), 3)), {})
    messages = listen(shut_in, 3)
    assert records(messages) == [0, 1, 2]
    assert "comes through a mailbox on the cluster, a little later" in notes(messages)[0]
    (tmp_path / "go").touch()
    assert records(collect_all(shut_in, 1), Outcome) == ["told"]


def test_each_task_runs_once_and_is_heard_in_order_before_its_end(shut_in, tmp_path):
    for number in range(8):
        shut_in.submit(task(f"a{number}#1", "append", str(tmp_path / "runs")), {})
        shut_in.submit(task(f"b{number}#1", "tell", 200), {})
    messages = collect_all(shut_in, 16)
    assert len((tmp_path / "runs").read_text().splitlines()) == 8
    assert 1 <= len(notes(messages)) <= 3
    for number in range(8):
        own = [one for one in messages if not isinstance(one, Noted) and one.ticket.key == f"b{number}#1"]
        assert [one.record for one in own] == [*range(200), (200, False)]


def test_values_of_every_size_arrive(shut_in):
    values = {f"part[{n}]": bytes(200_000 * (n % 2)) for n in range(6)}
    first = shut_in.submit(task("a#1", "hand", values, None), {})
    second = shut_in.submit(task("b#1", "hand", {"x": bytes(300_000)}, ("x",)), {})
    found = ends(collect_all(shut_in, 2))
    assert found["a#1"].handed == tuple(values)
    assert [len(unpack(shut_in.fetch(first, name))) for name in values] == [0, 200_000] * 3
    shut_in.submit(task("c#1", "echo"), {"p": (second, "x"), "q": (first, "part[0]")})
    assert records(collect_all(shut_in, 1), Outcome) == [(None, {"p": bytes(300_000), "q": b""})]


def test_a_crash_loses_at_most_the_tail_of_what_was_told_and_runs_once(shut_in, tmp_path):
    file = tmp_path / "runs"
    shut_in.submit(task("a#1", "append_and_die", str(file)), {})
    shut_in.submit(task("b#1", "tell_and_die", 96), {})
    messages = collect_all(shut_in, 2)
    found = ends(messages)
    assert {(one.cause, one.started) for one in found.values()} == {("worker", True)}
    assert "what it told in its last moment may be missing" in found["a#1"].reason
    told = records(messages)
    assert told == list(range(len(told)))
    assert len(file.read_text().splitlines()) == 1


def test_what_was_told_a_while_before_a_crash_arrives(shut_in, tmp_path):
    shut_in.submit(task("a#1", "tell_and_wait", (str(tmp_path / "go"), 96)), {})
    messages = listen(shut_in, 96)
    (worker,) = shut_in._tower.mailbox._workers.values()
    pid = int(worker.where.rpartition(" ")[2])
    assert records(messages) == list(range(96))
    os.kill(pid, signal.SIGKILL)
    end = ends(collect_all(shut_in, 1))["a#1"]
    assert (end.cause, end.started) == ("worker", True)
    assert f"pid {pid}" in end.reason


def test_a_worker_that_dies_before_its_task_begins_is_known_not_to_have_begun_it(shut_in):
    shut_in.submit(task("a#1", "echo"), {})
    collect_all(shut_in, 1)
    shut_in._unreached = 3
    shut_in.submit(Task(key="b#1", body=("echo", Deadly()), hands=()), {})
    (end,) = collect_all(shut_in, 1)
    assert (end.cause, end.started) == ("worker", False)


@pytest.mark.parametrize("command", ["sleep", "wait_for_child", "loop"])
def test_a_task_is_woken_to_stop(shut_in, command):
    ticket = shut_in.submit(task("a#1", command, ENDLESS), {})
    told = records(listen(shut_in, 1))
    shut_in.cancel(ticket, FOREVER)
    end = ends(collect_all(shut_in, 1))["a#1"]  # for less than the grace, and than the sleep
    assert (end.cause, end.started) == ("canceled", True)
    child = dict(told).get("child")
    assert child is None or not remains.is_alive(child)


def test_a_task_that_clears_up_is_not_interrupted_again(shut_in):
    ticket = shut_in.submit(task("a#1", "clear_up", ENDLESS), {})
    listen(shut_in, 1)
    shut_in.cancel(ticket, FOREVER)
    shut_in.cancel(ticket, FOREVER)
    (end,) = collect_all(shut_in, 1)
    assert end.record == "cleared up"


def test_a_task_that_does_not_stop_is_killed(shut_in):
    ticket = shut_in.submit(task("a#1", "swallow"), {})
    listen(shut_in, 1)
    shut_in.cancel(ticket, 0.2)
    end = ends(collect_all(shut_in, 1))["a#1"]
    assert (end.cause, end.started) == ("canceled", True)


@pytest.mark.parametrize("shut_in", [{"grace": 0.1}], indirect=True)
def test_a_task_that_outlives_its_timeout_is_killed(shut_in):
    shut_in.submit(task("a#1", "swallow", timeout=0.1), {})
    assert ends(collect_all(shut_in, 1))["a#1"].cause == "timeout"


@pytest.mark.parametrize("shut_in", [{"heartbeat": 60.0, "stalled_after": 0.3}], indirect=True)
def test_a_task_without_a_sign_of_life_is_noted(shut_in, tmp_path):
    shut_in.submit(task("a#1", "begin_and_wait", str(tmp_path / "go")), {})
    told = []
    while not any("no heartbeat" in one for one in told):
        told += notes(collect_some(shut_in))
    (tmp_path / "go").touch()
    collect_all(shut_in, 1)


@pytest.mark.parametrize("shut_in", [{"heartbeat": 0.1}], indirect=True)
def test_a_running_task_gives_signs_of_life(shut_in, tmp_path):
    shut_in.submit(task("a#1", "begin_and_wait", str(tmp_path / "go")), {})
    listen(shut_in, 1)
    worker = shut_in._tower.flights["a#1"].worker
    heard = {worker.heard}
    while len(heard) < 4:
        assert shut_in.collect(0.05) == []
        heard.add(worker.heard)
    (tmp_path / "go").touch()
    collect_all(shut_in, 1)


def test_a_task_goes_on_when_the_mailbox_dies_and_later_ones_run_unheard(shut_in, tmp_path):
    shut_in.submit(task("a#1", "tell_and_wait", (str(tmp_path / "go"), 1)), {})
    listen(shut_in, 1)
    kill_mailbox(shut_in)
    (note,) = collect_some(shut_in)
    assert GONE in note.message
    for number in range(6):
        shut_in.submit(task(f"b{number}#1", "append", str(tmp_path / "runs")), {})
    found = ends(collect_all(shut_in, 6))
    assert {type(one) for one in found.values()} == {Outcome}
    assert len((tmp_path / "runs").read_text().splitlines()) == 6
    (tmp_path / "go").touch()
    assert records(collect_all(shut_in, 1), Outcome) == ["told"]


def test_tasks_on_their_way_when_the_mailbox_dies_run_once(shut_in, tmp_path):
    shut_in.submit(task("a#1", "begin_and_wait", str(tmp_path / "go")), {})
    listen(shut_in, 1)
    for number in range(6):
        shut_in.submit(task(f"b{number}#1", "append", str(tmp_path / "runs")), {})
    kill_mailbox(shut_in)
    (tmp_path / "go").touch()
    found = ends(collect_all(shut_in, 7))
    assert {type(one) for one in found.values()} == {Outcome}
    assert len((tmp_path / "runs").read_text().splitlines()) == 6


def test_a_start_that_died_with_the_mailbox_still_counts(shut_in, tmp_path):
    shut_in.submit(task("a#1", "echo"), {})
    collect_all(shut_in, 1)
    shut_in.submit(task("b#1", "begin_and_die", (str(tmp_path / "begun"), str(tmp_path / "go"))), {})
    while not (tmp_path / "begun").exists():  # the driver may listen meanwhile, or not
        shut_in.collect(0.05)
    shut_in._tower.flights["b#1"].started = None
    kill_mailbox(shut_in)
    (tmp_path / "go").touch()
    (end,) = ends(collect_all(shut_in, 1)).values()
    assert isinstance(end, Lost)
    assert (end.cause, end.started) == ("worker", True)


def test_runners_are_closed_and_the_mailbox_ends_with_the_run(cluster, tmp_path):
    made = begin("closing", closed=str(tmp_path))
    made.submit(task("a#1", "echo"), {})
    collect_all(made, 1)
    handle = made._tower.mailbox.handle
    assert not [one for one in ray.util.list_named_actors(all_namespaces=True) if "ox" in one["name"]]
    made.close()
    assert not remains.settle(lambda: [] if any(tmp_path.iterdir()) else ["open"], PATIENCE)
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(ray.exceptions.RayActorError):
        ray.get(handle.take.remote())


@pytest.mark.parametrize("executor", [{"max_concurrent": 1}], indirect=True)
def test_a_worker_that_has_a_connection_keeps_it(executor):
    executor.submit(task("a#1", "tell", 1), {})
    collect_all(executor, 1)
    executor._hub._door.close()
    executor._unreached = 3
    for number in range(4):
        executor.submit(task(f"b{number}#1", "tell", 2), {})
        assert len(records(collect_all(executor, 1))) == 2
    (connection,) = executor._hub._connections.values()
    heard_through_mailbox = executor._tower.mailbox._workers
    assert connection.worker.is_open
    assert len(heard_through_mailbox) <= 1  # Ray may take a second worker

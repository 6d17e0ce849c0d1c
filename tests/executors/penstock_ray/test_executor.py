"""The Ray executor on a Ray of this machine."""

from __future__ import annotations

import socket
import time

import pytest
from doubles import ENDLESS, FOREVER, PATIENCE, Shared, collect_all, collect_some, ends, task

from penstock.errors import InvalidConfigError, UnmetExecutorRequirementsError
from penstock.spi.executor import Lost, Noted, Outcome, Progress
from penstock.tables import unpack
from penstock.testing.conformance.executor import remains
from penstock_ray.executor import RayExecutor


def records(messages, kind=Progress):
    return [one.record for one in messages if isinstance(one, kind)]


def test_a_task_gives_its_record_and_names_what_it_handed_on(executor):
    ticket = executor.submit(task("a#1", "hand", {"x": 1, "y": [2]}, ("x", "y")), {})
    (end,) = collect_all(executor, 1)
    assert end == Outcome(ticket=ticket, record=("handed", ["x", "y"]), handed=("x", "y"))


def test_an_output_that_was_not_handed_on_is_not_named(executor):
    ticket = executor.submit(task("a#1", "hand", {"y": 2}, ("x", "y")), {})
    (end,) = collect_all(executor, 1)
    assert end.handed == ("y",)
    with pytest.raises(KeyError):
        executor.fetch(ticket, "x")


def test_values_reach_later_tasks_under_their_names(executor):
    first = executor.submit(task("a#1", "hand", {"x": 1, "y": [2]}, ("x", "y")), {})
    collect_all(executor, 1)
    executor.submit(task("b#1", "echo", "hi"), {"p": (first, "y"), "q": (first, "x")}, {"g": b"given"})
    assert records(collect_all(executor, 1), Outcome) == [("hi", {"p": [2], "q": 1, "g": b"given"})]


def test_values_known_only_afterwards_are_named_in_order(executor):
    values = {f"part[{number}]": number for number in range(12)}
    ticket = executor.submit(task("a#1", "hand", values, None), {})
    (end,) = collect_all(executor, 1)
    assert end.handed == tuple(values)
    assert [unpack(executor.fetch(ticket, name)) for name in end.handed] == list(range(12))


def test_small_and_large_values_known_only_afterwards_arrive_under_their_names(executor):
    values = {f"part[{n}]": n if n % 10 else bytes(100_000 + n) for n in range(100)}
    ticket = executor.submit(task("many#1", "hand", values, None), {})
    (end,) = collect_all(executor, 1)
    assert end.handed == tuple(values)
    executor.submit(task("reader#1", "echo", "all"), {name: (ticket, name) for name in values})
    assert records(collect_all(executor, 1), Outcome) == [("all", values)]
    assert unpack(executor.fetch(ticket, "part[0]")) == bytes(100_000)
    assert unpack(executor.fetch(ticket, "part[1]")) == 1


def test_a_released_value_is_gone(executor):
    ticket = executor.submit(task("a#1", "hand", {"x": 1}, ("x",)), {})
    collect_all(executor, 1)
    executor.release(ticket, ["x", "never there"])
    with pytest.raises(KeyError):
        executor.fetch(ticket, "x")
    executor.submit(task("b#1", "echo"), {"p": (ticket, "x")})
    (end,) = collect_all(executor, 1)
    assert (end.cause, end.missing, end.started) == ("input", ("p",), False)


def test_a_value_may_be_released_while_a_task_that_needs_it_waits(executor):
    ticket = executor.submit(task("a#1", "hand", {"x": 7}, ("x",)), {})
    collect_all(executor, 1)
    executor.submit(task("b#1", "echo"), {"p": (ticket, "x")})
    executor.release(ticket, ["x"])
    assert records(collect_all(executor, 1), Outcome) == [(None, {"p": 7})]


def test_what_a_task_tells_comes_in_order_and_before_its_end(executor):
    executor.submit(task("a#1", "tell", 100), {})
    *told, end = collect_all(executor, 1)
    assert [one.record for one in told] == list(range(100))
    assert end.record == (100, False)


def test_what_a_task_tells_comes_while_it_is_running(executor, tmp_path):
    executor.submit(task("a#1", "tell_and_wait", (str(tmp_path / "go"), 3)), {})
    told = []
    while len(told) < 3:
        told += records(collect_some(executor))
    assert told == [0, 1, 2]
    (tmp_path / "go").touch()
    assert records(collect_all(executor, 1), Outcome) == ["told"]


def test_everything_that_went_out_before_a_crash_arrives(executor, tmp_path):
    executor.submit(task("a#1", "tell_and_die", 96), {})
    *told, end = collect_all(executor, 1)
    assert [one.record for one in told][:96] == list(range(96))
    assert isinstance(end, Lost)
    assert (end.cause, end.started) == ("worker", True)


@pytest.mark.parametrize("command", ["exit", "append_and_die"])
def test_a_worker_that_dies_is_lost_once_and_runs_once(executor, tmp_path, command):
    file = tmp_path / "runs"
    argument = 3 if command == "exit" else str(file)
    executor.submit(task("a#1", command, argument), {})
    executor.submit(task("b#1", "sum", None, ("result",)), {}, {"a": 1, "b": 2})
    found = ends(collect_all(executor, 2))
    assert (found["a#1"].cause, found["a#1"].started) == ("worker", True)
    assert "pid" in found["a#1"].reason
    assert found["b#1"].record == "summed"
    assert command == "exit" or len(file.read_text().splitlines()) == 1


def test_a_running_task_is_asked_to_stop(executor):
    ticket = executor.submit(task("a#1", "loop"), {})
    collect_some(executor)
    executor.cancel(ticket, FOREVER)
    (end,) = collect_all(executor, 1)
    assert (end.cause, end.started) == ("canceled", True)


@pytest.mark.parametrize("command", ["sleep", "wait_for_child"])
def test_a_task_that_sleeps_is_woken_to_stop(executor, command):
    ticket = executor.submit(task("a#1", command, ENDLESS), {})
    told = [collect_some(executor)]
    executor.cancel(ticket, FOREVER)
    (end,) = collect_all(executor, 1)  # for less than the grace, and than the sleep
    assert (end.cause, end.started) == ("canceled", True)
    child = dict(one.record for one in told[0]).get("child")
    assert child is None or not remains.is_alive(child)


def test_a_task_that_clears_up_is_not_interrupted_again(executor):
    ticket = executor.submit(task("a#1", "clear_up", ENDLESS), {})
    collect_some(executor)
    executor.cancel(ticket, FOREVER)
    executor.cancel(ticket, FOREVER)
    (end,) = collect_all(executor, 1)
    assert end.record == "cleared up"
    executor.submit(task("b#1", "echo", "hi"), {})
    assert records(collect_all(executor, 1), Outcome) == [("hi", {})]


def test_a_task_that_does_not_stop_is_killed(executor):
    ticket = executor.submit(task("a#1", "swallow"), {})
    collect_some(executor)
    executor.cancel(ticket, 0.2)
    end = ends(collect_all(executor, 1))["a#1"]
    assert (end.cause, end.started) == ("canceled", True)


@pytest.mark.parametrize("executor", [{"window": 1}], indirect=True)
def test_a_task_that_waits_for_its_turn_never_begins_when_canceled(executor, tmp_path):
    executor.submit(task("a#1", "begin_and_wait", str(tmp_path / "go")), {})
    waiting = executor.submit(task("b#1", "append", str(tmp_path / "runs")), {})
    executor.cancel(waiting)
    (tmp_path / "go").touch()
    found = ends(collect_all(executor, 2))
    assert (found["b#1"].cause, found["b#1"].started) == ("canceled", False)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("executor", [{"grace": 0.1}], indirect=True)
def test_a_task_that_outlives_its_timeout_is_killed(executor):
    executor.submit(task("a#1", "swallow", timeout=0.1), {})
    assert ends(collect_all(executor, 1))["a#1"].cause == "timeout"


@pytest.mark.parametrize("executor", [{"heartbeat": 60.0, "stalled_after": 0.2}], indirect=True)
def test_a_task_without_a_sign_of_life_is_noted(executor, tmp_path):
    executor.submit(task("a#1", "begin_and_wait", str(tmp_path / "go")), {})
    notes = []
    while not notes:
        notes = [one for one in collect_some(executor) if isinstance(one, Noted)]
    assert "a#1" in notes[0].message
    assert "no heartbeat" in notes[0].message
    (tmp_path / "go").touch()
    collect_all(executor, 1)


def test_a_fault_of_the_machinery_is_a_loss_with_its_traceback(executor):
    executor.submit(task("a#1", "raise", "boom"), {})
    (end,) = collect_all(executor, 1)
    assert isinstance(end, Lost)
    assert "RuntimeError: boom" in end.reason


def test_a_value_that_cannot_travel_is_named(executor):
    executor.submit(task("a#1", "hand_lock", None, ("lock",)), {})
    (end,) = collect_all(executor, 1)
    assert isinstance(end, Lost)
    assert "lock" in end.reason


def test_a_task_that_no_node_can_run_is_refused_with_the_nodes(executor):
    with pytest.raises(
        UnmetExecutorRequirementsError, match=r"a#1 can never run here(?s:.*)GPU 3(?s:.*)CPU 2"
    ):
        executor.submit(task("a#1", "echo", gpus=3), {})


def test_faults_of_a_tag_are_told_together(executor):
    with pytest.raises(InvalidConfigError, match=r"(?s)num_cpu(?s:.*)Did you mean(?s:.*)memory"):
        executor.submit(task("a#1", "echo", tags={"penstock/ray": '{"num_cpu": 1, "memory": -1}'}), {})


def test_the_resources_of_a_tag_reach_ray(executor):
    executor.submit(task("a#1", "assigned", tags={"penstock/ray": {"num_cpus": 2}}), {})
    assert records(collect_all(executor, 1), Outcome) == [2.0]


def test_a_module_that_workers_lack_is_named_with_its_node_before_the_first_step(cluster):
    made = RayExecutor()
    with pytest.raises(UnmetExecutorRequirementsError, match=r"'no_such_module' is missing on node"):
        made.begin(Shared("modules", modules=("json", "no_such_module")))
    made.close()


def test_a_module_that_this_process_finds_is_found_by_workers_on_its_machine(cluster, tmp_path, monkeypatch):
    (tmp_path / "found_here.py").write_text("VALUE = 7\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    made = RayExecutor()
    made.begin(Shared("beside", modules=("found_here",)))
    made.submit(task("a#1", "import", "found_here"), {})
    assert records(collect_all(made, 1), Outcome) == [7]
    made.close()


def test_config_that_no_node_can_meet_is_refused_before_the_first_step(cluster):
    made = RayExecutor({"num_cpus": 64})
    with pytest.raises(UnmetExecutorRequirementsError, match="Each step can never run here"):
        made.begin(Shared("large"))


def test_runners_are_closed_when_the_run_ends(cluster, tmp_path):
    made = RayExecutor()
    made.begin(Shared("closing", closed=str(tmp_path)))
    made.submit(task("a#1", "echo"), {})
    collect_all(made, 1)
    made.close()
    assert not remains.settle(lambda: [] if any(tmp_path.iterdir()) else ["open"], PATIENCE)
    assert len(list(tmp_path.iterdir())) == 1


def test_ray_is_left_to_whoever_initialised_it(cluster):
    import ray

    made = RayExecutor()
    made.begin(Shared("left"))
    made.close()
    made.close()
    assert ray.is_initialized()


def test_a_forked_child_that_comes_back_does_not_answer_for_its_parent(executor):
    executor.submit(task("a#1", "fork_astray"), {})
    assert records(collect_all(executor, 1), Outcome) == [5]


def test_two_executors_of_one_run_share_workers_and_nothing_else(executor, request):
    other = RayExecutor()
    other.begin(Shared(request.node.name))
    executor.submit(task("a#1", "tell", 3), {})
    other.submit(task("a#1", "tell", 5), {})
    assert len(collect_all(other, 1)) == 6
    assert len(collect_all(executor, 1)) == 4
    other.close()


def cut(executor):
    """Cut every connection of the hub."""
    for connection in list(executor._hub._connections.values()):
        connection.socket.shutdown(socket.SHUT_RDWR)


def test_a_task_whose_connection_is_cut_is_heard_again_while_it_runs(executor, tmp_path):
    executor.submit(task("a#1", "tell_and_wait", (str(tmp_path / "first"), 3)), {})
    told = []
    while len(told) < 3:
        told += records(collect_some(executor))
    cut(executor)
    executor.submit(task("b#1", "tell", 2), {})
    ends_of_b = collect_all(executor, 1)
    assert records(ends_of_b) == [0, 1]
    flight = executor._tower.flights["a#1"]
    until = time.monotonic() + PATIENCE
    while (flight.cut is not None or flight.worker.task != "a#1") and time.monotonic() < until:
        assert executor.collect(0.05) == []
    assert flight.worker.is_open
    (tmp_path / "first").touch()
    assert [type(one) for one in collect_all(executor, 1)] == [Outcome]


@pytest.mark.parametrize("executor", [{"heartbeat": 0.1, "stalled_after": 2.0}], indirect=True)
def test_a_connection_that_stays_cut_is_noted_once_and_the_task_ends_well(executor, tmp_path):
    executor.submit(task("a#1", "tell_and_wait", (str(tmp_path / "go"), 1)), {})
    collect_some(executor)
    executor._hub._door.close()
    cut(executor)
    (note,) = collect_some(executor)
    assert isinstance(note, Noted)
    assert "did not come back: what a#1 tells comes with its end" in note.message
    assert executor.collect(0.5) == []
    (tmp_path / "go").touch()
    assert records(collect_all(executor, 1), Outcome) == ["told"]

"""What the process pool promises beyond the kit: where workers live, and how their ends read."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pool_deeds as deeds
import pytest

from penstock.errors import CodeLocationError, InvalidConfigError
from penstock.spi.executor import Outcome, Wants
from penstock.testing.conformance.executor import tasks
from penstock.testing.conformance.executor.stage import has, until_marked
from penstock_local.pool import ProcessPoolExecutor

IN_THREAD = Wants(lane="thread")
FOR_EVER = 1000.0


def pids(stage, number):
    return [stage.answer(stage.submit(deeds.pid)) for _ in range(number)]


# ---- where workers live ----------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_a_worker_has_the_surroundings_of_the_driver_and_not_its_program(play, method):
    stage = play(start_method=method)
    found = stage.answer(stage.submit(deeds.facts))
    assert found["path"] == sys.path
    assert found["argv"] == sys.argv
    assert found["folder"] == str(Path.cwd())
    assert found["main"].endswith("penstock_local/boot.py")
    assert found["stdin"] == b""


def test_a_worker_is_its_own_session_so_that_a_ctrl_c_in_the_terminal_does_not_reach_it(play):
    stage = play()
    found = stage.answer(stage.submit(deeds.facts))
    assert found["session"] == found["pid"]
    assert os.getsid(found["parent"]) == found["parent"]


def test_a_worker_is_kept_for_the_next_task(play):
    assert len(set(pids(play(), 3))) == 1


def test_a_module_that_is_to_be_preloaded_and_is_not_there_is_told(play):
    stage = play(start_method={"forkserver": {"preload_modules": ["penstock_nowhere"]}})
    with pytest.raises(CodeLocationError, match="No module named 'penstock_nowhere'"):
        stage.submit(deeds.pid)


def test_code_that_keeps_a_thread_is_spawned_and_that_is_said(play, tmp_path, monkeypatch):
    (tmp_path / "restless_module.py").write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(600,), daemon=True, name='restless').start()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    stage = play(start_method={"forkserver": {"preload_modules": ["restless_module"]}})
    assert stage.answer(stage.submit(tasks.answer, 1)) == 1
    assert "keeps a thread running ('restless')" in stage.notes[0].message


def test_libraries_whose_threads_know_forks_are_no_reason_to_spawn(play):
    libraries = ["numpy", "pandas", "polars", "pyarrow.parquet"]
    stage = play(start_method={"forkserver": {"preload_modules": libraries}})
    assert stage.answer(stage.submit(tasks.answer, 1)) == 1
    assert stage.notes == []


def test_a_program_that_a_task_starts_inherits_no_socket_of_the_pool(play):
    stage = play()
    assert stage.answer(stage.submit(deeds.inherited)) == ["0", "1", "2"]


def test_code_that_ends_the_process_when_it_is_imported_is_told(play, tmp_path, monkeypatch):
    (tmp_path / "fatal_module.py").write_text("import os\nos._exit(7)\n")
    monkeypatch.syspath_prepend(tmp_path)
    stage = play(start_method={"forkserver": {"preload_modules": ["fatal_module"]}})
    with pytest.raises(CodeLocationError, match="ended with exit code 7"):
        stage.submit(deeds.pid)


def test_workers_draw_different_random_numbers(play):
    pytest.importorskip("numpy")
    stage = play(start_method={"forkserver": {"preload_modules": ["numpy.random"]}}, max_steps_per_worker=1)
    assert len({stage.answer(stage.submit(deeds.draw)) for _ in range(3)}) == 3


def test_what_a_task_does_to_its_process_is_undone_for_the_next(play):
    stage = play()
    stage.outcome(stage.submit(deeds.forget_signals))
    found = stage.answer(stage.submit(deeds.facts))
    assert (found["folder"], found["alarm"]) == (str(Path.cwd()), 0)
    ticket = stage.submit(deeds.soft)
    until_marked(stage, "waiting", ticket)
    stage.executor.cancel(ticket, FOR_EVER)
    assert stage.answer(ticket) == "interrupted"


def test_of_those_that_wait_the_most_urgent_begins_first(play):
    stage = play(max_concurrent=1)
    gate = stage.gate("first")
    until_marked(stage, "waiting", stage.submit(tasks.wait, gate))
    tickets = [stage.submit(tasks.answer, n, wants=Wants(priority=n)) for n in (0, 2, 1, 2, -1)]
    stage.open(gate)
    for ticket in tickets:
        stage.answer(ticket)
    began = [mark.key for mark in stage.marks("start")][1:]
    assert began == [stage.keys[tickets[place]] for place in (1, 3, 2, 0, 4)]


# ---- how ends read ---------------------------------------------------------------------------------


def test_an_exit_in_c_is_told_with_its_code(play):
    stage = play()
    lost = stage.lost(stage.submit(deeds.exit_in_c, 3))
    assert lost.reason.endswith("ended with exit code 3 while it ran exit_in_c[0]#1")
    assert lost.cause == "worker"
    assert lost.started


def test_a_crash_is_told_with_process_signal_and_task(play):
    stage = play()
    pid = pids(stage, 1)[0]
    lost = stage.lost(stage.submit(deeds.crash))
    assert lost.reason == (f"worker process {pid} was killed by SIGSEGV (signal 11) while it ran crash[1]#1")


def test_a_worker_that_is_killed_while_idle_costs_no_task(play):
    stage = play()
    first = pids(stage, 1)[0]
    os.kill(first, signal.SIGKILL)
    ticket = stage.submit(deeds.pid)
    end = stage.end(ticket)  # sent before its death was noticed, it never began
    if not hasattr(end, "record"):
        assert not end.started
        assert pids(stage, 1)[0] != first


def test_a_task_that_closes_the_connection_is_told_and_killed(play):
    stage = play()
    lost = stage.lost(stage.submit(deeds.close_all, stage.gate("never")))
    assert "closed its connection to the driver and was killed" in lost.reason


@pytest.mark.parametrize(("how", "said"), [("code", "ended with exit code 7"), ("signal", "SIGKILL")])
def test_an_end_reads_true_however_late_it_is_told(play, how, said):
    stage = play()
    keeper = zygote(stage)
    ticket = stage.submit(deeds.leave_later, stage.gate("leave"), how)
    until_marked(stage, "waiting", ticket)
    (seat,) = stage.executor._crew.seats.values()
    os.kill(keeper, signal.SIGSTOP)
    try:
        stage.open(stage.gate("leave"))
        stage.pump(lambda: seat.is_silent, "its connection ends")
        due = seat.doomed
        stage.pump(lambda: seat.doomed > due, "its time is up")
    finally:
        os.kill(keeper, signal.SIGCONT)
    reason = stage.lost(ticket).reason
    assert said in reason
    assert "closed its connection" not in reason


def test_a_record_that_cannot_be_pickled_is_a_loss_and_the_worker_goes_on(play):
    stage = play()
    before = pids(stage, 1)
    assert "cannot pickle" in stage.lost(stage.submit(deeds.record_that_refuses)).reason
    assert pids(stage, 1) == before


def test_a_record_that_cannot_be_read_is_a_loss_and_the_worker_goes_on(play):
    stage = play()
    before = pids(stage, 1)
    assert "cannot be read" in stage.lost(stage.submit(deeds.record_that_springs)).reason
    assert pids(stage, 1) == before


def test_a_worker_that_dies_while_it_packs_leaves_no_value(play):
    stage = play()
    ticket = stage.submit(deeds.hand_and_die, {"big": b"x" * 1_000_000}, hands=None)
    assert "SIGKILL" in stage.lost(ticket).reason
    assert not has(stage, ticket, "big")


# ---- forks -----------------------------------------------------------------------------------------


def test_a_child_that_comes_back_from_the_task_ends_quietly(play):
    stage = play()
    ticket = stage.submit(deeds.fork_and_return)
    assert stage.answer(ticket) == 0
    assert ticket not in stage.progress


@pytest.mark.parametrize(("error", "code"), [(SystemExit(4), 4), (SystemExit(), 0), (KeyboardInterrupt(), 1)])
def test_a_child_that_raises_out_of_the_task_ends_with_its_code(play, error, code):
    stage = play()
    assert stage.answer(stage.submit(deeds.fork_and_raise, error)) == code


def test_a_child_in_a_session_of_its_own_dies_with_the_worker(play):
    stage = play()
    ticket = stage.submit(deeds.child_of_its_own, stage.gate("never"))
    until_marked(stage, "waiting", ticket)
    stage.executor.cancel(ticket, 0.0)
    stage.end(ticket)
    daemon = int((stage.folder / "daemon").read_text())
    stage.pump(lambda: not Path(f"/proc/{daemon}").exists(), "the daemon dies with the worker")


# ---- replacing workers -----------------------------------------------------------------------------


def test_a_worker_is_replaced_after_so_many_tasks(play):
    found = pids(play(max_steps_per_worker=2), 5)
    assert found[0] == found[1] != found[2] == found[3] != found[4]


def test_a_worker_that_holds_too_much_is_replaced_and_that_is_said(play):
    stage = play(max_worker_memory=150_000_000)
    first = stage.answer(stage.submit(deeds.take_memory, 200_000_000))
    assert pids(stage, 1)[0] != first
    assert "more than max_worker_memory allows" in stage.notes[0].message


def test_a_task_that_takes_too_much_memory_is_killed(play):
    stage = play(max_step_memory=200_000_000)
    lost = stage.lost(stage.submit(deeds.take_memory_and_wait, 300_000_000, stage.gate("never")))
    assert lost.cause == "memory"
    assert "max_step_memory allows 200 MB" in lost.reason


def test_a_canceled_task_that_swallows_everything_is_killed(play):
    stage = play()
    ticket = stage.submit(deeds.hard)
    until_marked(stage, "waiting", ticket)
    stage.executor.cancel(ticket, 0.1)
    lost = stage.lost(ticket)
    assert lost.cause == "canceled"
    assert "was canceled and did not stop when asked; worker process" in lost.reason


def test_a_task_that_sleeps_through_its_signal_is_woken(play):
    stage = play()
    ticket = stage.submit(deeds.sleep_through)
    until_marked(stage, "waiting", ticket)
    stage.executor.cancel(ticket, FOR_EVER)
    assert stage.answer(ticket) == "woken"


def test_a_task_is_interrupted_once_and_woken_by_itself_until_it_hears(play):
    stage = play()
    ticket = stage.submit(deeds.count_signals, 3)
    until_marked(stage, "waiting", ticket)
    stage.executor.cancel(ticket, FOR_EVER)
    own, of_child = stage.answer(ticket)
    assert own == [1, 3]
    assert of_child == [1, 0]


# ---- lanes -----------------------------------------------------------------------------------------


def test_tasks_that_wait_share_one_process(play):
    stage = play()
    place = str(stage.folder / "place")
    tickets = [stage.submit(tasks.meet, place, 8, wants=IN_THREAD) for _ in range(8)]
    assert all(stage.answer(ticket) for ticket in tickets)
    assert len({mark.pid for mark in stage.marks("start")}) == 1


def test_a_lane_takes_no_more_tasks_than_it_has_threads(play):
    stage = play(max_threads=2)
    names = {
        stage.answer(one) for one in [stage.submit(deeds.thread_name, wants=IN_THREAD) for _ in range(6)]
    }
    assert names <= {"penstock-lane-0", "penstock-lane-1"}


def test_a_canceled_task_in_a_thread_is_interrupted(play):
    stage = play()
    ticket = stage.submit(deeds.soft, wants=IN_THREAD)
    until_marked(stage, "waiting", ticket)
    stage.executor.cancel(ticket, FOR_EVER)
    assert stage.answer(ticket) == "interrupted"


def test_a_thread_that_does_not_stop_is_given_up_and_its_process_replaced_when_the_others_are_done(play):
    stage = play()
    gate = stage.gate("others")
    other = stage.submit(tasks.wait, gate, wants=IN_THREAD)
    stuck = stage.submit(deeds.hard, wants=IN_THREAD)
    until_marked(stage, "waiting", other, stuck)
    host = stage.marks("waiting")[0].pid
    stage.executor.cancel(stuck, 0.0)
    assert "its thread in worker process" in stage.lost(stuck).reason
    assert stage.answer(stage.submit(deeds.pid, wants=IN_THREAD)) != host
    stage.open(gate)
    assert stage.answer(other)
    stage.pump(lambda: not Path(f"/proc/{host}").exists(), "the stuck process ends")


def test_the_death_of_a_shared_process_loses_each_of_its_tasks(play):
    stage = play()
    tickets = [stage.submit(tasks.wait, stage.gate("never"), wants=IN_THREAD) for _ in range(3)]
    until_marked(stage, "waiting", *tickets)
    os.kill(stage.marks("waiting")[0].pid, signal.SIGKILL)
    assert all("beside 2 others" in stage.lost(ticket).reason for ticket in tickets)


def test_a_thread_that_is_stopped_in_an_import_lets_others_import(play):
    stage = play()
    ticket = stage.submit(deeds.hold_imports, wants=IN_THREAD)
    until_marked(stage, "waiting", ticket)
    stage.executor.cancel(ticket, FOR_EVER)
    assert stage.lost(ticket).cause == "canceled"
    first = stage.submit(tasks.wait, stage.gate("others"), wants=IN_THREAD)  # in the same thread
    until_marked(stage, "waiting", first)
    assert stage.answer(stage.submit(deeds.import_json_again, wants=IN_THREAD)) == "json.tool"
    stage.open(stage.gate("others"))
    assert stage.answer(first)


# ---- the zygote ------------------------------------------------------------------------------------


def zygote(stage):
    return stage.answer(stage.submit(deeds.facts))["parent"]


def test_the_death_of_the_zygote_loses_what_runs_and_nothing_else(play):
    stage = play()
    pid = zygote(stage)
    ticket = stage.submit(tasks.wait, stage.gate("never"))
    until_marked(stage, "waiting", ticket)
    waiting = [stage.submit(tasks.wait, stage.gate("open")) for _ in range(3)]
    os.kill(pid, signal.SIGKILL)
    assert (
        f"the process that keeps the workers ({pid}), which was killed by SIGKILL"
        in stage.lost(ticket).reason
    )
    stage.open(stage.gate("open"))
    assert all(stage.end(one) for one in waiting)
    assert zygote(stage) != pid


def test_the_death_of_the_zygote_between_two_tasks_is_got_over(play):
    stage = play()
    pid = zygote(stage)
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # a machine that is busy takes its time
    # what is submitted before the death is noticed may still be carried out, or lost with its worker
    ends = (stage.end(stage.submit(deeds.facts)) for _ in range(20))
    assert any(isinstance(end, Outcome) and end.record.value["parent"] != pid for end in ends)


def test_the_number_of_places_is_that_of_the_processors_unless_told():
    assert ProcessPoolExecutor({}).features.max_concurrent == len(os.sched_getaffinity(0))
    assert ProcessPoolExecutor({"max_concurrent": 0}).features.max_concurrent == len(os.sched_getaffinity(0))
    assert ProcessPoolExecutor({"max_concurrent": 7}).features.max_concurrent == 7


def test_a_shelf_that_cannot_be_written_to_is_a_fault_of_the_config(tmp_path):
    pool = ProcessPoolExecutor({"shelf_directory": str(tmp_path / "absent")})
    with pytest.raises(InvalidConfigError, match=r"\$.shelf_directory: wanted a folder to write to"):
        pool.begin(None)
    pool.close()

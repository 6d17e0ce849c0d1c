"""A pool between two runs: what it keeps, when it begins anew, and that nothing outlives it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pool_deeds as deeds
import pytest

from penstock.errors import CodeLocationError
from penstock.spi.executor import Wants
from penstock.testing.conformance.executor import tasks
from penstock.testing.conformance.executor.double import StandIn
from penstock.testing.conformance.executor.stage import rest, until_marked


def facts(stage):
    return stage.answer(stage.submit(deeds.facts))


def zygote(stage):
    return facts(stage)["parent"]


@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_the_zygote_is_kept_and_workers_are_not(play, method):
    stage = play(start_method=method)
    first = facts(stage)
    rest(stage)
    second = facts(stage)
    assert first["parent"] == second["parent"]
    assert first["pid"] != second["pid"]


def test_a_run_after_a_rest_is_named_in_the_environment_of_its_workers(play):
    stage = play()
    assert stage.answer(stage.submit(deeds.variable, "PENSTOCK_RUN_ID")) == stage.shared.key
    rest(stage)
    assert stage.answer(stage.submit(deeds.variable, "PENSTOCK_RUN_ID")) == stage.shared.key


def test_what_a_worker_did_to_its_modules_is_gone_in_the_next_run(play):
    stage = play(max_concurrent=1)
    assert [stage.answer(stage.submit(deeds.remember, one)) for one in "ab"] == [["a"], ["a", "b"]]
    rest(stage)
    assert stage.answer(stage.submit(deeds.remember, "c")) == ["c"]


def test_modules_of_ours_that_workers_imported_are_there_in_the_next_run(play):
    stage = play()
    assert not stage.answer(stage.submit(deeds.imports, "penstock.tables.travel"))
    rest(stage)
    assert stage.answer(stage.submit(deeds.imports, "penstock.tables.travel"))


def test_modules_of_others_are_imported_when_a_step_does_so(play):
    stage = play()
    assert not stage.answer(stage.submit(deeds.imports, "wave"))
    rest(stage)
    assert not stage.answer(stage.submit(deeds.imports, "wave"))


def test_another_environment_gets_another_zygote(play, monkeypatch):
    stage = play()
    before = zygote(stage)
    rest(stage)
    monkeypatch.setenv("PENSTOCK_TEST_OF_REST", "new")
    assert stage.answer(stage.submit(deeds.variable, "PENSTOCK_TEST_OF_REST")) == "new"
    assert zygote(stage) != before


def test_another_folder_gets_another_zygote(play, monkeypatch, tmp_path):
    stage = play()
    zygote(stage)
    rest(stage)
    monkeypatch.chdir(tmp_path)
    assert facts(stage)["folder"] == str(tmp_path)


def test_a_zygote_that_was_killed_at_rest_is_replaced(play):
    stage = play()
    before = zygote(stage)
    rest(stage)
    os.kill(before, signal.SIGKILL)
    assert zygote(stage) != before


def test_what_a_kept_zygote_cannot_load_is_tried_in_a_new_one(play, tmp_path, monkeypatch):
    stage = play()
    before = zygote(stage)
    rest(stage)
    stage.shared = StandIn(str(stage.folder), modules=("penstock_nowhere",), number=9)
    with pytest.raises(CodeLocationError, match="cannot import 'penstock_nowhere'"):
        stage.submit(deeds.pid)
    assert not Path(f"/proc/{before}").exists()


def test_a_child_in_a_session_of_its_own_dies_when_the_run_ends(play):
    stage = play()
    ticket = stage.submit(deeds.child_of_its_own, stage.gate("never"))
    until_marked(stage, "waiting", ticket)
    daemon = (stage.folder / "daemon").read_text()
    rest(stage)
    assert not Path(f"/proc/{daemon}").exists()


def test_a_timeout_in_one_run_leaves_the_next_alone(play):
    stage = play()
    late = stage.submit(deeds.hard, wants=Wants(timeout=0.1))
    assert stage.lost(late).cause == "timeout"
    rest(stage)
    assert stage.answer(stage.submit(tasks.answer, 1)) == 1


def test_the_shelf_of_a_run_is_removed_at_its_end(play):
    stage = play()
    stage.outcome(stage.submit(deeds.hand_large, hands=None))
    shelf = Path(stage.executor._shelf)
    assert any(shelf.iterdir())
    rest(stage)
    assert not shelf.exists()


def test_what_is_loaded_for_many_runs_is_not_kept(play):
    stage = play()
    held = []
    for _ in range(40):
        held.append(stage.answer(stage.submit(deeds.objects_below)))
        rest(stage)
    assert max(held[20:]) < max(held[:20]) + 200

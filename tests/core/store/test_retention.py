"""Retention: old chatter goes in batches, live runs and what is known of assets stay."""

from __future__ import annotations

from contextlib import closing

import pytest

from penstock.events import values as v
from penstock.events.runs import Run, RunsFilter, RunStatus
from penstock.spi.store import EventQuery
from penstock.store import deletion
from penstock.store.open import open_store, sqlite_url
from penstock.store.retention import RetentionPolicy, expired_runs, retain
from penstock.testing.conformance.store import A, B, begun, finished_run, log_of, one_step


@pytest.fixture
def store(tmp_path):
    with closing(open_store(sqlite_url(tmp_path / "penstock.db"))) as store:
        yield store


def names(store):
    return [record.run.run_id for record in store.runs(RunsFilter(), ascending=True)]


def run_at(store, name, at, job="job", end=v.RunSucceeded):
    seq = store.create_run(Run(run_id=name, job_name=job, tags={"name": name}), begun(at))
    seq = store.append(name, seq, one_step("s", A, at=at, partition=name))
    if end:
        store.append(name, seq, [end(at=at + 1)])


def test_a_policy_that_says_nothing_lets_nothing_go(store):
    run_at(store, "1", 10.0)
    assert retain(store, RetentionPolicy(), 1e9).run_ids == ()
    assert names(store) == ["1"]


def test_old_finished_runs_go_and_live_ones_stay(store):
    run_at(store, "old", 10.0)
    run_at(store, "live", 10.0, end=None)
    run_at(store, "young", 100.0)
    report = retain(store, RetentionPolicy(older_than=50.0), 110.0)
    assert report.run_ids == ("old",)
    assert report.rows == 6
    assert names(store) == ["live", "young"]
    assert log_of(store, "old") == []
    assert store.count_runs(RunsFilter(tags={"name": "old"})) == 0


def test_the_newest_runs_of_each_job_stay(store):
    for number in range(4):
        run_at(store, f"a{number}", 10.0, job="a")
    run_at(store, "b0", 10.0, job="b")
    assert retain(store, RetentionPolicy(keep_last=2), 1e9).run_ids == ("a0", "a1")


def test_only_runs_of_the_wanted_statuses_go(store):
    run_at(store, "good", 10.0)
    run_at(store, "bad", 10.0, end=v.RunFailed)
    policy = RetentionPolicy(older_than=1.0, statuses={RunStatus.FAILURE, RunStatus.STARTED})
    assert retain(store, policy, 1e9).run_ids == ("bad",)


def test_facts_about_assets_stay(store):
    for number in range(3):
        finished_run(store, str(number), partition="p")
    finished_run(store, "other", B)
    retain(store, RetentionPolicy(older_than=0.0), 1e9)
    assert names(store) == []
    assert [entry.run_id for entry in store.read(EventQuery(asset_key=A))] == ["0", "1", "2"]
    assert [status.asset_key for status in store.assets()] == [A, B]
    assert store.info().events == 4


def test_history_goes_when_it_is_not_wanted_and_the_latest_facts_stay(store):
    for number in range(3):
        finished_run(store, str(number), partition="p")
    finished_run(store, "q", partition="q")
    retain(store, RetentionPolicy(older_than=0.0, keep_history=False), 1e9)
    assert [entry.run_id for entry in store.read(EventQuery(asset_key=A))] == ["2", "q"]
    assert sorted(store.partitions(A)) == ["p", "q"]


def test_a_big_run_goes_in_batches(store):
    seq = store.create_run(Run(run_id="r", job_name="j"), begun())
    for _ in range(50):
        seq = store.append("r", seq, [v.EngineNoted(at=1.0, message="m")] * 5)
    store.append("r", seq, [v.RunFailed(at=2.0)])
    statements = []
    with store.database.write(full=True) as connection:
        connection.set_trace_callback(statements.append)
    assert retain(store, RetentionPolicy(older_than=0.0), 1e9, batch=100).rows == 253
    connection.set_trace_callback(None)
    assert (
        statements.count("COMMIT") == 2 + 3 + 1
    )  # the fixture's own, hiding the run, three batches, tidying
    assert store.info().events == 0


def test_what_a_killed_process_left_half_forgotten_is_finished(store):
    finished_run(store, "r")
    with store.database.write(full=True) as connection:
        deletion.begin_to_forget(connection, 1)
    assert names(store) == []
    assert retain(store, RetentionPolicy(older_than=0.0), 1e9).rows == 6
    assert store.info().events == 1


def test_a_dry_run_only_tells(store):
    finished_run(store, "r")
    assert retain(store, RetentionPolicy(older_than=0.0), 1e9, dry_run=True).run_ids == ("r",)
    assert names(store) == ["r"]
    assert expired_runs(store, RetentionPolicy(older_than=0.0), 1e9) == [(1, "r")]


def test_a_forgotten_run_leaves_no_row_once_its_facts_are_wiped(store):
    finished_run(store, "r")
    retain(store, RetentionPolicy(older_than=0.0), 1e9)
    store.wipe(A)
    retain(store, RetentionPolicy(older_than=0.0), 1e9)
    with store.database.read() as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (0,)

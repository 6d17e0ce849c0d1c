"""Many processes, killed processes, forked processes: nothing acknowledged is lost, nobody is locked out."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from penstock.errors import StoreError
from penstock.events import values as v
from penstock.events.runs import Run, RunsFilter
from penstock.spi.store import EventQuery
from penstock.store.open import open_store, sqlite_url
from penstock.testing.conformance.store import A, begun, faults_of, finished_run, one_step

CORE = Path(__file__).resolve().parents[3] / "core"

WRITER = """
import sys
from penstock.events import values as v
from penstock.events.runs import Run
from penstock.store.open import open_store
from penstock.testing.conformance.store import A, begun, one_step
url, name, commits = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = open_store(url)
seq = store.create_run(Run(run_id=name, job_name="j"), begun())
print(seq, flush=True)
for number in range(commits):
    step = one_step(f"{name}-{number}", A, partition=f"{name}-{number}")
    seq = store.append(name, seq, step)
    print(seq, flush=True)
store.append(name, seq, [v.RunSucceeded(at=9.0)])
store.close()
"""


def writer(url, name, commits):
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, url, name, str(commits)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(CORE)},
    )  # fmt: skip


def integrity(path):
    with closing(open_store(sqlite_url(path))) as store, store.database.read() as connection:
        return connection.execute("PRAGMA integrity_check").fetchall()


def test_four_writers_of_one_fresh_file_never_see_a_lock(tmp_path):
    path = tmp_path / "home" / "penstock.db"
    writers = [writer(sqlite_url(path), str(number), 50) for number in range(4)]
    for process in writers:
        _, complaints = process.communicate(timeout=200)
        assert (process.returncode, complaints) == (0, "")
    with closing(open_store(sqlite_url(path))) as store:
        assert store.count_runs(RunsFilter()) == 4
        assert [faults_of(store, str(number)) for number in range(4)] == [[]] * 4
        assert len(store.partitions(A)) == 200
        ids = [entry.id for entry in store.read(EventQuery())]
        assert ids == list(range(1, 4 * (2 + 50 * 4 + 1) + 1))


@pytest.mark.parametrize("after", [1, 2, 5, 17, 40])
def test_a_killed_writer_loses_nothing_that_it_was_told_is_kept(tmp_path, after):
    path = tmp_path / "penstock.db"
    process = writer(sqlite_url(path), "r", 100_000)
    acknowledged = [int(process.stdout.readline()) for _ in range(after)]
    process.send_signal(signal.SIGKILL)
    acknowledged += [int(line) for line in process.communicate()[0].split()]
    with closing(open_store(sqlite_url(path))) as store:
        assert faults_of(store, "r") == []
        last = store.runs(RunsFilter())[0].last_seq
        assert last >= acknowledged[-1]
        store.append("r", last, [v.RunSucceeded(at=9.0)])
    assert integrity(path) == [("ok",)]


# ---- torn logs -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory):
    """A database whose last commits are in its write-ahead log only, as after a power cut."""
    folder = tmp_path_factory.mktemp("torn")
    source = folder / "source.db"
    with closing(open_store(sqlite_url(source))) as store:
        seq = store.create_run(Run(run_id="r", job_name="j"), begun())
        for number in range(30):
            seq = store.append("r", seq, one_step(f"step {number}", A, partition=str(number)))
        store.append("r", seq, [v.RunFailed(at=9.0)])
        shutil.copy(source, folder / "copy.db")
        shutil.copy(f"{source}-wal", folder / "copy.db-wal")
    return folder / "copy.db"


@pytest.mark.parametrize("harm", ["cut", "flip"])
@pytest.mark.parametrize("part", range(20))
def test_a_torn_log_opens_at_a_sound_prefix(left_behind, tmp_path, harm, part):
    path, log = tmp_path / "penstock.db", tmp_path / "penstock.db-wal"
    shutil.copy(left_behind, path)
    whole = bytearray(Path(f"{left_behind}-wal").read_bytes())
    offset = len(whole) * part // 20 + 7 * part
    if harm == "cut":
        log.write_bytes(whole[:offset])
    else:
        whole[offset] ^= 0xFF
        log.write_bytes(whole)
    with closing(open_store(sqlite_url(path))) as store:
        for record in store.runs(RunsFilter()):
            assert faults_of(store, record.run.run_id) == []
            made = store.read(EventQuery(kinds=(v.AssetMaterialized,)))
            assert sorted(store.partitions(A).values()) == [entry.id for entry in made]
    assert integrity(path) == [("ok",)]


# ---- forks and threads ---------------------------------------------------------------------------


def told_by(program, *arguments):
    """What a program prints; forks happen in one of its own, since a test runner has threads."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PRELUDE + textwrap.dedent(program), *arguments],
        check=False, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(CORE)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


PRELUDE = """
import os, sys
from penstock.events.runs import RunsFilter
from penstock.store.open import open_store
from penstock.testing.conformance.store import finished_run
store = open_store(sys.argv[1])
count = lambda: print(store.count_runs(RunsFilter()), flush=True)
finished_run(store, "parent")
"""


def test_a_forked_child_opens_connections_of_its_own(tmp_path):
    program = """
    if os.fork() == 0:
        finished_run(store, "child")
        store.close()
        sys.exit()
    assert os.wait()[1] == 0
    finished_run(store, "parent again")
    count()
    """
    assert told_by(program, sqlite_url(tmp_path / "penstock.db")) == ["3"]


def test_a_child_that_only_exits_leaves_the_store_alone(tmp_path):
    program = """
    if os.fork() == 0:
        sys.exit()
    assert os.wait()[1] == 0
    finished_run(store, "parent again")
    count()
    """
    assert told_by(program, sqlite_url(tmp_path / "penstock.db")) == ["2"]


def test_a_child_does_not_keep_the_lock_of_a_parent_that_is_killed(tmp_path):
    program = """
    reader, writer = os.pipe()
    held, release = os.pipe()
    middle = os.fork()
    if middle == 0:
        store.count_runs(RunsFilter())
        with store.database.write(full=True):
            if os.fork() == 0:
                os.write(writer, b"x")
                os.read(held, 1)  # lives on while its parent is gone
                os._exit(0)
            os.read(reader, 1)
            os.kill(os.getpid(), 9)
    os.waitpid(middle, 0)
    finished_run(store, "after")
    count()
    os.write(release, b"x")
    """
    assert told_by(program, sqlite_url(tmp_path / "penstock.db")) == ["2"]


def test_a_memory_store_goes_on_in_a_child():
    program = """
    if os.fork() == 0:
        finished_run(store, "child")
        count()
        sys.exit()
    assert os.wait()[1] == 0
    count()
    """
    assert told_by(program, "memory:") == ["2", "1"]


@pytest.mark.parametrize("place", ["file", "memory"])
def test_threads_share_a_store(tmp_path, place):
    url = sqlite_url(tmp_path / "penstock.db") if place == "file" else "memory:"
    with closing(open_store(url)) as store:

        def work(name):
            for number in range(20):
                finished_run(store, f"{name}-{number}")
                store.runs(RunsFilter(), limit=3)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, "abcd"))
        assert store.count_runs(RunsFilter()) == 80


# ---- the file goes away --------------------------------------------------------------------------


@pytest.mark.parametrize("happens", ["deleted", "replaced"])
def test_a_file_that_vanishes_is_noticed_before_anything_is_written(tmp_path, happens):
    path = tmp_path / "penstock.db"
    with closing(open_store(sqlite_url(path))) as store:
        finished_run(store, "1")
        path.unlink()
        if happens == "replaced":
            path.write_bytes(b"")
        with pytest.raises(StoreError, match=happens):
            finished_run(store, "2")
        with pytest.raises(StoreError, match=happens):
            store.runs(RunsFilter())
        assert path.exists() == (happens == "replaced")


def test_every_write_transaction_begins_immediate(tmp_path):
    with closing(open_store(sqlite_url(tmp_path / "penstock.db"))) as store:
        statements = []
        with store.database.write(full=True) as connection:
            connection.set_trace_callback(statements.append)
        finished_run(store, "r")
        store.tag_run("r", {"a": "b"})
        store.wipe(A)
        store.dynamic_partitions("d", add=["x"])
        store.delete_run("r")
        connection.set_trace_callback(None)
    begins = [statement for statement in statements if statement.startswith("BEGIN")]
    assert len(begins) >= 8
    assert set(begins) == {"BEGIN IMMEDIATE"}


def test_changes_of_state_wait_for_the_disk_and_step_events_do_not(tmp_path):
    with closing(open_store(sqlite_url(tmp_path / "penstock.db"))) as store:

        def level():
            connection = store.database._handles.writer
            return connection.execute("PRAGMA synchronous").fetchone()[0]

        seq = store.create_run(Run(run_id="r", job_name="j"), begun())
        assert level() == 2
        seq = store.append("r", seq, one_step("s", A))
        assert level() == 1
        store.append("r", seq, [v.RunSucceeded(at=9.0)])
        assert level() == 2

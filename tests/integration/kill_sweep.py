"""Kills a real run again and again at random moments, and looks at what is left after each.

    python tests/integration/kill_sweep.py --kills 50

A run of a project is killed (SIGKILL) at a moment chosen by a seed. Then must hold: the store opens, every
run's status is the fold of its events, the lost run is told as lost by the next command, no file under a
final name is anything but whole, checksums are those recorded, `penstock run retry RUN --from-failure`
finishes it (some retries are killed too, and retried), and what is stored then equals what an undisturbed
run stores. A thread reads all stored files throughout. Homes are fresh, or hold an older version of it all.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
from attrs import Factory, define, field, frozen
from pyarrow import parquet

from penstock.events import values as v
from penstock.events.fold import StepStatus, fold
from penstock.events.runs import RunsFilter, RunStatus
from penstock.spi.store import EventQuery
from penstock.store.doctor import faults_in
from penstock.store.open import open_store, sqlite_url
from penstock_files.layout import EXTENSIONS
from penstock_files.temporary import is_temporary

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
COMMAND = (sys.executable, "-c", "from penstock.cli.main import main; main()")
DATABASE = "penstock.db"
TWO_HOURS = 7200.0


@frozen
class Project:
    """What is run: a folder with a ``pyproject.toml``, and run config that makes an older version of it."""

    folder: Path
    older: dict[str, Any]

    @classmethod
    def copy_of(cls, name: str, to: Path) -> Project:
        """A copy, since a run may write beside its code."""
        source, older = PROJECTS[name]
        folder = to / name
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns(".penstock-home", "__pycache__"))
        return cls(folder, older)

    def call(self, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Carry out one command to its end."""
        return subprocess.run(
            [*COMMAND, *arguments], cwd=self.folder, env=environment(home), text=True,
            capture_output=True, check=False, timeout=280,
        )  # fmt: skip

    def killed(self, home: Path, after: float, *arguments: str) -> bool:
        """Begin a command and kill it; whether the kill came before its end."""
        process = subprocess.Popen(
            [*COMMAND, *arguments], cwd=self.folder, env=environment(home),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(after)
        process.kill()
        return process.wait() == -9


PROJECTS = {
    "pipeline": (HERE / "pipeline", {"ops": {"numbers": {"config": {"rows": 200_000}}}}),
    "nycflights": (
        REPOSITORY / "examples" / "nycflights",
        {"ops": {"flights": {"config": {"carriers": ["UA", "DL", "AA", "B6"]}}}},
    ),
}


def environment(home: Path) -> dict[str, str]:
    paths = [str(REPOSITORY / part) for part in ("core", "executors", "io_managers", "integrations")]
    return {**os.environ, "PENSTOCK_HOME": str(home), "PYTHONPATH": os.pathsep.join(paths)}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digest_of_rows(path: Path) -> str:
    """Of a Parquet file that reads completely, whatever the order of its rows: no join promises one."""
    table = parquet.read_table(path, page_checksum_verification=True)
    ordered = table.sort_by([(name, "ascending") for name in table.column_names]).combine_chunks()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, ordered.schema) as stream:
        stream.write_table(ordered)
    return hashlib.sha256(sink.getvalue()).hexdigest()


@define
class Known:
    """Files that are whole: what undisturbed runs stored under each name."""

    files: dict[str, list[Path]]
    digests: dict[str, set[str]] = field(init=False)
    rows: dict[str, set[str]] = Factory(dict)

    def __attrs_post_init__(self) -> None:
        self.digests = {name: {digest(path) for path in paths} for name, paths in self.files.items()}

    def has(self, name: str, path: Path, found: str) -> bool:
        """Whether a file with this digest is one of them, byte by byte or else row by row."""
        if name not in self.files or found in self.digests[name]:
            return name in self.files
        if path.suffix != ".parquet":
            return False
        if name not in self.rows:
            self.rows[name] = {digest_of_rows(one) for one in self.files[name]}
        try:
            if digest_of_rows(path) not in self.rows[name]:
                return False
        except (OSError, ValueError):  # what pyarrow raises for a file that is not whole
            return False
        self.digests[name].add(found)
        return True


def stored_files(home: Path) -> dict[str, Path]:
    """Files under final names, by their path below the storage folder."""
    storage = home / "storage"
    files = [path for path in storage.rglob("*") if path.is_file() and not path.name.startswith(".tmp-")]
    return {str(path.relative_to(storage)): path for path in files}


def temporary_files(home: Path) -> list[Path]:
    return sorted((home / "storage").rglob(".tmp-*"))


# ---- what an undisturbed run does -----------------------------------------------------------------


@frozen
class Undisturbed:
    """How long a run takes and what it stores: the newer version alone, or either."""

    older_home: Path
    newer: Known
    either: Known
    begins: float
    seconds: float

    @classmethod
    def of(cls, project: Project, folder: Path) -> Undisturbed:
        older_home, newer_home = folder / "older", folder / "newer"
        config = json.dumps(project.older)
        for home, arguments in ((older_home, ("--config", config)), (newer_home, ())):
            done = project.call(home, "materialize", "--quiet", *arguments)
            assert done.returncode == 0, done.stdout + done.stderr
        again = folder / "again"
        began, seconds = timed(project, again)
        files = {name: [path] for name, path in stored_files(newer_home).items()}
        either = {name: [path, older_home / "storage" / name] for name, (path,) in files.items()}
        undisturbed = cls(older_home, Known(files), Known(either), began, seconds)
        assert undisturbed.is_stored_in(again), "two undisturbed runs store different things"
        return undisturbed

    def is_stored_in(self, home: Path) -> bool:
        """Whether a home holds exactly what an undisturbed run stores."""
        found = stored_files(home)
        return set(found) == set(self.newer.files) and all(
            self.newer.has(name, path, digest(path)) for name, path in found.items()
        )


def timed(project: Project, home: Path) -> tuple[float, float]:
    """Seconds until the run begins, and until all is done."""
    start = time.monotonic()
    process = subprocess.Popen(
        [*COMMAND, "materialize", "--json"], cwd=project.folder, env=environment(home),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    began = time.monotonic() - start
    process.stdout.read()
    process.stdout.close()
    assert process.wait() == 0
    return began, time.monotonic() - start


# ---- what must hold ----------------------------------------------------------------------------------


@define
class Watch:
    """A reader that looks at every stored file all the time: each must be one of the whole ones."""

    home: Path
    known: Known
    looks: int = 0
    faults: list[str] = Factory(list)
    _stop: threading.Event = Factory(threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._look_on)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _look_on(self) -> None:
        seen: dict[str, tuple[int, int]] = {}
        while not self._stop.wait(0.002):
            for name, path in stored_files(self.home).items():
                try:
                    status = path.stat()
                    if seen.get(name) == (status.st_ino, status.st_mtime_ns):
                        continue
                    found = digest(path)
                except FileNotFoundError:
                    continue
                seen[name] = (status.st_ino, status.st_mtime_ns)
                self.looks += 1
                if not self.known.has(name, path, found):
                    self.faults.append(f"{name} was read while it was not whole ({status.st_size} bytes)")


def faults_of_store(home: Path) -> list[str]:
    """What the doctor finds, if there is a database already."""
    path = home / DATABASE
    if not path.exists():
        return []
    with closing(open_store(sqlite_url(path))) as store:
        return faults_in(store)


def faults_of_files(home: Path, known: Known) -> list[str]:
    faults = [
        f"{name} is not whole ({path.stat().st_size} bytes)"
        for name, path in stored_files(home).items()
        if not known.has(name, path, digest(path))
    ]
    faults.extend(
        f"{path.name} may be taken for a value, or is never swept"
        for path in temporary_files(home)
        if path.name.endswith(tuple(EXTENSIONS)) or not is_temporary(path.name)
    )
    return faults


def latest_materializations(home: Path) -> dict[str, v.AssetMaterialized]:
    """By asset; empty when there is no database yet."""
    latest: dict[str, v.AssetMaterialized] = {}
    if (home / DATABASE).exists():
        with closing(open_store(sqlite_url(home / DATABASE))) as store:
            for entry in store.read(EventQuery(kinds=(v.AssetMaterialized,))):
                assert isinstance(entry.event, v.AssetMaterialized)
                latest[entry.event.materialization.asset_key.to_user_string()] = entry.event
    return latest


def path_of(made: v.AssetMaterialized) -> Path:
    return Path(str(made.materialization.metadata["path"].value))


def faults_of_receipts(home: Path) -> list[str]:
    """Everything that is recorded is there, with the checksum and size that were recorded."""
    faults: list[str] = []
    for key, made in latest_materializations(home).items():
        metadata, path = made.materialization.metadata, path_of(made)
        kind, _, wanted = str(metadata["checksum"].value).partition(":")
        assert kind == "sha256"
        if not path.exists():
            faults.append(f"{key} is recorded, but {path} is not there")
        elif path.stat().st_size != metadata["bytes"].value or not digest(path).startswith(wanted):
            faults.append(f"{key}: {path} is not what was recorded")
    return faults


def unrecorded(home: Path) -> int:
    """How many files are newer than their record: the kill came between the one and the other."""
    recorded = {str(path_of(made)) for made in latest_materializations(home).values()}
    return sum(str(path) not in recorded for path in stored_files(home).values())


@define
class Figures:
    """What was seen over all kills."""

    kills: Counter[str] = field(factory=Counter)
    looks: int = 0
    temporary: int = 0
    unrecorded: int = 0
    again: int = 0
    kept: int = 0
    faults: list[str] = field(factory=list)


@frozen
class Case:
    """One kill and all that follows."""

    project: Project
    undisturbed: Undisturbed
    home: Path
    chance: random.Random
    with_older: bool
    figures: Figures

    def moment(self) -> float:
        return self.chance.uniform(0.5 * self.undisturbed.begins, self.undisturbed.seconds)

    def run(self) -> bool:
        """Kill once, look, retry until it is done, look; False when the run ended before the kill."""
        if self.with_older:
            shutil.copytree(self.undisturbed.older_home, self.home)
        known = self._runs()
        whole = self.undisturbed.either if self.with_older else self.undisturbed.newer
        with Watch(self.home, whole) as watch:
            if not self.project.killed(self.home, self.moment(), "materialize"):
                return False
            self._look(whole)
            lost = self._told_as_lost(known)
            while not self._finished(lost):
                self._look(whole)
                known |= {lost} if lost else set()
                lost = self._told_as_lost(known, retried=lost)
        self.figures.looks += watch.looks
        self.figures.faults.extend(watch.faults)
        self._look_at_the_end()
        return True

    def _runs(self) -> set[str]:
        if not (self.home / DATABASE).exists():
            return set()
        with closing(open_store(sqlite_url(self.home / DATABASE))) as store:
            return {record.run.run_id for record in store.runs(RunsFilter())}

    def _fault(self, text: str) -> None:
        self.figures.faults.append(f"{self.home.name}: {text}")

    def _look(self, whole: Known) -> None:
        for fault in (
            *faults_of_store(self.home),
            *faults_of_files(self.home, whole),
            *faults_of_receipts(self.home),
        ):
            self._fault(fault)
        self.figures.temporary += len(temporary_files(self.home))
        if not self.with_older:  # the receipts of the older version name the home that was copied
            self.figures.unrecorded += unrecorded(self.home)

    def _told_as_lost(self, known: set[str], retried: str | None = None) -> str | None:
        """The id of the run that was killed, which the next command must tell as lost; None if none began."""
        done = self.project.call(self.home, "run", "list", "--json")
        if done.returncode != 0:
            self._fault(f"`run list` after the kill ended with {done.returncode}: {done.stderr[-500:]}")
        new = [run for run in json.loads(done.stdout or "[]") if run["run_id"] not in known]
        if len(new) > 1:
            self._fault(f"one command began {len(new)} runs")
        if not new:
            self.figures.kills["before the run began" if retried is None else "before the retry began"] += 1
            return retried
        status, lost = new[0]["status"], new[0]["run_id"]
        self.figures.kills[self._place(lost, retried)] += 1
        if status not in {"FAILURE", "SUCCESS"}:
            self._fault(f"the lost run is told as {status}")
        return lost

    def _log(self, run_id: str) -> list[Any]:
        with closing(open_store(sqlite_url(self.home / DATABASE))) as store:
            return [entry.event for entry in store.read(EventQuery(run_id=run_id))]

    def _place(self, run_id: str, retried: str | None) -> str:
        """Where the kill hit."""
        log = self._log(run_id)
        ends = [event for event in log if isinstance(event, (v.RunFailed, v.RunSucceeded))]
        if isinstance(ends[-1], v.RunSucceeded):
            return "after the last event"
        if ends[-1].reason != "worker_lost":
            self._fault(f"the lost run failed because of {ends[-1].reason}: {ends[-1].message}")
        if retried is not None:
            return "in the retry"
        summary = fold(log)
        if not summary.steps:
            return "before the first step"
        return "within a step" if summary.steps_in(StepStatus.INTERRUPTED) else "between steps"

    def _age_temporary_files(self) -> None:
        past = time.time() - TWO_HOURS
        for path in temporary_files(self.home):
            with suppress(FileNotFoundError):  # a worker that has not heard of its driver's death yet
                os.utime(path, (past, past))

    def _finished(self, lost: str | None) -> bool:
        """Retry; False when the retry was killed as well."""
        again = ("materialize",) if lost is None else ("run", "retry", lost, "--from-failure")
        if lost is not None and self._succeeded(lost):
            return True
        self._age_temporary_files()
        if self.chance.random() < 0.3 and self.project.killed(self.home, self.moment(), *again):
            return False
        done = self.project.call(self.home, *again, "--json")
        if done.returncode != 0:
            if lost is not None and self._newest_succeeded():
                return True  # the kill of the retry came too late
            self._fault(
                f"`{' '.join(again)}` ended with {done.returncode}: {(done.stderr or done.stdout)[-800:]}"
            )
        elif lost is not None:
            self._count_steps(lost, done.stdout)
        return True

    def _succeeded(self, run_id: str) -> bool:
        return any(isinstance(event, v.RunSucceeded) for event in self._log(run_id))

    def _newest_succeeded(self) -> bool:
        with closing(open_store(sqlite_url(self.home / DATABASE))) as store:
            return store.runs(RunsFilter(), limit=1)[0].run.status is RunStatus.SUCCESS

    def _count_steps(self, lost: str, output: str) -> None:
        """What had succeeded is not run again."""
        before = set(fold(self._log(lost)).succeeded_steps)
        lines = [json.loads(line) for line in output.splitlines()]
        ran = {line["step"] for line in lines if line.get("type") == "STEP_START"}
        self.figures.again += len(ran)
        self.figures.kept += len(before)
        if before & ran:
            self._fault(f"the retry ran again what had succeeded: {sorted(before & ran)}")

    def _look_at_the_end(self) -> None:
        for fault in (*faults_of_store(self.home), *faults_of_receipts(self.home)):
            self._fault(fault)
        if not self.undisturbed.is_stored_in(self.home):
            self._fault("what is stored at the end is not what an undisturbed run stores")
        if newer := unrecorded(self.home):
            self._fault(f"{newer} files at the end are not those that are recorded")
        if left := temporary_files(self.home):
            self._fault(f"temporary files of two hours ago are left: {[path.name for path in left]}")


# ---- the sweep -------------------------------------------------------------------------------------


def sweep(name: str, kills: int, seed: int, *, quiet: bool = False) -> Figures:
    """Kill so many runs of a project; every second home holds an older version of everything."""
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="penstock-sweep-") as folder:
        project = Project.copy_of(name, Path(folder))
        undisturbed = Undisturbed.of(project, Path(folder))
        print(f"{name}: begins after {undisturbed.begins:.2f} s, done after {undisturbed.seconds:.2f} s,"
              f" {len(undisturbed.newer.files)} files; {kills} kills, seed {seed}", flush=True)  # fmt: skip
        number = hit = 0
        while hit < kills:
            number += 1
            home = Path(folder) / f"case-{seed}-{number}"
            chance = random.Random(f"{seed}-{number}")
            case = Case(project, undisturbed, home, chance, number % 2 == 0, figures)
            before = len(figures.faults)
            hit += case.run()
            if not quiet or figures.faults[before:]:
                print(f"  {hit:3} {'; '.join(figures.faults[before:]) or 'well'}", flush=True)
            shutil.rmtree(home, ignore_errors=True)
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--project", choices=PROJECTS, default="nycflights")
    parser.add_argument("--quiet", action="store_true", help="tell of faults only")
    chosen = parser.parse_args()
    figures = sweep(chosen.project, chosen.kills, chosen.seed, quiet=chosen.quiet)
    print("".join(f"  killed {place}: {count}\n" for place, count in figures.kills.most_common()), end="")
    print(f"  files read by the onlooker: {figures.looks}; temporary files left: {figures.temporary};"
          f" files newer than their record: {figures.unrecorded}")  # fmt: skip
    print(f"  steps taken over by retries: {figures.kept}; run again: {figures.again}")
    print(f"  faults: {len(figures.faults)}")
    print("".join(f"    {fault}\n" for fault in figures.faults), end="")
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())

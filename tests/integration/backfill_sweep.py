"""Kills a year's backfill again and again at random moments, resumes it, and counts what is on record.

    python tests/integration/backfill_sweep.py --kills 100

Every command that launches or resumes the backfill is killed (SIGKILL) at a moment chosen by a seed, until it
is done in spite of that. Then must hold: each partition of each asset was materialized by exactly one run;
every run is the run of one chunk, and no chunk has two; what is stored equals what an undisturbed backfill
stores; the backfill counts everything as made; and the doctor finds nothing.
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
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from attrs import Factory, define, frozen

from penstock.events import values as v
from penstock.events.runs import RunsFilter, RunStatus
from penstock.host.backfill_step import run_id_of
from penstock.spi.backfills import BACKFILL_TAG, BackfillStatus
from penstock.spi.store import EventQuery
from penstock.store.doctor import faults_in
from penstock.store.open import open_store, sqlite_url

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
COMMAND = (sys.executable, "-c", "from penstock.cli.main import main; main()")
LAUNCH = ("backfill", "launch", "--asset", "*", "--all")


@frozen
class Project:
    """A folder whose assets are backfilled."""

    folder: Path

    def call(self, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Carry out one command to its end."""
        return subprocess.run(
            [*COMMAND, *arguments], cwd=self.folder, env=environment(home), text=True,
            capture_output=True, check=False, timeout=300,
        )  # fmt: skip

    def killed(self, home: Path, after: float, *arguments: str) -> bool:
        """Begin a command and kill it; whether the kill came before its end."""
        process = subprocess.Popen(
            [*COMMAND, *arguments], cwd=self.folder, env=environment(home),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            process.kill()
        return process.wait() == -9


def environment(home: Path) -> dict[str, str]:
    paths = [str(REPOSITORY / part) for part in ("core", "executors", "io_managers", "integrations")]
    return {**os.environ, "PENSTOCK_HOME": str(home), "PYTHONPATH": os.pathsep.join(paths)}


def stored(home: Path) -> dict[str, str]:
    """The digest of each stored file, by its path below the storage folder."""
    storage = home / "storage"
    files = [path for path in storage.rglob("*") if path.is_file() and not path.name.startswith(".tmp-")]
    return {str(path.relative_to(storage)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@frozen
class Undisturbed:
    """How long the backfill takes, what it stores, and which partitions it makes."""

    seconds: float
    files: dict[str, str]
    made: frozenset[tuple[str, str | None]]

    @classmethod
    def of(cls, project: Project, home: Path) -> Undisturbed:
        began = time.monotonic()
        done = project.call(home, *LAUNCH)
        assert done.returncode == 0, done.stdout + done.stderr
        return cls(time.monotonic() - began, stored(home), frozenset(made_in(home)))


def made_in(home: Path) -> Counter[tuple[str, str | None]]:
    """How often each partition of each asset was materialized, over all runs."""
    found: Counter[tuple[str, str | None]] = Counter()
    with closing(open_store(sqlite_url(home / "penstock.db"))) as store:
        for entry in store.read(EventQuery(kinds=(v.AssetMaterialized,))):
            assert isinstance(entry.event, v.AssetMaterialized)
            made = entry.event.materialization
            found[made.asset_key.to_user_string(), made.partition] += 1
    return found


@define
class Figures:
    """What was seen over all kills."""

    kills: int = 0
    backfills: int = 0
    lost: int = 0
    again: int = 0
    begun: Counter[str] = Factory(Counter)
    faults: list[str] = Factory(list)


@frozen
class Case:
    """One backfill, killed until it is done."""

    project: Project
    undisturbed: Undisturbed
    home: Path
    chance: random.Random
    figures: Figures

    def run(self, most: int) -> None:
        """Launch or resume until it is done, and kill that at most so many times."""
        kills = 0
        command = LAUNCH
        while True:
            if kills < most and self._kill(command):
                kills += 1
            else:
                self._finish(command)
                break
            command = self._next()
            if command is None:
                break
        self.figures.kills += kills
        self.figures.backfills += 1
        self._look()

    def _kill(self, command: tuple[str, ...]) -> bool:
        moment = self.chance.uniform(0.2, 0.2 + 0.7 * self.undisturbed.seconds)
        hit = self.project.killed(self.home, moment, *command)
        self.figures.begun[command[1]] += hit
        return hit

    def _finish(self, command: tuple[str, ...]) -> None:
        if self._next() is None:
            return
        done = self.project.call(self.home, *command)
        if done.returncode != 0 and "nothing is left to do" not in done.stderr:
            self._fault(f"{' '.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}")

    def _next(self) -> tuple[str, ...] | None:
        """What goes on from here; None when all is done."""
        if not (self.home / "penstock.db").exists():
            return LAUNCH
        done = self.project.call(self.home, "backfill", "list", "--json")
        if done.returncode != 0:
            self._fault(f"`backfill list` after a kill ended with {done.returncode}: {done.stderr[-500:]}")
            return LAUNCH
        found = json.loads(done.stdout)
        if len(found) > 1:
            self._fault(f"one launch recorded {len(found)} backfills")
        if not found:
            return LAUNCH
        if found[0]["status"] == BackfillStatus.COMPLETED_SUCCESS.value:
            return None
        if found[0]["status"] not in {"REQUESTED", "IN_PROGRESS"}:
            self._fault(f"the backfill is told as {found[0]['status']}")
        return ("backfill", "resume", found[0]["backfill_id"])

    def _fault(self, text: str) -> None:
        self.figures.faults.append(f"{self.home.name}: {text}")

    # ---- what must hold -------------------------------------------------------------------------

    def _look(self) -> None:
        made = made_in(self.home)
        if twice := [key for key, count in made.items() if count > 1]:
            self._fault(f"{len(twice)} partitions are on record twice, such as {sorted(map(str, twice))[:3]}")
        if missing := self.undisturbed.made - set(made):
            self._fault(f"{len(missing)} partitions are missing, such as {sorted(map(str, missing))[:3]}")
        if strange := set(made) - self.undisturbed.made:
            self._fault(f"{len(strange)} partitions were made that nobody wanted")
        if stored(self.home) != self.undisturbed.files:
            self._fault("what is stored is not what an undisturbed backfill stores")
        with closing(open_store(sqlite_url(self.home / "penstock.db"))) as store:
            for fault in faults_in(store):
                self._fault(fault)
            self._look_at_rows(store)

    def _look_at_rows(self, store: object) -> None:
        backfills = store.backfills  # type: ignore[attr-defined]  # an open store
        (backfill,) = backfills.find()
        if backfill.status is not BackfillStatus.COMPLETED_SUCCESS:
            self._fault(f"the backfill ended as {backfill.status.value}")
        for part in backfills.parts(backfill.backfill_id):
            if part.counts.get("done") != part.counts["target"] or set(part.counts) - {"done", "target"}:
                self._fault(f"{part.name} counts {dict(part.counts)}")
        chunks = backfills.chunks(backfill.backfill_id)
        wanted = [run_id_of(backfill.backfill_id, number) for number in range(1, len(chunks) + 1)]
        if [chunk.run_id for chunk in chunks] != wanted:
            self._fault("the numbers of chunks have gaps, or their runs other ids")
        records = store.runs(RunsFilter())  # type: ignore[attr-defined]  # an open store
        if strange := {record.run.run_id for record in records} - set(wanted):
            self._fault(f"{len(strange)} runs are those of no chunk")
        if any(record.run.tags.get(BACKFILL_TAG) != backfill.backfill_id for record in records):
            self._fault("a run has no tag that names its backfill")
        lost = sum(record.run.status is RunStatus.FAILURE for record in records)
        self.figures.lost += lost
        self.figures.again += sum(chunk.status.value == "LOST" for chunk in chunks)


def sweep(kills: int, seed: int, *, a_case: int = 8, quiet: bool = False) -> Figures:
    """Kill so many launches and resumptions; each backfill at most ``a_case`` times."""
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="penstock-backfill-sweep-") as folder:
        project = Project(Path(folder) / "year")
        shutil.copytree(HERE / "backfill_year", project.folder, ignore=shutil.ignore_patterns("__pycache__"))
        undisturbed = Undisturbed.of(project, Path(folder) / "undisturbed")
        count, seconds = len(undisturbed.made), undisturbed.seconds
        print(f"{count} partitions in {seconds:.2f} s; {kills} kills, seed {seed}", flush=True)
        number = 0
        while figures.kills < kills:
            number += 1
            home = Path(folder) / f"case-{seed}-{number}"
            case = Case(project, undisturbed, home, random.Random(f"{seed}-{number}"), figures)
            before = len(figures.faults)
            case.run(min(a_case, kills - figures.kills))
            if not quiet or figures.faults[before:]:
                print(f"  {figures.kills:3} {'; '.join(figures.faults[before:]) or 'well'}", flush=True)
            shutil.rmtree(home, ignore_errors=True)
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--quiet", action="store_true", help="tell of faults only")
    chosen = parser.parse_args()
    figures = sweep(chosen.kills, chosen.seed, quiet=chosen.quiet)
    print(f"  {figures.kills} kills of {figures.backfills} backfills ({dict(figures.begun)})")
    print(f"  runs that lost their process: {figures.lost}; chunks asked for again: {figures.again}")
    print(f"  faults: {len(figures.faults)}")
    print("".join(f"    {fault}\n" for fault in figures.faults), end="")
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())

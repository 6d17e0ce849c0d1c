"""Measuring: runs programs in fresh interpreters, the compared ones in turn, and keeps every sample.

Owns: how often, in which order and in which environment. Must not know what the numbers mean.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from attrs import define, field, frozen

from benchmarks.peers import Peer

PROGRAMS = Path(__file__).parent / "programs"
LONG_RUN = 20.0
"""Seconds; what takes longer than this is run once only, without a warm-up."""
TIMEOUT = 900.0
CALIBRATION_TURNS = 400_000
# a child must write byte code as an ordinary installation has it
_DROPPED = ("PYTHONDONTWRITEBYTECODE", "PENSTOCK_HOME", "DAGSTER_HOME")


@frozen(kw_only=True)
class Case:
    """One thing to measure.

    Args:
        name: by which its samples are found.
        command: the whole command line.
        environment: on top of the shell's.
        times_process: whether the times of the process are the samples (``wall_ms``, ``cpu_ms``); otherwise
            the program prints a JSON object of numbers in its last line.
        repeats: at most so many, None for as many as the others.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(factory=dict[str, str])
    times_process: bool = False
    repeats: int | None = None


@define
class Samples:
    """What came of a case: by measure the numbers of each repeat, and why it failed if it did."""

    numbers: dict[str, list[float]] = field(factory=dict[str, list[float]])
    failure: str | None = None

    def of(self, measure: str) -> tuple[float, ...]:
        """The numbers of a measure in order of the repeats; none when it failed."""
        return tuple(self.numbers.get(measure, ()))


@frozen(kw_only=True)
class Busyness:
    """How busy the machine was: a fixed loop in ms, and the load average over a minute."""

    loop_ms: float
    load: float


def _nobody(name: str) -> Peer:
    return Peer(python=None, words=f"{name} was not asked for.")


@define(kw_only=True)
class Bench:
    """What all subjects are given.

    Args:
        folder: for files, on the disk that counts.
        repeats: samples of each case, after one warm-up.
        quick: tiny sizes, one sample, no warm-up.
        peer: the interpreter with Dagster, None without.
        find: finds another library by its name, installs it if need be.
        say: told what is done now.
        busyness: grows by one before each round.
    """

    folder: Path
    repeats: int = 5
    quick: bool = False
    peer: str | None = None
    find: Callable[[str], Peer] = _nobody
    say: Callable[[str], None] = print
    busyness: list[Busyness] = field(factory=list[Busyness])

    def size(self, full: int, quick: int) -> int:
        """How many of something this bench measures."""
        return quick if self.quick else full

    def run(self, cases: Sequence[Case]) -> dict[str, Samples]:
        """Run each case as often as wanted, all of them once before any is run again.

        Returns:
            Case name → its samples.
        """
        found = {case.name: Samples() for case in cases}
        long: set[str] = set()
        rounds = 1 if self.quick else self.repeats + 1
        for number in range(rounds):
            self.busyness.append(busyness())
            # each round begins with another case, so that none always follows the same neighbour
            first = number % len(cases)
            for case in (*cases[first:], *cases[:first]):
                samples = found[case.name]
                limit = self.repeats if case.repeats is None else case.repeats
                if samples.failure or case.name in long or len(_any(samples)) >= limit:
                    continue
                self.say(f"  {number}/{rounds - 1} {case.name}")
                if self._run_once(case, samples, is_warm_up=number == 0 and rounds > 1) > LONG_RUN:
                    long.add(case.name)
        return found

    def _run_once(self, case: Case, samples: Samples, *, is_warm_up: bool) -> float:
        begun = time.perf_counter()
        numbers, failure = run_program(case, self.folder)
        seconds = time.perf_counter() - begun
        if failure is not None:
            samples.failure = failure
            samples.numbers.clear()
            self.say(f"    failed: {failure}")
        elif not is_warm_up or seconds > LONG_RUN:
            for measure, number in numbers.items():
                samples.numbers.setdefault(measure, []).append(number)
        return seconds


def _any(samples: Samples) -> Sequence[float]:
    return next(iter(samples.numbers.values()), ())


def run_program(case: Case, folder: Path) -> tuple[dict[str, float], str | None]:
    """Run a case once.

    Returns:
        Its numbers, and why it failed (None when it did not).
    """
    environment = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    environment |= {"DAGSTER_DISABLE_TELEMETRY": "1", "NO_COLOR": "1", "TMPDIR": str(folder)}
    environment |= {"RAY_TMPDIR": tempfile.gettempdir()}  # sockets have no room for a long path
    begun, used = time.perf_counter(), _children_ms()
    try:
        done = subprocess.run(
            case.command,
            env=environment | dict(case.environment),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return {}, f"{type(error).__name__}: {error}".splitlines()[0][:200]
    wall, cpu = 1e3 * (time.perf_counter() - begun), _children_ms() - used
    if done.returncode != 0:
        return {}, _last_line(done.stderr)[:200] or f"exit code {done.returncode}"
    if case.times_process:
        return {"wall_ms": wall, "cpu_ms": cpu}, None
    return json.loads(_last_line(done.stdout)), None


def _children_ms() -> float:
    """CPU time of all processes that we waited for, in ms."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1e3 * (used.ru_utime + used.ru_stime)


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""


def program(name: str, *arguments: object, python: str = sys.executable) -> tuple[str, ...]:
    """The command line of a program in ``programs``."""
    return (python, str(PROGRAMS / f"{name}.py"), *(str(argument) for argument in arguments))


def busyness() -> Busyness:
    """How busy the machine is now."""
    begun = time.perf_counter()
    total = 0
    for number in range(CALIBRATION_TURNS):
        total += number * number % 7
    return Busyness(loop_ms=1e3 * (time.perf_counter() - begun), load=os.getloadavg()[0])

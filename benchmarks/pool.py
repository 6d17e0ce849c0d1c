"""Runs on the process pool: what its start costs, and a step then, beside this process and a bare pool."""

from __future__ import annotations

from attrs import frozen

from benchmarks.measure import Bench, Case, Samples, program
from benchmarks.rows import Budget, Row, Section

SHAPES = {"grid": "layers of 50", "chain": "one chain"}
VALUES = {"files": "assets, files I/O manager", "handed": "ops, values handed straight on"}
STEP = Budget(limit=3)
START = Budget(limit=300)
SMALL = 10
PEER_STEPS = 8


@frozen(kw_only=True)
class Way:
    """A graph on an executor: its shape, how many steps, where values go."""

    executor: str
    shape: str
    count: int
    values: str

    @property
    def name(self) -> str:
        """By which its samples are found."""
        return f"{self.executor} {self.shape} {self.count} {self.values}"

    @property
    def words(self) -> str:
        """For people."""
        return f"{self.executor}: {SHAPES[self.shape]} ({self.count:,}); {VALUES[self.values]}"

    def case(self) -> Case:
        """How it is measured."""
        command = program("pool_steps", self.executor, self.shape, self.count, self.values)
        return Case(name=self.name, command=command)


def measure(bench: Bench) -> Section:
    """Measure the pool: large runs, a small one for its start, and Dagster's multiprocess executor."""
    count = bench.size(1000, 20)
    large = [
        Way(executor=executor, shape=shape, count=count, values=values)
        for shape in SHAPES
        for values in VALUES
        for executor in ("process", "in_process")
    ]
    small = [Way(executor="process", shape="grid", count=SMALL, values=values) for values in VALUES]
    bare = {shape: Case(name=f"bare {shape}", command=program("bare_pool", shape, count)) for shape in SHAPES}
    ways = [*large, *small]
    found = bench.run([*(way.case() for way in ways), *bare.values(), *_jobs(bench)])
    return Section(
        title="A step on the process pool, durable store",
        baseline="`concurrent.futures.ProcessPoolExecutor`, two forked workers, the same graph, values by way"
        " of the driver, nothing recorded",
        rows=(
            *(_bare_row(shape, count, found) for shape in SHAPES),
            *(row for way in large for row in _rows(way, found)),
            *(_start_row(way, found) for way in small),
            *_job_rows(bench, found),
        ),
        notes=(
            "Two workers. A step's time is that from the first step's start to the end of the call, by step.",
            "The start is all before: planning, recording, forking, shipping.",
            f"Beside Dagster: a job of {PEER_STEPS} ops, two chains, on the multiprocess executor of each.",
        ),
    )


def _jobs(bench: Bench) -> list[Case]:
    """A small job with the multiprocess executor of each library; Dagster's steps take seconds."""
    if bench.peer is None:
        return []
    return [
        Case(name="job penstock", command=program("multiprocess_steps", "penstock", PEER_STEPS)),
        Case(
            name="job dagster",
            command=program("multiprocess_steps", "dagster", PEER_STEPS, python=bench.peer),
            repeats=2,
        ),
    ]


def _bare_row(shape: str, count: int, found: dict[str, Samples]) -> Row:
    samples = found[f"bare {shape}"]
    step = samples.of("step_ms")
    return Row(
        what=f"bare pool, {SHAPES[shape]} ({count:,})",
        unit="ms",
        samples=step,
        baseline=step,
        failure=samples.failure,
    )


def _rows(way: Way, found: dict[str, Samples]) -> list[Row]:
    samples, bare = found[way.name], found[f"bare {way.shape}"]
    is_pool = way.executor == "process"
    step = Row(
        what=way.words,
        unit="ms",
        samples=samples.of("step_ms"),
        baseline=bare.of("step_ms"),
        budget=STEP if is_pool else None,
        failure=samples.failure,
    )
    driver = Row(
        what="– CPU time of the driver",
        unit="ms",
        samples=samples.of("cpu_ms"),
        baseline=bare.of("cpu_ms"),
        failure=samples.failure,
    )
    if not is_pool:
        return [step, driver]
    workers = Row(
        what="– CPU time of the workers",
        unit="ms",
        samples=samples.of("workers_cpu_ms"),
        failure=samples.failure,
    )
    return [step, driver, workers, _start_row(way, found, is_large=True)]


def _start_row(way: Way, found: dict[str, Samples], *, is_large: bool = False) -> Row:
    samples = found[way.name]
    return Row(
        what="– its start" if is_large else f"start of {way.words}",
        unit="ms",
        samples=samples.of("start_ms"),
        baseline=found[f"bare {way.shape}"].of("start_ms"),
        budget=None if is_large else START,
        failure=samples.failure,
    )


def _job_rows(bench: Bench, found: dict[str, Samples]) -> list[Row]:
    if bench.peer is None:
        return []
    ours, theirs = found["job penstock"], found["job dagster"]
    words = {"step_ms": f"a job of {PEER_STEPS} ops, a step", "start_ms": "– its start"}
    return [
        Row(what=what, unit="ms", samples=ours.of(name), beside=theirs.of(name), failure=ours.failure)
        for name, what in words.items()
    ]

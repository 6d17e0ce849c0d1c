"""Runs in process: what a step costs in a large run, and what a run of one step costs."""

from __future__ import annotations

import sys

from attrs import frozen

from benchmarks.measure import Bench, Case, Samples, program
from benchmarks.rows import Budget, Row, Section

QUIET_FLOOR_MS = 0.13
"""The floor on the quiet machine that the budgets were set on."""
SHAPES = {"ops": "chain of ops", "layers": "layered assets, 10 × {width}", "chain": "chain of assets"}
PLACES = (("memory", "memory"), ("memory", "files"), ("durable", "memory"), ("durable", "files"))
WORDS = {"memory": "in memory", "durable": "SQLite"}
BUDGETED = ("durable", "files")
PEER_COUNTS = {100: 2, 1000: 1}
"""Steps → how often Dagster runs them: it needs half a minute for a thousand."""
STEP = Budget(limit=0.3, ratio=0.3 / QUIET_FLOOR_MS)
ASSET_BYTES = Budget(limit=1000)
RUN = Budget(limit=3)
RUN_BYTES = Budget(limit=4000)


@frozen(kw_only=True)
class Way:
    """A way to run a graph: its shape, how many steps, where events and where values go."""

    shape: str
    count: int
    store: str
    manager: str

    def name(self, library: str) -> str:
        """By which its samples are found."""
        return f"{library} {self.shape} {self.count} {self.store} {self.manager}"

    @property
    def words(self) -> str:
        """For people."""
        shape = SHAPES[self.shape].format(width=self.count // 10)
        manager = "files" if self.manager == "files" else "memory"
        return f"{shape} ({self.count:,}); events {WORDS[self.store]}, {manager} I/O manager"

    def case(self, library: str, python: str, repeats: int | None = None) -> Case:
        """How it is measured."""
        return Case(
            name=self.name(library),
            command=program(
                "steps", library, self.shape, self.count, self.store, self.manager, python=python
            ),
            repeats=repeats,
        )


def measure(bench: Bench) -> Section:
    """Measure steps in large runs."""
    count = bench.size(1000, 20)
    ways = [Way(shape=shape, count=count, store=s, manager=m) for shape in SHAPES for s, m in PLACES]
    cases = [way.case("penstock", sys.executable) for way in ways]
    cases += [
        Case(name=f"{kind} {shape}", command=program("bare_steps", kind, count, shape))
        for kind in ("call", "floor", "synced")
        for shape in ("chain", "layers")
    ]
    found = bench.run([*cases, *_peer_cases(bench, ways)])
    rows = [row for way in ways for row in _rows(way, found)]
    return Section(
        title="A step in process",
        baseline="the floor: SQLite with a write-ahead log and `synchronous=NORMAL`, one kept connection,"
        " three events committed and one pickle file written for each step",
        rows=(*_bare_rows(found, count), *rows, *_smaller_peer_rows(bench, found)),
        notes=(
            "A step returns an integer. Each sample is a fresh process that has run ten steps before.",
            "Bytes are what the closed database has more than an empty one, by step.",
        ),
    )


def _peer_cases(bench: Bench, ways: list[Way]) -> list[Case]:
    if bench.peer is None:
        return []
    large = [way for way in ways if _is_run_by_peer(way)]
    return [
        *(way.case("dagster", bench.peer, PEER_COUNTS.get(way.count)) for way in large),
        *(way.case("dagster", bench.peer, 2) for way in _small_ways()),
        *(way.case("penstock", sys.executable) for way in _small_ways()),
    ]


def _is_run_by_peer(way: Way) -> bool:
    """Its assets take a minute for a thousand: of those, only the run whose budget there is."""
    if way.shape == "ops":
        return way.store == way.manager == "memory" or (way.store, way.manager) == BUDGETED
    return way.shape == "layers" and (way.store, way.manager) == BUDGETED


def _small_ways() -> list[Way]:
    return [
        Way(shape="ops", count=100, store="memory", manager="memory"),
        Way(shape="ops", count=100, store="durable", manager="files"),
    ]


def _bare_rows(found: dict[str, Samples], count: int) -> list[Row]:
    words = {
        "call": "plain function calls",
        "floor": "floor",
        "synced": "floor with each file synced to disk",
    }
    shapes = {"chain": "chain", "layers": "layers"}
    return [
        Row(
            what=f"{words[kind]}, {shapes[shape]} ({count:,})",
            unit="ms",
            samples=found[f"{kind} {shape}"].of("step_ms"),
            baseline=found[f"floor {shape}"].of("step_ms"),
            failure=found[f"{kind} {shape}"].failure,
        )
        for kind in words
        for shape in shapes
    ]


def _rows(way: Way, found: dict[str, Samples]) -> list[Row]:
    samples = found[way.name("penstock")]
    peer = found.get(way.name("dagster"), Samples())
    is_budgeted = (way.store, way.manager) == BUDGETED
    step = Row(
        what=way.words,
        unit="ms",
        samples=samples.of("step_ms"),
        baseline=found[f"floor {'layers' if way.shape == 'layers' else 'chain'}"].of("step_ms"),
        beside=peer.of("step_ms"),
        budget=STEP if is_budgeted else None,
        failure=samples.failure,
    )
    cpu = Row(
        what="– its CPU time",
        unit="ms",
        samples=samples.of("cpu_ms"),
        beside=peer.of("cpu_ms"),
        failure=samples.failure,
    )
    if way.store == "memory":
        return [step, cpu]
    size = Row(
        what="– its database by step",
        unit="B",
        samples=samples.of("step_bytes"),
        beside=peer.of("step_bytes"),
        budget=ASSET_BYTES if is_budgeted and way.shape != "ops" else None,
        failure=samples.failure,
    )
    return [step, cpu, size]


def _smaller_peer_rows(bench: Bench, found: dict[str, Samples]) -> list[Row]:
    if bench.peer is None:
        return []
    return [
        Row(
            what=way.words,
            unit="ms",
            samples=found[way.name("penstock")].of("step_ms"),
            beside=found[way.name("dagster")].of("step_ms"),
            failure=found[way.name("penstock")].failure,
        )
        for way in _small_ways()
    ]


def measure_small(bench: Bench) -> Section:
    """Measure runs of one step, as a backfill with one run per partition makes them."""
    count = bench.size(200, 3)
    kinds = (("op", "memory"), ("asset", "memory"), ("asset", "files"))
    cases = [Case(name="bare", command=program("bare_runs", count))]
    cases += [
        Case(
            name=f"penstock {kind} {manager}", command=program("small_runs", "penstock", kind, count, manager)
        )
        for kind, manager in kinds
    ]
    if bench.peer is not None:
        command = program("small_runs", "dagster", "asset", 20, "files", python=bench.peer)
        cases.append(Case(name="dagster asset files", command=command, repeats=2))
    found = bench.run(cases)
    bare = found["bare"].of("run_ms")
    rows = [row for kind, manager in kinds for row in _small_rows(kind, manager, found)]
    return Section(
        title="A run of one step in process, durable store",
        baseline="SQLite with `synchronous=FULL`: the run committed, then five events and its end, and one"
        " pickle file",
        rows=(Row(what=f"floor ({count} runs)", unit="ms", samples=bare, baseline=bare), *rows),
        notes=("One run per partition, one after the other, on one open instance. Dagster: 20 runs.",),
    )


def _small_rows(kind: str, manager: str, found: dict[str, Samples]) -> list[Row]:
    samples = found[f"penstock {kind} {manager}"]
    peer = found.get(f"dagster {kind} {manager}", Samples())
    is_budgeted = kind == "asset" and manager == "files"
    return [
        Row(
            what=f"run of one {kind}, {manager} I/O manager",
            unit="ms",
            samples=samples.of("run_ms"),
            baseline=found["bare"].of("run_ms"),
            beside=peer.of("run_ms"),
            budget=RUN if is_budgeted else None,
            failure=samples.failure,
        ),
        Row(
            what="– its database by run",
            unit="B",
            samples=samples.of("run_bytes"),
            beside=peer.of("run_bytes"),
            budget=RUN_BYTES if is_budgeted else None,
            failure=samples.failure,
        ),
    ]

"""Whole runs on the Ray executor beside bare Ray: large graphs, fan-out, very many steps, large tables."""

from __future__ import annotations

from benchmarks.measure import Bench, Case, Samples, program
from benchmarks.rows import Budget, Row, Section, speed

SPEEDS: dict[str, tuple[str, str, float | None]] = {
    "layers of 50, events in memory, of a `ray.wait` loop": ("grid loop", "grid engine memory", 0.75),
    "layers of 50, events in memory, of all submitted at once": (
        "grid up front",
        "grid engine memory",
        0.5,
    ),
    "layers of 50, SQLite, of a `ray.wait` loop": ("grid loop", "grid engine durable", 0.6),
    "chain step by step, events in memory, of a `ray.wait` loop": (
        "chain loop",
        "chain engine memory",
        0.7,
    ),
    "chain step by step, SQLite, of a `ray.wait` loop": ("chain loop", "chain engine durable", None),
    "chain taken together, SQLite, of all submitted at once": ("chain up front", "chain engine fused", 10),
    "fan-out found by a step, of the same known before": ("fan up front", "fan engine", 1 / 1.5),
}
PROCESSOR = {
    "layers of 50": ("grid loop", "grid engine memory"),
    "chain step by step": ("chain loop", "chain engine memory"),
}
CHAIN = 30
TABLE_BYTES = 200_000_000


def measure(bench: Bench) -> Section:
    """Measure graphs of trivial steps, each way in turn in one Ray."""
    count, rounds = bench.size(1000, 20), bench.size(bench.repeats, 1)
    case = Case(name="runs", command=program("ray_engine", count, rounds), repeats=1)
    found = bench.run([case])["runs"]
    return Section(
        title="Runs on Ray",
        baseline="bare Ray tasks of the same graph, in the same Ray",
        rows=(
            *(_speed(what, rounds, found) for what in SPEEDS),
            *(_processor(what, rounds, found) for what in PROCESSOR),
            _before(rounds, found),
        ),
        notes=(
            f"{count:,} trivial steps; values handed straight on. A speed of 1 is that of bare Ray.",
            "A run counts from its first event to its last; what comes before has a row of its own.",
        ),
    )


def measure_many(bench: Bench) -> Section:
    """Measure one run of very many steps: its speed beside small runs, and the memory of the driver."""
    count = bench.size(10_000, 100)
    case = Case(name="many", command=program("ray_many", count), repeats=1)
    found = bench.run([case])["many"]
    return Section(
        title="Many steps on Ray",
        baseline="runs of 1,000 steps before and after it",
        rows=(
            _single(f"{count:,} steps a second", "/s", "rate", None, found, found.of("small_rate")),
            _single("of the rate of small runs", "×", "share", Budget(limit=0.9, at_least=True), found),
            _single("memory of the driver beyond its plan", "MB", "grown_mb", Budget(limit=100), found),
        ),
        notes=("Layers of 50, values handed straight on, events in SQLite.",),
    )


def measure_tables(bench: Bench) -> Section:
    """Measure a chain of large tables through a store that holds half of them."""
    length, rounds = bench.size(CHAIN, 3), bench.size(bench.repeats, 1)
    nbytes = bench.size(TABLE_BYTES, 10_000_000)
    case = Case(name="tables", command=program("ray_tables", length, nbytes, rounds), repeats=1)
    found = bench.run([case])["tables"]
    return Section(
        title="Large tables in a chain on Ray",
        baseline="bare Ray tasks whose references are dropped as soon as they are taken",
        rows=(
            Row(
                what=f"{length} tables of {nbytes / 1e6:.0f} MB in a store of {15 * nbytes / 1e9:.1f} GB",
                unit="s",
                samples=_rounds("engine", rounds, found),
                baseline=_rounds("bare", rounds, found),
                budget=Budget(limit=60, ratio=1.3),
                failure=found.failure,
            ),
            _single("spilled to disk", "MiB", "spilled in all", Budget(limit=0), found),
        ),
    )


def _speed(what: str, rounds: int, found: Samples) -> Row:
    *names, least = SPEEDS[what]
    before, after = (_rounds(f"{name} seconds", rounds, found) for name in names)
    return speed(what, before, after, least, found.failure)


def _processor(what: str, rounds: int, found: Samples) -> Row:
    bare, ours = PROCESSOR[what]
    return Row(
        what=f"CPU time of the driver, {what}, planning included",
        unit="s",
        samples=_rounds(f"{ours} cpu", rounds, found),
        baseline=_rounds(f"{bare} cpu", rounds, found),
        budget=Budget(limit=2, ratio=2),
        failure=found.failure,
    )


def _before(rounds: int, found: Samples) -> Row:
    return Row(
        what="before the run begins and after it: planning, shipping, putting away",
        unit="s",
        samples=_rounds("grid engine durable before", rounds, found),
        failure=found.failure,
    )


def _rounds(name: str, rounds: int, found: Samples) -> tuple[float, ...]:
    return tuple(value for number in range(rounds) for value in found.of(f"{name} {number}"))


def _single(
    what: str,
    unit: str,
    measure: str,
    budget: Budget | None,
    found: Samples,
    baseline: tuple[float, ...] = (),
) -> Row:
    return Row(
        what=what,
        unit=unit,
        samples=found.of(measure),
        baseline=baseline,
        budget=budget,
        failure=found.failure,
    )

"""The Ray executor beside bare Ray, without an engine: shipping, live records, chains, fan-out."""

from __future__ import annotations

from benchmarks.measure import Bench, Case, Samples, program
from benchmarks.rows import Budget, Row, Section, speed

SPEEDS: dict[str, tuple[str, str, float]] = {
    "layers of 50, 3 records each, of a `ray.wait` loop": ("grid loop", "grid executor 3", 0.75),
    "chain, 3 records each, of a `ray.wait` loop": ("chain loop", "chain executor 3", 0.7),
    "chain of 64 steps a task, of all submitted at once": ("chain up front", "chain executor fused", 10),
    "20 live records each, of none": ("grid executor 0", "grid executor 20", 0.65),
    "fan-out found by a task, of the same known before": ("fan up front", "fan executor", 1 / 1.5),
}
RECORDS = 20


def measure(bench: Bench) -> Section:
    """Measure graphs of trivial tasks, each way in turn in one Ray."""
    count, rounds = bench.size(1000, 100), bench.size(bench.repeats, 1)
    case = Case(name="rates", command=program("ray_rates", count, rounds), repeats=1)
    found = bench.run([case])["rates"]
    return Section(
        title="The Ray executor without an engine",
        baseline="bare Ray tasks of the same graph, in the same Ray",
        rows=(
            *(_speed(what, rounds, found) for what in SPEEDS),
            Row(
                what="a step shipped as an order to a function that is there already",
                unit="ms",
                samples=_each("grid shipped", rounds, found, 1e3 / count),
                baseline=_each("grid loop", rounds, found, 1e3 / count),
                budget=Budget(limit=2, ratio=1.1),
                failure=found.failure,
            ),
            Row(
                what="each further live record",
                unit="µs",
                samples=_further(rounds, found, count),
                budget=Budget(limit=20),
                failure=found.failure,
            ),
            Row(
                what="from the telling of a record in a quiet task to its arrival",
                unit="ms",
                samples=_each("delay", rounds, found, 1e3),
                budget=Budget(limit=60),
                failure=found.failure,
            ),
        ),
        notes=(
            f"{count:,} trivial tasks; a runner of the benchmark stands for the engine.",
            "A speed of 1 is that of bare Ray.",
        ),
    )


def _speed(what: str, rounds: int, found: Samples) -> Row:
    *names, least = SPEEDS[what]
    before, after = (_each(name, rounds, found) for name in names)
    return speed(what, before, after, least, found.failure)


def _further(rounds: int, found: Samples, count: int) -> tuple[float, ...]:
    few, many = (_each(f"grid executor {each}", rounds, found, 1e6) for each in (0, RECORDS))
    return tuple((more - less) / count / RECORDS for less, more in zip(few, many, strict=True))


def _each(name: str, rounds: int, found: Samples, factor: float = 1) -> tuple[float, ...]:
    return tuple(factor * value for number in range(rounds) for value in found.of(f"{name} seconds {number}"))

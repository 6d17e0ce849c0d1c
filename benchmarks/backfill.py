"""Backfills: what it costs to plan many partitions, to go on with them, and to run each."""

from __future__ import annotations

from benchmarks.measure import Bench, Case, program
from benchmarks.rows import Budget, Row, Section

SECOND = Budget(limit=1000)
RUN = Budget(limit=3)
KINDS = {"hours": "hours of New York", "listed": "listed keys", "dynamic": "dynamic keys"}


def measure(bench: Bench) -> Section:
    """Measure a backfill of 100,000 partitions of each kind, and a run for each of 365 days."""
    count = bench.size(100_000, 200)
    samples = bench.run([Case(name="backfill", command=program("backfill", count))])["backfill"]
    rows: list[Row] = []
    for kind, words in KINDS.items():
        for measure_, unit, budget, said in (
            ("plan", "ms", SECOND, "planned and recorded"),
            ("step", "ms", SECOND, "taken in and claimed, half done"),
            ("memory", "kb", None, "memory while planning"),
        ):
            rows.append(
                Row(
                    what=f"{count:,} {words}: {said}",
                    unit="kB" if unit == "kb" else unit,
                    samples=samples.of(f"{measure_}_{kind}_{unit}"),
                    budget=budget,
                    failure=samples.failure,
                )
            )
    rows.append(
        Row(what="one run by partition, one asset", unit="ms", samples=samples.of("run_ms"), budget=RUN,
            failure=samples.failure)
    )  # fmt: skip
    return Section(
        title="Backfill many partitions",
        baseline="none: raw Python has no backfills",
        rows=tuple(rows),
        notes=("Planned: two assets of these partitions; of the hours also days that read them.",),
    )

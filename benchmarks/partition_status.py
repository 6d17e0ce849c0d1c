"""Partitions as they are recorded: where many of them stand, what each takes, how fast they are written."""

from __future__ import annotations

from benchmarks.measure import Bench, Case, Samples, program
from benchmarks.rows import Budget, Row, Section

STATUS = Budget(limit=50)
FACT = Budget(limit=300)
FLAT = Budget(limit=5)
TIMES = Budget(limit=50, at_least=True)


def measure(bench: Bench) -> Section:
    """Measure the status of 100,000 and 1,000,000 partitions, and the recording of 3,650."""
    counts = (500, 1000) if bench.quick else (100_000, 1_000_000)
    days = bench.size(3650, 30)
    found = bench.run([*_status_cases(counts), *_record_cases(bench, days)])
    return Section(
        title="Record partitions, and say where they stand",
        baseline="none: raw Python has no partitions",
        rows=(
            *(_status(count, found) for count in counts),
            _growth(counts, found),
            _dynamic(counts[0], found),
            _fact(counts[-1], found),
            *_records(days, found),
        ),
        notes=(
            "Status: hours of New York, 100 of which failed, spread evenly.",
            f"{days:,} days are recorded by a run over the range, in Dagster by events without a run.",
        ),
    )


def _status_cases(counts: tuple[int, ...]) -> list[Case]:
    cases = [Case(name=f"status {one}", command=program("partition_status", one)) for one in counts]
    return [*cases, Case(name="dynamic", command=program("partition_status", "dynamic", counts[0]))]


def _record_cases(bench: Bench, days: int) -> list[Case]:
    cases = [Case(name="record penstock", command=program("partition_record", "penstock", days))]
    if bench.peer is not None:
        command = program("partition_record", "dagster", days, python=bench.peer)
        cases.append(Case(name="record dagster", command=command))
    return cases


def _status(count: int, found: dict[str, Samples]) -> Row:
    samples = found[f"status {count}"]
    return Row(
        what=f"status of {count:,} partitions", unit="ms", samples=samples.of("status_ms"),
        budget=STATUS, failure=samples.failure,
    )  # fmt: skip


def _dynamic(count: int, found: dict[str, Samples]) -> Row:
    samples = found["dynamic"]
    return Row(
        what=f"status of {count:,} dynamic keys", unit="ms", samples=samples.of("status_ms"),
        budget=STATUS, failure=samples.failure,
    )  # fmt: skip


def _growth(counts: tuple[int, ...], found: dict[str, Samples]) -> Row:
    fewest, most = (found[f"status {count}"] for count in (counts[0], counts[-1]))
    ratios = tuple(
        other / one for one, other in zip(fewest.of("status_ms"), most.of("status_ms"), strict=False)
    )
    words = f"growth {counts[0]:,} → {counts[-1]:,}"
    return Row(what=words, unit="", samples=ratios, budget=FLAT, failure=most.failure)


def _fact(count: int, found: dict[str, Samples]) -> Row:
    samples = found[f"status {count}"]
    return Row(
        what="database by materialization", unit="B", samples=samples.of("fact_bytes"),
        budget=FACT, failure=samples.failure,
    )  # fmt: skip


def _records(days: int, found: dict[str, Samples]) -> list[Row]:
    own, peer = found["record penstock"], found.get("record dagster", Samples())
    rows = [
        Row(
            what=f"{days:,} partitions recorded", unit="ms", failure=own.failure,
            samples=tuple(1e3 * one for one in own.of("seconds")),
            beside=tuple(1e3 * one for one in peer.of("seconds")),
        ),
        Row(what="database by partition", unit="B", samples=own.of("bytes"), beside=peer.of("bytes"),
            budget=FACT, failure=own.failure),
    ]  # fmt: skip
    if peer.of("seconds"):
        ratios = tuple(b / a for a, b in zip(own.of("seconds"), peer.of("seconds"), strict=False))
        rows.append(Row(what="times as fast as Dagster", unit="", samples=ratios, budget=TIMES))
    return rows

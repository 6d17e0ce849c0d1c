"""The event log: how fast events are stored, in batches of several sizes, and read back."""

from __future__ import annotations

from benchmarks.measure import Bench, Case, Samples, program
from benchmarks.rows import Budget, Row, Section

BATCHES = (1, 5, 100)
APPEND = Budget(limit=20_000, at_least=True)
READ = Budget(limit=200_000, at_least=True)


def measure(bench: Bench) -> Section:
    """Measure appending and reading of events."""
    count = bench.size(10_000, 100)
    cases = [
        Case(name=f"{name} {batch}", command=program(name, count, batch))
        for batch in BATCHES
        for name in ("bare_events", "event_rates")
    ]
    found = bench.run(cases)
    return Section(
        title="The event log, durable store",
        baseline="a bare SQLite table, as large batches, bodies through the `json` module",
        rows=(*(_append(batch, found) for batch in BATCHES), _read(found), _size(found)),
        notes=(f"{count:,} events as steps that make assets leave them, asset facts included.",),
    )


def _append(batch: int, found: dict[str, Samples]) -> Row:
    return Row(
        what=f"stored, batches of {batch}",
        unit="/s",
        samples=found[f"event_rates {batch}"].of("append_rate"),
        baseline=found[f"bare_events {batch}"].of("append_rate"),
        budget=APPEND if batch > 1 else None,
        failure=found[f"event_rates {batch}"].failure,
    )


def _read(found: dict[str, Samples]) -> Row:
    samples = found[f"event_rates {BATCHES[-1]}"]
    return Row(
        what="read back",
        unit="/s",
        samples=samples.of("read_rate"),
        baseline=found[f"bare_events {BATCHES[-1]}"].of("read_rate"),
        budget=READ,
        failure=samples.failure,
    )


def _size(found: dict[str, Samples]) -> Row:
    samples = found[f"event_rates {BATCHES[-1]}"]
    return Row(what="database by event", unit="B", samples=samples.of("event_bytes"), failure=samples.failure)

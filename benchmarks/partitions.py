"""Partitions: lookups among many, and how little their number matters."""

from __future__ import annotations

from benchmarks.measure import Bench, Case, Samples, program
from benchmarks.rows import Budget, Row, Section

LOOKUPS = {
    "count": "how many there are",
    "nth": "the last key but four",
    "index": "the place of a key",
    "window": "the window of a key",
    "contains": "whether a subset of 100 ranges holds a key",
    "union": "the union of two subsets",
    "mapped": "all days that read all hours",
}
BUDGET = Budget(limit=1000)
FLAT = Budget(limit=2)


def measure(bench: Bench) -> Section:
    """Measure lookups among 10,000, 100,000 and 1,000,000 hours of New York."""
    counts = (100, 1000) if bench.quick else (10_000, 100_000, 1_000_000)
    found = bench.run([*_cases(counts), *_peer_cases(bench, counts)])
    rows = [row for count in counts for row in _rows(count, found)]
    rows += [_growth(lookup, counts, found) for lookup in LOOKUPS]
    return Section(
        title="Look up partitions",
        baseline="none: raw Python has no partitions",
        rows=tuple(rows),
        notes=(
            "Hours of New York, so that clocks change twice a year. Growth: time at most over at fewest.",
        ),
    )


def _cases(counts: tuple[int, ...]) -> list[Case]:
    return [Case(name=f"penstock {one}", command=program("partitions", "penstock", one)) for one in counts]


def _peer_cases(bench: Bench, counts: tuple[int, ...]) -> list[Case]:
    if bench.peer is None:
        return []
    command = program("partitions", "dagster", counts[0], python=bench.peer)
    return [Case(name=f"dagster {counts[0]}", command=command)]


def _rows(count: int, found: dict[str, Samples]) -> list[Row]:
    samples, peer = found[f"penstock {count}"], found.get(f"dagster {count}", Samples())
    return [
        Row(
            what=f"{count:,} hours: {words}",
            unit="µs",
            samples=samples.of(lookup),
            beside=peer.of(lookup),
            budget=BUDGET,
            failure=samples.failure,
        )
        for lookup, words in LOOKUPS.items()
    ]


def _growth(lookup: str, counts: tuple[int, ...], found: dict[str, Samples]) -> Row:
    fewest, most = (found[f"penstock {count}"] for count in (counts[0], counts[-1]))
    ratios = tuple(b / a for a, b in zip(fewest.of(lookup), most.of(lookup), strict=False))
    words = f"growth {counts[0]:,} → {counts[-1]:,}: {LOOKUPS[lookup]}"
    return Row(what=words, unit="", samples=ratios, budget=FLAT, failure=most.failure)

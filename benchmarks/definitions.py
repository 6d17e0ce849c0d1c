"""Definitions: declaring, loading and planning many assets, and how that grows."""

from __future__ import annotations

import itertools
import math
from statistics import median

from benchmarks.measure import Bench, Case, Samples, program
from benchmarks.rows import Budget, Row, Section

SHAPES = {"layers": "layered", "chain": "one chain"}
PARTS = {
    "declare_ms": "– declared",
    "load_ms": "– loaded",
    "plan_ms": "– planned",
    "cpu_ms": "– CPU time of all",
}
BUDGETED = 10_000
QUIET_BARE_MS = 100
"""The baseline for so many on a quiet machine: 98 to 118 ms of CPU time where the budgets were set."""
TOGETHER = Budget(limit=1000, ratio=1000 / QUIET_BARE_MS)
GROWTH = Budget(limit=1.1)
PEER_COUNT = 1000


def measure(bench: Bench) -> Section:
    """Measure declare, load and plan of 1,000, 10,000 and 100,000 assets."""
    counts = (20, 40) if bench.quick else (1000, 10_000, 100_000)
    found = bench.run([*_cases(counts), *_peer_cases(bench)])
    rows = [row for shape in SHAPES for row in _rows(shape, counts, found)]
    return Section(
        title="Declare, load and plan assets",
        baseline="as many functions, their signatures and a topological order by `graphlib`",
        rows=tuple(rows),
        notes=(
            "Loaded: `Definitions` made, `validate_loadable` passed. Planned: the run of all assets.",
            "Layered: 10 layers, each asset reads two of the layer before.",
            "The growth exponent is log(CPU time ratio) / log(size ratio): 1 is linear, 2 is quadratic.",
        ),
    )


def _cases(counts: tuple[int, ...]) -> list[Case]:
    return [
        case
        for count in counts
        for shape in SHAPES
        for case in (
            Case(name=f"bare {shape} {count}", command=program("bare_declare", shape, count)),
            Case(name=f"penstock {shape} {count}", command=program("declare", "penstock", shape, count)),
        )
    ]


def _peer_cases(bench: Bench) -> list[Case]:
    if bench.peer is None:
        return []
    return [
        Case(
            name=f"dagster {shape} {PEER_COUNT}",
            command=program("declare", "dagster", shape, PEER_COUNT, python=bench.peer),
        )
        for shape in SHAPES
    ]


def _rows(shape: str, counts: tuple[int, ...], found: dict[str, Samples]) -> list[Row]:
    rows: list[Row] = []
    for count in counts:
        rows += _rows_of_size(shape, count, found)
    for small, large in itertools.pairwise(counts):
        rows.append(_growth(shape, small, large, found))
    return rows


def _rows_of_size(shape: str, count: int, found: dict[str, Samples]) -> list[Row]:
    samples = found[f"penstock {shape} {count}"]
    peer = found.get(f"dagster {shape} {count}", Samples())
    together = Row(
        what=f"{count:,} assets, {SHAPES[shape]}",
        unit="ms",
        samples=samples.of("total_ms"),
        baseline=found[f"bare {shape} {count}"].of("total_ms"),
        beside=peer.of("total_ms"),
        budget=TOGETHER if count == BUDGETED else None,
        failure=samples.failure,
    )
    parts = [
        Row(what=words, unit="ms", samples=samples.of(part), beside=peer.of(part), failure=samples.failure)
        for part, words in PARTS.items()
    ]
    memory = Row(
        what="– memory by asset",
        unit="B",
        samples=samples.of("asset_bytes"),
        beside=peer.of("asset_bytes"),
        failure=samples.failure,
    )
    return [together, *parts, memory]


def _growth(shape: str, small: int, large: int, found: dict[str, Samples]) -> Row:
    """The exponent between two sizes; of CPU time, which load hardly changes."""
    fewer, more = (found[f"penstock {shape} {count}"].of("cpu_ms") for count in (small, large))
    if len(fewer) != len(more):
        fewer, more = ((median(samples),) if samples else () for samples in (fewer, more))
    exponents = [math.log(b / a) / math.log(large / small) for a, b in zip(fewer, more, strict=False)]
    return Row(
        what=f"growth exponent {small:,} → {large:,}, {SHAPES[shape]}",
        unit="",
        samples=tuple(exponents),
        budget=GROWTH if large > BUDGETED else None,
    )

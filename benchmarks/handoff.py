"""Values on their way through Ray's object store: packed, and as Ray would carry them by itself."""

from __future__ import annotations

from benchmarks.measure import Bench, Case, Samples, program
from benchmarks.rows import Budget, Row, Section

NAME = "ray_handoff"
LEAST = {
    "a table with strings, of NumPy's speed": ("numpy bare", "strings packed", 0.85),
    "a table with strings, of Ray's own table": ("strings bare", "strings packed", 1.3),
    "a table of numbers side by side, of NumPy's speed": ("numpy bare", "numeric packed", 0.95),
    "a table of numbers apart, of NumPy's speed": ("numpy bare", "apart packed", 0.95),
    "a table of numbers apart, of four NumPy arrays": ("arrays bare", "apart packed", 0.95),
    "polars, of a bare polars frame": ("polars bare", "polars packed", 3.0),
    "pandas objects, of a bare pandas frame": ("objects bare", "objects packed", 5.0),
}


def measure(bench: Bench) -> Section:
    """Measure hand-off from task to task, each case in turn on one cluster."""
    rounds, nbytes = bench.size(bench.repeats, 1), bench.size(150_000_000, 1_000_000)
    case = Case(name=NAME, command=program(NAME, rounds, nbytes), repeats=1)
    found = bench.run([case])[NAME]
    return Section(
        title="Hand-off on Ray",
        baseline="the same value without packing, or a NumPy array of equal size",
        rows=(
            *(_speed(what, rounds, found) for what in LEAST),
            _once("ten rows of a large table", "B", "slice bytes", 10_000, found),
            _once("allocated by reading a table", "B", "allocated bytes", 0, found),
            _in_place(found),
        ),
        notes=(
            f"Each value has about {nbytes / 1e6:.0f} MB.",
            "Time runs from the end of the producing function until the consumer has the value in its type.",
            "The two of a ratio run in direct succession, each first in every other round.",
            "Every worker has read all of the store before.",
            "Numbers lie side by side in a table of one array of two dimensions, of a file or of the store.",
            "They lie apart when each column has memory of its own; Ray copies one piece after the other.",
        ),
    )


def _speed(what: str, rounds: int, found: Samples) -> Row:
    slow, fast, least = LEAST[what]
    pair = f"{slow} / {fast}"
    before, after = _rounds(pair, slow, rounds, found), _rounds(pair, fast, rounds, found)
    return Row(
        what=what,
        unit="×",
        samples=tuple(one / other for one, other in zip(before, after, strict=True)),
        budget=Budget(limit=least, at_least=True),
        failure=found.failure,
    )


def _rounds(pair: str, case: str, rounds: int, found: Samples) -> tuple[float, ...]:
    return tuple(seconds for number in range(rounds) for seconds in found.of(f"{pair} {number} {case}"))


def _once(what: str, unit: str, measure: str, limit: float, found: Samples) -> Row:
    return Row(
        what=what, unit=unit, samples=found.of(measure), budget=Budget(limit=limit), failure=found.failure
    )


def _in_place(found: Samples) -> Row:
    return Row(
        what="tables whose buffers all lie in shared memory",
        unit="of 1",
        samples=found.of("is shared"),
        budget=Budget(limit=1, at_least=True),
        failure=found.failure,
    )

"""Others on Ray: a small graph and a hand-off, each library in an environment of its own beside bare Ray."""

from __future__ import annotations

import sys

from benchmarks.measure import Bench, Case, Samples, program
from benchmarks.rows import Row, Section

MEASURES = {"step_ms": "a step", "table_ms": "– a table of 100 MB from step to step"}


def measure(bench: Bench) -> Section:
    """Measure what of them installs."""
    pythons = {"penstock": sys.executable}
    missing: list[str] = []
    for name in ("hamilton", "prefect", "dagster-ray"):
        peer = bench.find(name)
        if peer.python is None:
            missing.append(peer.words)
        else:
            pythons[name] = peer.python
    # each has a Ray of its own, so they run one after the other, their bare twin in turn with each
    found = bench.run([_case(name, python) for name, python in pythons.items()])
    return Section(
        title="Others on Ray",
        baseline="bare Ray in the same Ray, in turn",
        rows=tuple(row for name in pythons for row in _rows(name, found[name])),
        notes=(
            "50 trivial steps in five layers; the whole run counts, on a Ray that is up already.",
            "dagster-ray: 6 steps, from the start of the first; no bare twin of a job for each step.",
            *missing,
        ),
    )


def _case(name: str, python: str) -> Case:
    return Case(name=name, command=program(f"small_{name.partition('-')[0]}", python=python), repeats=1)


def _rows(name: str, samples: Samples) -> list[Row]:
    return [
        Row(
            what=f"{name}: {words}" if measure == "step_ms" else words,
            unit="ms",
            samples=samples.of(measure),
            baseline=samples.of(f"bare_{measure}"),
            failure=samples.failure,
        )
        for measure, words in MEASURES.items()
        if samples.of(measure) or measure == "step_ms"
    ]

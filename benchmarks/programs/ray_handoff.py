"""Hands large values from one Ray task to another through the object store, two ways in turn.

Prints seconds by pair of cases and round: from the end of the producing function, before packing, to the
moment the consumer holds the value in its own type. Also what only needs to be seen once: bytes of a slice,
and where the buffers of a table lie.

What is compared runs in direct succession, each of the two first in every other round, for the machine
changes more from one second to the next than most pairs differ. Every worker reads the whole store before:
a process that meets a page of it for the first time takes a fault, and the faults of one value cost more
than copying it. Else a ratio would say which of the two was given memory that its worker knew.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import ray as _ray
from library import report

from penstock import tables

ray: Any = _ray  # ships types that a strict checker cannot follow

STORE = 2 << 30
WORKERS = 2
PAGE = 4096
WORDS = 1000
SLICE_ROWS = 10
MADE: dict[str, Any] = {}


def make(kind: str, nbytes: int) -> Any:
    """A value of a kind and about so many bytes, made once in each worker."""
    if kind not in MADE:
        MADE[kind] = MAKERS[kind](nbytes)
    return MADE[kind]


def numeric(nbytes: int) -> pa.Table:
    """Columns that lie side by side, as they do in a table read from a file or from the store."""
    rows = nbytes // 32
    columns = np.random.default_rng(1).random((4, rows))
    return pa.table({f"x{place}": column for place, column in enumerate(columns)})


def apart(nbytes: int) -> pa.Table:
    return pa.table({f"x{place}": column for place, column in enumerate(arrays(nbytes))})


def arrays(nbytes: int) -> list[Any]:
    return [np.random.default_rng(seed).random(nbytes // 32) for seed in range(4)]


def strings(nbytes: int) -> pa.Table:
    rows = nbytes // 48
    words = pa.array([f"a word or two, number {number}" for number in range(WORDS)])
    chance = np.random.default_rng(1)
    text = words.take(pa.array(chance.integers(0, WORDS, rows)))
    return pa.table({"text": text, "x": chance.random(rows), "n": np.arange(rows)})


def frame_of_objects(nbytes: int) -> Any:
    import pandas as pd

    columns = {name: strings(nbytes // 2)["text"].to_pylist() for name in ("first", "second")}
    return pd.DataFrame(columns, dtype=object)


def frame_of_polars(nbytes: int) -> Any:
    import polars as pl

    return pl.from_arrow(strings(nbytes))


MAKERS = {
    "numpy": lambda nbytes: np.random.default_rng(1).random(nbytes // 8),
    "strings": strings,
    "numeric": numeric,
    "apart": apart,
    "arrays": arrays,
    "polars": frame_of_polars,
    "objects": frame_of_objects,
    "slice": lambda nbytes: strings(nbytes).slice(nbytes // 96, SLICE_ROWS),
}
PAIRS = (
    ("numpy bare", "strings packed"),
    ("strings bare", "strings packed"),
    ("numpy bare", "numeric packed"),
    ("numpy bare", "apart packed"),
    ("arrays bare", "apart packed"),
    ("polars bare", "polars packed"),
    ("objects bare", "objects packed"),
)


@ray.remote(num_returns=2, max_retries=0)
def produce(kind: str, way: str, nbytes: int) -> tuple[float, Any]:
    value = make(kind, nbytes)
    begun = time.monotonic()
    return begun, tables.pack(value) if way == "packed" else value


@ray.remote(max_retries=0)
def consume(value: Any, kind: str) -> float:
    value = tables.convert(value, None)
    ended = time.monotonic()
    assert len(value) if kind in {"numpy", "arrays"} else value.shape[0]
    return ended


@ray.remote(max_retries=0)
def look(packed: tables.Packed) -> tuple[bool, int]:
    """Whether every buffer lies in shared memory, and what reading the table allocated."""
    before = pa.total_allocated_bytes()
    table = tables.unpack(packed)
    allocated = pa.total_allocated_bytes() - before
    shared: list[tuple[int, int]] = []
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        if "plasma" in line or "/dev/shm" in line:
            low, high = line.split()[0].split("-")
            shared.append((int(low, 16), int(high, 16)))
    buffers = [
        one
        for column in table.columns
        for chunk in column.chunks
        for one in chunk.buffers()
        if one is not None
    ]
    return all(any(low <= one.address < high for low, high in shared) for one in buffers), allocated


@ray.remote(max_retries=0)
def read(parts: list[Any], at_least: float) -> int:
    """Touch every page of some arrays, and take so many seconds for it that no worker reads twice."""
    begun = time.monotonic()
    found = sum(int(ray.get(part)[::PAGE].sum()) for part in parts)
    time.sleep(max(0.0, at_least + begun - time.monotonic()))
    return found


def once(case: str, nbytes: int) -> float:
    """Seconds of one hand-off."""
    kind, way = case.split()
    begun, value = produce.remote(kind, way, nbytes)
    ended = consume.remote(value, kind)
    return ray.get(ended) - ray.get(begun)


def size_of(kind: str, nbytes: int) -> int:
    """Bytes that a packed value takes in the store."""
    _, value = produce.remote(kind, "packed", nbytes)
    ray.wait([value])
    return ray.experimental.get_local_object_locations([value])[value]["object_size"]


def touch_store() -> None:
    """Fill the store once, and let every worker read it."""
    filled = [ray.put(np.zeros(STORE // 50, dtype=np.uint8)) for _ in range(48)]
    ray.get([read.remote(filled, 2.0) for _ in range(WORKERS)])


def both(pair: tuple[str, str], number: int, nbytes: int) -> dict[str, float]:
    """Seconds of the two cases of a pair, the second of them first in odd rounds."""
    order = pair if number % 2 == 0 else pair[::-1]
    return {f"{' / '.join(pair)} {number} {case}": once(case, nbytes) for case in order}


def main(rounds: int, nbytes: int) -> None:
    random.seed(1)
    touch_store()
    found: dict[str, float] = {}
    for number in range(-1, rounds):
        # in a new order each time: what a pair finds in the store depends on the one before it
        for pair in random.sample(PAIRS, len(PAIRS)):
            seconds = both(pair, number, nbytes)
            found |= seconds if number >= 0 else {}
    found["slice bytes"] = size_of("slice", nbytes)
    _, packed = produce.remote("strings", "packed", nbytes)
    is_shared, allocated = ray.get(look.remote(packed))
    report(**found, **{"is shared": float(is_shared), "allocated bytes": float(allocated)})


if __name__ == "__main__":
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")
    ray.init(
        "local",
        num_cpus=WORKERS,
        object_store_memory=STORE,
        include_dashboard=False,
        log_to_driver=False,
        runtime_env={"env_vars": {"PYTHONPATH": str(Path(__file__).parent)}},
    )
    try:
        main(int(sys.argv[1]), int(sys.argv[2]))
    finally:
        ray.shutdown()

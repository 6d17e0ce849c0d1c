"""The command ``python -m benchmarks``: measures, writes the page and the samples."""

from __future__ import annotations

import argparse
import json
import os
import pickle
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from attrs import evolve

from benchmarks import (
    backfill,
    definitions,
    events,
    handoff,
    imports,
    partition_status,
    partitions,
    pool,
    ray_executor,
    ray_peers,
    ray_runs,
    runs,
)
from benchmarks.machine import machine, versions
from benchmarks.measure import Bench
from benchmarks.peers import Peer, find_peer
from benchmarks.report import Facts, as_json, markdown
from benchmarks.rows import Section

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "reference" / "benchmarks.md"
SUBJECTS: dict[str, Callable[[Bench], Section]] = {
    "imports": imports.measure,
    "runs": runs.measure,
    "small-runs": runs.measure_small,
    "pool": pool.measure,
    "definitions": definitions.measure,
    "events": events.measure,
    "partitions": partitions.measure,
    "partition-status": partition_status.measure,
    "backfill": backfill.measure,
}
# they start a cluster of Ray, so they are measured only when asked for by --only
ON_REQUEST: dict[str, Callable[[Bench], Section]] = {
    "ray-executor": ray_executor.measure,
    "ray-runs": ray_runs.measure,
    "ray-many": ray_runs.measure_many,
    "ray-tables": ray_runs.measure_tables,
    "ray-handoff": handoff.measure,
    "ray-peers": ray_peers.measure,
}


def main(arguments: Sequence[str]) -> int:
    """Measure what is wanted and report it; 1 when something could not be measured, missed budgets aside."""
    options = _parser().parse_args(arguments)
    cache = Path(options.cache).resolve()
    cache.mkdir(parents=True, exist_ok=True)
    peer = _peer(options, cache)
    folder = Path(tempfile.mkdtemp(prefix="work-", dir=cache))
    bench = Bench(
        folder=folder, repeats=options.repeats, quick=options.quick, peer=peer.python, say=_say(options)
    )
    if options.peers:
        bench.find = partial(find_peer, cache=cache)
    stored = cache / "sections"
    try:
        measured = {name: _measured(name, bench, options.date) for name in options.only or SUBJECTS}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _store(measured, stored)
    sections = _in_order((_stored(stored) if options.join else {}) | measured)
    facts = Facts(
        date=options.date,
        machine=machine(cache),
        versions=versions(),
        peer="Dagster where a table has its columns; measured in several goes"
        if options.join
        else peer.words,
        repeats=1 if options.quick else options.repeats,
    )
    page = markdown(facts, sections, bench.busyness)
    whole = json.dumps(as_json(facts, sections, bench.busyness), indent=1)
    (cache / "latest.json").write_text(whole, encoding="utf-8")
    _publish(page, options)
    return int(any(row.failure for section in sections for row in section.rows))


def _measured(name: str, bench: Bench, date: str) -> Section:
    bench.say(name)
    before = len(bench.busyness)
    section = (SUBJECTS | ON_REQUEST)[name](bench)
    loads = [one.load for one in bench.busyness[before:]] or [os.getloadavg()[0]]
    note = f"Measured on {date} at a load average of {min(loads):.1f} to {max(loads):.1f}, its own included."
    return evolve(section, notes=(*section.notes, note))


def _store(measured: Mapping[str, Section], folder: Path) -> None:
    """Keep what was measured, for a page that is measured in several goes."""
    folder.mkdir(exist_ok=True)
    for name, section in measured.items():
        (folder / name).write_bytes(pickle.dumps(section))


def _stored(folder: Path) -> dict[str, Section]:
    return {one.name: pickle.loads(one.read_bytes()) for one in folder.iterdir()}


def _in_order(sections: Mapping[str, Section]) -> list[Section]:
    return [sections[name] for name in SUBJECTS | ON_REQUEST if name in sections]


def _publish(page: str, options: argparse.Namespace) -> None:
    """Print the page; write it when all was measured in full, or somewhere else when asked."""
    sys.stdout.write(page)
    target = Path(options.output) if options.output else PAGE
    if options.output or not (options.quick or (options.only and not options.join)):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page, encoding="utf-8")


def _peer(options: argparse.Namespace, cache: Path) -> Peer:
    if not options.peers:
        return Peer(python=None, words="nothing (asked for with --no-peers)")
    return find_peer("dagster", cache, options.peer_python)


def _say(options: argparse.Namespace) -> Callable[[str], None]:
    def say(line: str) -> None:
        if not options.silent:
            print(line, file=sys.stderr, flush=True)

    return say


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=[*SUBJECTS, *ON_REQUEST], help="measure this subject (repeatable)"
    )
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one run: does it work at all?")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each case after the warm-up")
    parser.add_argument(
        "--peers", action=argparse.BooleanOptionalAction, default=True, help="measure Dagster beside Penstock"
    )
    parser.add_argument("--peer-python", metavar="PATH", help="an interpreter that has Dagster")
    parser.add_argument("--date", default=f"{datetime.now(tz=UTC):%Y-%m-%d}", help="written above the tables")
    parser.add_argument("--output", metavar="FILE", help="write the page there, whatever was measured")
    parser.add_argument(
        "--cache", metavar="FOLDER", default=str(HERE / ".cache"), help="for samples and files"
    )
    parser.add_argument(
        "--join", action="store_true", help="put on the page what was measured before with this cache, too"
    )
    parser.add_argument("--silent", action="store_true", help="do not tell what is done")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

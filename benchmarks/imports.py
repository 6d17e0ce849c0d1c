"""The import and the command line: whole processes, beside a bare interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import Bench, Case, Samples
from benchmarks.rows import Budget, Row, Section, differences

QUIET_BARE_MS = 9.1
"""What a bare interpreter took on the quiet machine that the budgets were set on: makes ms into ratios."""
IMPORT = "import penstock"
NAMES = "from penstock import asset, op, job, Definitions"
PEER_IMPORT = "import dagster"
PEER_NAMES = "from dagster import asset, op, job, Definitions"
HEAVY = ("pyarrow", "pandas", "polars", "ray", "sqlalchemy", "asyncio", "sqlite3", "click", "rich", "cattrs")
ASSET = "from {library} import asset\n\n\n@asset\ndef hello():\n    return 1\n"


def measure(bench: Bench) -> Section:
    """Measure the imports, ``--help`` and one asset from the command line."""
    found = bench.run(_cases(bench))
    bare = found["bare"].of("wall_ms")
    statements = [_import_row(found, bare, text, peer) for text, peer in _STATEMENTS]
    return Section(
        title="Import and command line",
        baseline="`python -c pass`",
        rows=(
            Row(what="`python -c pass`", unit="ms", samples=bare, baseline=bare),
            *statements,
            _over_bare(found, bare),
            *_cpu_rows(found),
            *_module_rows(bench),
            *_command_rows(found, bare),
        ),
        notes=(f"Heavy libraries after `{NAMES}`: {_heavy_after(NAMES)}.",),
    )


_STATEMENTS = ((IMPORT, PEER_IMPORT), (NAMES, PEER_NAMES))


def _cases(bench: Bench) -> list[Case]:
    cases = [Case(name="bare", command=(sys.executable, "-c", "pass"), times_process=True)]
    cases += [_statement(text, sys.executable) for text, _ in _STATEMENTS]
    cases += _commands(bench, "penstock", _penstock(), "PENSTOCK_HOME", ("materialize",))
    if bench.peer is not None:
        cases += [_statement(text, bench.peer) for _, text in _STATEMENTS]
        command = (str(Path(bench.peer).parent / "dagster"),)
        cases += _commands(bench, "dagster", command, "DAGSTER_HOME", ("asset", "materialize"))
    return cases


def _penstock() -> tuple[str, ...]:
    script = Path(sys.executable).parent / "penstock"
    if script.exists():
        return (str(script),)
    return (sys.executable, "-c", "from penstock.cli.main import main; main()")


def _statement(text: str, python: str) -> Case:
    return Case(name=text, command=(python, "-c", text), times_process=True)


def _commands(
    bench: Bench, library: str, command: tuple[str, ...], home: str, materialize: tuple[str, ...]
) -> list[Case]:
    """Help, and one asset with a home of its own that is kept from repeat to repeat."""
    folder = bench.folder / library
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "one_asset.py"
    file.write_text(ASSET.format(library=library), encoding="utf-8")
    environment = {home: str(folder)}
    made = (*command, *materialize, "-f", str(file), "--select", "hello")
    return [
        Case(name=f"{library} --help", command=(*command, "--help"), times_process=True),
        Case(name=f"{library} materialize", command=made, times_process=True, environment=environment),
    ]


def _import_row(found: dict[str, Samples], bare: tuple[float, ...], text: str, peer: str) -> Row:
    return Row(
        what=f"`{text}`",
        unit="ms",
        samples=found[text].of("wall_ms"),
        baseline=bare,
        beside=found.get(peer, Samples()).of("wall_ms"),
        failure=found[text].failure,
    )


def _over_bare(found: dict[str, Samples], bare: tuple[float, ...]) -> Row:
    return Row(
        what=f"`{IMPORT}`, over bare Python",
        unit="ms",
        samples=differences(found[IMPORT].of("wall_ms"), bare),
        baseline=bare,
        budget=Budget(limit=60, ratio=60 / QUIET_BARE_MS),
        failure=found[IMPORT].failure,
    )


def _cpu_rows(found: dict[str, Samples]) -> list[Row]:
    """CPU time of the same processes: what a busy machine changes least."""
    names = dict(_STATEMENTS)
    names |= {"penstock --help": "dagster --help", "penstock materialize": "dagster materialize"}
    return [
        Row(
            what=f"CPU time of `{name}`",
            unit="ms",
            samples=found[name].of("cpu_ms"),
            baseline=found["bare"].of("cpu_ms"),
            beside=found.get(peer, Samples()).of("cpu_ms"),
            failure=found[name].failure,
        )
        for name, peer in names.items()
    ]


def _command_rows(found: dict[str, Samples], bare: tuple[float, ...]) -> list[Row]:
    wanted = (
        ("--help", "`penstock --help`", 150),
        ("materialize", "one asset from the CLI, durable store", 400),
    )
    return [
        Row(
            what=what,
            unit="ms",
            samples=found[f"penstock {name}"].of("wall_ms"),
            baseline=bare,
            beside=found.get(f"dagster {name}", Samples()).of("wall_ms"),
            budget=Budget(limit=limit, ratio=limit / QUIET_BARE_MS),
            failure=found[f"penstock {name}"].failure,
        )
        for name, what, limit in wanted
    ]


def _module_rows(bench: Bench) -> list[Row]:
    """How many modules there are after a statement: the same each time, so counted once."""
    bare = (float(len(_modules_after("pass", sys.executable))),)
    return [
        Row(
            what=f"modules after `{text}`",
            unit="modules",
            samples=(float(len(_modules_after(text, sys.executable))),),
            baseline=bare,
            beside=() if bench.peer is None else (float(len(_modules_after(peer, bench.peer))),),
        )
        for text, peer in _STATEMENTS
    ]


def _modules_after(statement: str, python: str) -> list[str]:
    code = f"{statement}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([python, "-c", code], check=False, capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else []


def _heavy_after(statement: str) -> str:
    loaded = {module.partition(".")[0] for module in _modules_after(statement, sys.executable)}
    return ", ".join(sorted(loaded.intersection(HEAVY))) or "none"

"""What `import penstock` may cost: modules are counted, never seconds, in a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "asyncio",
    "cattrs",
    "click",
    "cronsim",
    "fsspec",
    "lark",
    "multiprocessing",
    "numpy",
    "orjson",
    "pandas",
    "polars",
    "pyarrow",
    "pydantic",
    "ray",
    "rich",
    "sqlite3",
    "yaml",
}
#: how many times the modules of a bare interpreter may be loaded after the statement
BUDGETS = {
    "import penstock": 4.0,
    "from penstock import Definitions, asset, asset_check, graph, job, materialize, op, resource": 7.0,
}

DEFINITIONS = """
from penstock import Config, Definitions, In, MaterializeResult, Out, asset, asset_check, graph, job, op
from penstock import define_asset_job

class Rows(Config):
    limit: int = 3

@asset(tags={"kind": "raw"})
def numbers(config: Rows) -> list[int]:
    return list(range(config.limit))

@asset
def total(numbers: list[int]) -> int:
    return sum(numbers)

@op(ins={"start": In(int)}, out=Out(int))
def add_one(start):
    return start + 1

@job
def counts():
    add_one()

chosen = define_asset_job("chosen", selection='+total and not (tag:kind=dull or key:"x y")')

Definitions(assets=[numbers, total], jobs=[counts, chosen])
"""


def modules_after(statements):
    """The modules that a fresh interpreter holds after these statements."""
    report = "import sys, json; print(json.dumps(sorted(sys.modules)))"
    code = f"{statements}\n{report}"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout))


def heavy_among(modules):
    """The heavy packages of which these modules hold a part."""
    return {module.partition(".")[0] for module in modules} & HEAVY


@pytest.mark.parametrize("statement", [*BUDGETS, DEFINITIONS], ids=["import", "from import", "definitions"])
def test_no_heavy_library_is_loaded(statement):
    assert not heavy_among(modules_after(statement))


@pytest.mark.parametrize(("statement", "budget"), BUDGETS.items(), ids=["import", "from import"])
def test_an_import_stays_within_its_budget(statement, budget):
    bare, loaded = len(modules_after("")), len(modules_after(statement))
    assert loaded <= budget * bare, (
        f"{loaded} modules, {loaded / bare:.1f} × the {bare} of a bare interpreter"
    )


def test_a_heavy_library_is_found():
    assert heavy_among(modules_after("import xml.dom, sqlite3.dbapi2")) == {"sqlite3"}

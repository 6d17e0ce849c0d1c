"""The small graph with Hamilton's Ray adapter."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from hamilton import base, driver, telemetry
from hamilton.plugins.h_ray import RayGraphAdapter
from quiet_ray import small_ray
from small_graph import STEPS, compare, parents

telemetry.disable_telemetry()
STEP = """

def s{number}({arguments}) -> int:
    return ({values}) % 1000 + 1
"""
TABLES = """
import pyarrow as pa
import small_graph


def produced() -> pa.Table:
    return small_graph.table()


def consumed(produced: pa.Table) -> int:
    return small_graph.size(produced)
"""


def layers() -> str:
    """A module with a function for each step, as Hamilton wants it."""
    text = ""
    for number in range(STEPS):
        read = [f"s{one}" for one in parents(number)]
        text += STEP.format(
            number=number, arguments=", ".join(f"{one}: int" for one in read), values=" + ".join(read) or "0"
        )
    return text


def built(name: str) -> Any:
    """A driver for a module, over Ray as it is running already."""
    adapter = RayGraphAdapter(result_builder=base.DictResult(), ray_init_config={"ignore_reinit_error": True})
    return driver.Driver({}, import_module(name), adapter=adapter)


def main() -> None:
    graph, hand_off = built("layers"), built("tables")
    wanted = [f"s{number}" for number in range(STEPS - 10, STEPS)]
    compare(lambda: graph.execute(wanted), lambda: hand_off.execute(["consumed"]))


if __name__ == "__main__":
    folder = Path(mkdtemp(prefix="bench-"))
    (folder / "layers.py").write_text(layers(), encoding="utf-8")
    (folder / "tables.py").write_text(TABLES, encoding="utf-8")
    sys.path.insert(0, str(folder))
    found_at = os.pathsep.join([str(folder), str(Path(__file__).parent)])
    with small_ray(1 << 30, runtime_env={"env_vars": {"PYTHONPATH": found_at}}):
        main()

"""What the room reaches when it is imported."""

from __future__ import annotations

import subprocess
import sys

import penstock.config


def test_the_room_reaches_neither_cattrs_nor_pydantic():
    program = "import sys, penstock.config; print(*sorted(sys.modules))"
    path = next(iter(penstock.__path__)).rpartition("/")[0]
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONPATH": path}
    )
    reached = set(done.stdout.split())
    assert not reached & {"cattrs", "pydantic", "asyncio", "decimal", "uuid", "pathlib", "sqlite3"}


def test_every_public_name_exists():
    assert [name for name in penstock.config.__all__ if not hasattr(penstock.config, name)] == []
    assert penstock.config.__all__ == sorted(
        penstock.config.__all__, key=lambda n: (not n.isupper(), n[0].islower(), n)
    )

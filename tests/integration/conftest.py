"""The command line as people use it: a process of its own, in a folder and a home of its own."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from textwrap import dedent

import pytest
from attrs import frozen

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = [str(REPOSITORY / part) for part in ("core", "executors", "io_managers", "integrations")]
COMMAND = (sys.executable, "-c", "from penstock.cli.main import main; main()")


ONE_SCREEN = 24
FINE = """
    from penstock import asset, job, op

    @asset
    def orders() -> dict: return {"n": 1}

    @asset
    def customers(orders) -> dict: return orders

    @op
    def hello(): return 1

    @job
    def greet(): hello()
"""


@frozen
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """What people read, with line breaks and without."""
        return self.out + self.err

    def tell(self, *arguments: str) -> None:
        """Show what people see: with ``pytest -s``, and when a test fails."""
        sys.stdout.write(f"$ penstock {' '.join(map(repr, arguments))}    [{self.code}]\n{self.said}")

    @property
    def json(self):
        return json.loads(self.out)


@frozen
class Desk:
    """A folder with the user's files, a home, and ``penstock`` to call there."""

    folder: Path
    home: Path

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    def environment(self, **more: str) -> dict[str, str]:
        paths = [*SOURCES, more.pop("PYTHONPATH", "")]
        return {
            **os.environ, "PENSTOCK_HOME": str(self.home), "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "NO_COLOR": "1", **more,
        }  # fmt: skip

    def begin(self, *arguments: str, **options) -> subprocess.Popen[str]:
        """Start a command; options are those of ``Popen``, and ``env`` adds to the environment."""
        env = self.environment(**options.pop("env", {}))
        return subprocess.Popen(
            [*COMMAND, *arguments], cwd=self.folder, env=env, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
        )  # fmt: skip

    def call(self, *arguments: str, **options) -> Ended:
        """Carry a command out to its end."""
        with self.begin(*arguments, **options) as process:
            out, err = process.communicate(timeout=200)
        return Ended(process.returncode, out, err)

    def refused(self, *arguments: str, says=(), **options) -> Ended:
        """Carry out a command that must be refused, in one screen with these words, with no run recorded."""
        ended = self.call(*arguments, **options)
        ended.tell(*arguments)
        assert ended.code == 2, ended.said
        assert "Traceback" not in ended.said
        assert len(ended.said.splitlines()) <= ONE_SCREEN
        plain = " ".join(ended.said.split())
        for word in says:
            assert word in plain, f"{word!r} is not in {ended.said}"
        assert self.count_of_runs() == 0
        return ended

    def count_of_runs(self) -> int:
        """Asked without Penstock, which may refuse to look into a damaged database."""
        path = self.home / "penstock.db"
        if not path.is_file():
            return 0
        try:
            with closing(sqlite3.connect(path)) as connection:
                return connection.execute("SELECT count(*) FROM runs").fetchone()[0]
        except sqlite3.Error:
            return 0

    def runs(self) -> list[dict]:
        """Every run that is recorded, newest first."""
        return self.call("run", "list", "--json", "--limit", "1000").json


@pytest.fixture
def desk(tmp_path, penstock_home):
    """A desk with an empty folder."""
    folder = tmp_path / "desk"
    folder.mkdir()
    return Desk(folder, penstock_home)


@pytest.fixture
def fine(desk):
    """A desk with definitions in which nothing is wrong."""
    desk.write("fine.py", FINE)
    return desk

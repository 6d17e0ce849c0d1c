"""A command line in this process, in a folder and home of its own, and what it said."""

from __future__ import annotations

import json
import re
import sys
import textwrap

import pytest

from penstock.cli.main import run

#: what differs from run to run, and what it is shown as
_CHANGING = (
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "RUN-ID"),
    (r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b", "MOMENT"),
    (r"\b\d\d:\d\d:\d\d\b", "HH:MM:SS"),
    (r"\b(\d+ min )?\d+(\.\d+)?(e[+-]\d+)? (µs|ms|s)\b( ago)?|\b\d+ min ago", "TIME"),
    (r"\b[0-9a-f]{8}\b", "RUN"),  # one in 2,500 has no digit
)


class Answer:
    """What a command said: exit code, standard output, standard error."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def steady(self):
        """The output with everything that differs from run to run replaced, and columns closed up."""
        text = self.out
        for pattern, name in _CHANGING:
            text = re.sub(pattern, name, text)
        return "\n".join(re.sub(r" {2,}", "  ", line).strip() for line in text.splitlines())

    @property
    def json(self):
        """The one JSON document."""
        return json.loads(self.out)

    @property
    def lines(self):
        """The JSON documents, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def cli(tmp_path, monkeypatch, capsys):
    """A function that carries out a command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "PENSTOCK_PLUGINS"):
        monkeypatch.delenv(name, raising=False)
    before = set(sys.modules)

    def call(*arguments):
        capsys.readouterr()
        code = run([str(one) for one in arguments])
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    yield call
    for name, module in list(sys.modules.items()):
        if name not in before and str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def write(tmp_path):
    """A function that writes a file of user code, dedented."""

    def write_file(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def shop(write):
    """A pipeline of three assets, a check and a job; what it does can be told by files."""
    write(
        "shop.py",
        """
        from pathlib import Path
        from penstock import AssetCheckResult, Config, Definitions, asset, asset_check, job, op

        class Limit(Config):
            rows: int = 3

        @asset(group_name="raw", code_version="1")
        def orders(config: Limit) -> list[int]:
            "What was ordered."
            print("reading orders")
            return list(range(config.rows))

        @asset
        def revenue(orders: list[int]) -> int:
            if Path("fail").exists():
                raise ValueError("no revenue today")
            return sum(orders)

        @asset
        def report(revenue: int) -> str:
            return f"{revenue} in all"

        @asset_check(asset=orders)
        def has_rows(orders: list[int]):
            return AssetCheckResult(passed=bool(orders), description=f"{len(orders)} rows")

        @op
        def greet():
            "Say hello."

        @job
        def greeting():
            "Says hello."
            greet()

        defs = Definitions(assets=[orders, revenue, report], asset_checks=[has_rows], jobs=[greeting])
        """,
    )
    return "shop.py"

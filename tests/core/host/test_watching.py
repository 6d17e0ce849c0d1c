from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from penstock.host.stand_in import StandIn
from penstock.host.watching import Ledger, OwnCode, watching


@pytest.fixture
def imported(tmp_path, monkeypatch):
    """Imports the first of some modules, written to files, while they are watched."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def import_first(**texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        ledger = Ledger()
        with watching(ledger, OwnCode([tmp_path])):
            return importlib.import_module(next(iter(texts))), ledger

    yield import_first
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def places(ledger):
    return [fault.where.rpartition("/")[2] for fault in ledger.faults]


def test_what_fails_is_stood_in_for(imported):
    module, ledger = imported(watched_a="a = 1 / 0\nb = 2\n")
    assert type(module.a) is StandIn
    assert module.b == 2
    assert [fault.message for fault in ledger.faults] == ["ZeroDivisionError: division by zero"]
    assert places(ledger) == ["watched_a.py:1"]


def test_what_fails_because_of_a_stand_in_is_not_told(imported):
    _, ledger = imported(watched_b="a = 1 / 0\nb = a.c\nc = f'{b}'[100]\nd = len(a)\n")
    assert places(ledger) == ["watched_b.py:1"]
    assert ledger.hidden >= {"a", "b", "d"}


def test_modules_imported_by_the_module_are_watched_too(imported):
    _, ledger = imported(watched_c="from watched_d import x\ny = x + 1\n", watched_d="x = 1 / 0\n")
    assert places(ledger) == ["watched_d.py:1"]


def test_a_module_that_is_not_python_holds_stand_ins(imported):
    _, ledger = imported(watched_e="from watched_f import x\ny = x + 1\n", watched_f="x = (\n")
    assert places(ledger) == ["watched_f.py:1"]
    assert ledger.faults[0].message.startswith("SyntaxError: ")
    assert "x" in ledger.hidden


def test_a_module_that_ends_the_process_is_a_fault(imported):
    _, ledger = imported(watched_g="import sys\nx = 1\nsys.exit('no token')\n")
    assert [fault.message for fault in ledger.faults] == ["SystemExit: no token"]


def test_the_line_is_the_innermost_of_the_user(imported):
    _, ledger = imported(watched_h="def make():\n    return int('x')\n\na = make()\n")
    assert places(ledger) == ["watched_h.py:2"]


@pytest.mark.parametrize(
    ("name", "file", "is_own"),
    [
        ("shop.raw", "/srv/shop/raw.py", True),
        ("attrs", "/srv/.venv/lib/python3/site-packages/attrs.py", False),
        ("pack.a", "/elsewhere/site-packages/pack/a.py", True),
        ("penstock.keys", "/srv/penstock/keys.py", False),
        ("other", "/elsewhere/other.py", False),
        ("built_in", None, False),
    ],
)
def test_own_code_is_in_the_folders_or_the_package_and_never_ours(name, file, is_own):
    assert OwnCode([Path("/srv")], "pack").has(name, file) is is_own

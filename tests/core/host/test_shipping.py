"""What other processes are asked to import, and what travels to them by value."""

from __future__ import annotations

import pickle
import sys
import types

import pytest

from penstock.define.asset_job import build_asset_job
from penstock.host.instance import Instance
from penstock.host.pickling import dumps
from penstock.host.prepare import Launch, prepare
from penstock.host.shipping import Shipment

SOURCE = """
from penstock import asset

@asset
def made() -> int:
    return 1
"""


@pytest.fixture
def module(request, tmp_path, monkeypatch):
    """A module that holds an asset; one that was made by hand, or one that lies in a file."""
    if request.param == "file":
        (tmp_path / "of_a_file.py").write_text(SOURCE)
        monkeypatch.syspath_prepend(tmp_path)
        found = __import__("of_a_file")
    else:
        found = types.ModuleType("made_by_hand")
        exec(SOURCE, found.__dict__)
    monkeypatch.setitem(sys.modules, found.__name__, found)
    return found


def modules_of(asset):
    with Instance.ephemeral() as instance:
        prepared = prepare(build_asset_job("job", [asset]), Launch(), instance)
        return Shipment(prepared.program, None).modules


@pytest.mark.parametrize("module", ["file"], indirect=True)
def test_workers_are_asked_for_modules_that_can_be_imported(module):
    assert modules_of(module.made) == ("of_a_file",)


@pytest.mark.parametrize("module", ["hand"], indirect=True)
def test_a_module_that_was_made_by_hand_is_asked_of_nobody_and_travels_by_value(module, monkeypatch):
    assert modules_of(module.made) == ()
    data = dumps(module.made.node_def.fn, frozenset({"made_by_hand"}))
    monkeypatch.delitem(sys.modules, "made_by_hand")
    assert pickle.loads(data)() == 1

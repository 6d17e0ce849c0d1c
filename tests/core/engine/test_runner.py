"""The runner of tasks: what of an attempt travels, and what a chain keeps."""

from __future__ import annotations

import pickle
import threading

from penstock.engine.io import Ref
from penstock.engine.record import StepRecord, Work
from penstock.engine.runner import (
    LARGEST_EXCEPTION,
    _handed_in_chain,
    _keep_last_handed,
    _make_portable,
    _versions_in,
)
from penstock.events import values as v
from penstock.keys import AssetKey


def portable(error, dumps=pickle.dumps):
    record = StepRecord(exception=error)
    _make_portable(record, dumps)
    return record


def test_an_exception_travels_apart_from_its_record():
    record = portable(ValueError("no"))
    assert record.exception is None
    assert repr(pickle.loads(record.pickled)) == "ValueError('no')"


def test_one_that_cannot_be_pickled_or_is_too_large_stays_behind():
    assert portable(ValueError(threading.Lock())).pickled is None
    assert portable(ValueError("x" * LARGEST_EXCEPTION)).pickled is None


def test_an_interrupt_is_known_to_the_driver_as_such():
    assert isinstance(portable(KeyboardInterrupt("now")).exception, KeyboardInterrupt)


def test_of_a_chain_the_last_success_hands_on():
    records = [
        StepRecord(handed=["a"], is_success=True),
        StepRecord(handed=["b"], kept=["c"], is_success=True),
        StepRecord(),
    ]
    _keep_last_handed(records)
    assert [(one.handed, one.kept) for one in records] == [([], []), (["b"], ["c"]), ([], [])]


def test_a_work_takes_what_the_one_before_it_made_under_its_own_names():
    ref = Ref(step=0, key="a", output="left")
    work = Work(step=1, sources={"x": (ref,), "others": (Ref(step=0, key="a", output="gone"), ref)})
    assert _handed_in_chain(work, {"left": 1}) == {"x:0": 1, "others:1": 1}


def test_versions_of_a_chain_are_those_that_its_works_gave():
    tags = {"penstock/data_version": "v1"}
    fact = v.AssetMaterialization(asset_key=AssetKey("a"), tags=tags)
    bare = v.AssetMaterialization(asset_key=AssetKey("b"))
    events = [v.AssetMaterialized(at=1.0, step="a", materialization=one) for one in (fact, bare)]
    assert _versions_in(StepRecord(events=events)) == {AssetKey("a"): "v1"}

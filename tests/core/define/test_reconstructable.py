from __future__ import annotations

import pickle
import sys
import types

import pytest

from penstock.define.graph_decorator import graph
from penstock.define.job_decorator import job
from penstock.define.op import op
from penstock.define.reconstructable import build_reconstructable_job, job_of, reconstructable
from penstock.errors import InvalidDefinitionError, InvariantViolationError


@op
def one():
    return 1


@job
def at_the_top():
    one()


@graph
def wired():
    one()


def make(name="made"):
    return job(name=name)(lambda: one() and None)


def make_nothing():
    return 5


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    """Under pytest this module is not in sys.modules by its name."""
    module = types.ModuleType(__name__)
    vars(module).update(globals())
    monkeypatch.setitem(sys.modules, __name__, module)


@pytest.mark.parametrize(("target", "name"), [(make, "made"), (at_the_top, "at_the_top"), (wired, "wired")])
def test_the_place_of_a_job_crosses_processes(target, name):
    sent = pickle.loads(pickle.dumps(reconstructable(target)))
    assert sent.get_definition().name == sent.job_name == name


def test_arguments_go_along():
    assert build_reconstructable_job(__name__, "make", ["a"]).job_name == "a"
    assert build_reconstructable_job(__name__, "make", reconstructable_kwargs={"name": "b"}).job_name == "b"


def test_what_cannot_be_imported_is_refused():
    @job
    def local():
        one()

    def local_function(): ...

    for wrong in (lambda: at_the_top, local_function, local, 5):
        with pytest.raises(InvariantViolationError, match="top of a module"):
            reconstructable(wrong)


def test_the_function_must_make_a_job():
    with pytest.raises(InvalidDefinitionError, match="found 5"):
        reconstructable(make_nothing).get_definition()


def test_a_job_is_taken_in_any_form():
    assert job_of(at_the_top) is at_the_top
    assert job_of(wired).name == "wired"
    assert job_of(reconstructable(make)).name == "made"
    with pytest.raises(InvalidDefinitionError, match="reconstructable"):
        job_of(5)

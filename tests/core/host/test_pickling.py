"""Pickling: what travels by name, what by value, what stays, and what cannot travel at all."""

from __future__ import annotations

import pickle
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import travelling

from penstock.define.executor import as_executor, multiprocess_executor
from penstock.engine.inline import InlineExecutor
from penstock.errors import UnmetExecutorRequirementsError
from penstock.host.pickling import dumps, dumps_error, is_importable, refuse


def there_and_back(value, modules=()):
    return pickle.loads(dumps(value, frozenset(modules)))


@pytest.fixture
def unfindable():
    """A module that exists in this process alone."""
    module = ModuleType("penstock_test_unfindable")
    sys.modules[module.__name__] = module
    code = "class Point:\n    x = 1\n\ndef give():\n    return Point()\n"
    exec(compile(code, "unfindable.py", "exec"), module.__dict__)  # as notebooks do
    yield module
    sys.modules.pop(module.__name__, None)


@pytest.mark.parametrize("definition", [travelling.made, travelling.worked, travelling.in_graph])
def test_a_decorated_function_travels_by_name_below_its_decorator(definition):
    blob = dumps(definition)
    assert b"function_at" in blob
    there = pickle.loads(blob)
    assert type(there) is type(definition)


def test_a_function_whose_module_holds_a_lock_travels_by_name():
    assert there_and_back(travelling.worked).fn is travelling.worked.fn
    assert there_and_back(travelling.plain) is travelling.plain
    assert there_and_back(travelling.held) is not None


def test_lambdas_and_local_functions_travel_by_value():
    factor = 3

    def times(x):
        return factor * x

    assert there_and_back(times)(2) == 6
    assert there_and_back(lambda: 4)() == 4


def test_what_no_other_process_can_import_travels_by_value_and_is_found_there(unfindable):
    blob = dumps(unfindable.give, frozenset({unfindable.__name__}))
    mine = unfindable.Point
    del sys.modules[unfindable.__name__]
    value = pickle.loads(blob)()
    assert pickle.loads(pickle.dumps(value)).x == 1  # by its name, as a manager does that stores it
    assert type(value).__name__ == mine.__name__


def test_modules_that_are_there_for_everybody_are_importable(unfindable):
    assert is_importable("json")
    assert is_importable("penstock.keys")
    assert is_importable("travelling")
    assert not is_importable("__main__")
    assert not is_importable(unfindable.__name__)


def test_an_executor_stays_where_it_is():
    settled = there_and_back(multiprocess_executor.configured({"max_concurrent": 3}))
    assert settled.config is not None
    assert there_and_back({"executor": InlineExecutor()}) == {"executor": None}
    by_value = as_executor(InlineExecutor())
    assert there_and_back(by_value).executor_creation_fn is None


def test_an_exception_comes_back_as_what_it_was():
    error = pickle.loads(dumps_error(travelling.OwnError(7, "no")))
    assert (type(error), error.code, str(error)) == (travelling.OwnError, 7, "7: no")


def test_one_of_a_local_class_comes_back_as_that_class():
    class LocalError(Exception):
        pass

    dumps(LocalError)  # as when the run travelled
    error = pickle.loads(dumps_error(LocalError("here")))
    assert type(error) is LocalError
    assert str(error) == "here"


def test_what_an_exception_holds_and_cannot_travel_is_left_behind():
    error = ValueError("with a lock")
    error.lock, error.code = threading.Lock(), 3
    there = pickle.loads(dumps_error(error))
    assert vars(there) == {"code": 3}
    assert str(pickle.loads(dumps_error(ValueError(threading.Lock())))).startswith("<unlocked")


def test_a_refusal_names_every_part_that_cannot_travel():
    parts = {"resource 'a'": threading.Lock(), "resource 'b'": 1, "input 'c'": threading.Lock()}
    said = str(refuse("nightly", parts, TypeError("no")))
    assert "'nightly'" in said
    assert "resource 'a' (TypeError" in said
    assert "input 'c'" in said
    assert "resource 'b'" not in said
    assert "in_process" in said


def test_a_refusal_without_a_culprit_says_what_was_raised():
    error = refuse("nightly", {}, TypeError("cannot pickle it"))
    assert isinstance(error, UnmetExecutorRequirementsError)
    assert "TypeError: cannot pickle it" in str(error)

from __future__ import annotations

import ast

import pytest

from penstock.host.watched_source import WATCH, bound_by, named_in, watched


class Recorder:
    """A watch that keeps what it hears."""

    def __init__(self):
        self.failures = []

    def begin(self, mark):
        pass

    def failed(self, mark, error, names, texts):
        self.failures.append((type(error).__name__, names, texts))

    def attempt(self, act, texts):
        try:
            return act()
        except ValueError as error:
            self.failures.append((type(error).__name__, "call", texts))
            return None


def run(source):
    recorder = Recorder()
    variables = {WATCH: recorder}
    exec(compile(watched(ast.parse(source)), "source.py", "exec", dont_inherit=True), variables)
    return variables, recorder.failures


def test_statements_after_a_failure_are_carried_out():
    variables, failures = run("a = 1\nb = missing\nc = a + 1\n")
    assert variables["c"] == 2
    assert failures == [("NameError", ("b",), ())]


def test_a_failing_call_leaves_the_statement_standing():
    variables, failures = run("a = [int('1'), int('x'), int('3')]")
    assert variables["a"] == [1, None, 3]
    assert failures == [("ValueError", "call", ("x", "a"))]


def test_each_round_of_a_loop_is_tried():
    variables, failures = run("done = []\nfor n in (1, 0, 2):\n    done.append(1 / n)\n")
    assert variables["done"] == [1.0, 0.5]
    assert len(failures) == 1


def test_names_of_one_import_are_imported_one_by_one():
    variables, failures = run("from math import pi, nothing, tau")
    assert "pi" in variables
    assert "tau" in variables
    assert failures == [("ImportError", ("nothing",), ())]


def test_who_handles_exceptions_still_does():
    variables, failures = run("try:\n    import nowhere\nexcept ImportError:\n    nowhere = 5\n")
    assert variables["nowhere"] == 5
    assert failures == []


@pytest.mark.parametrize(
    "source",
    [
        '"doc"\nfrom __future__ import annotations\nx: Unknown = 1\n',
        "if (n := len('abc')) > 2:\n    x = n - 2\n",
        "x = 0\nwhile True:\n    x += 1\n    break\n",
        "y = 1\nx = locals()['y']\n",
        "y = 1\nx = [(lambda: a)() for a in [y]][0]\n",
    ],
    ids=["future", "walrus", "break", "locals", "scopes"],
)
def test_what_works_works_the_same(source):
    variables, failures = run(source)
    assert variables["x"] == 1
    assert failures == []


def test_what_a_statement_binds_is_found_in_all_its_forms():
    source = (
        "import a.b, c as d\nfor e, (f, *g) in []: h = [i for i in j]\ndef k(): l = 1\nwith m as n: pass\n"
    )
    assert bound_by(ast.parse(source)) == {"a", "d", "e", "f", "g", "h", "k", "n"}


def test_a_definition_is_named_by_its_decorators_alone():
    source = '@asset(name="orders", group_name="raw")\ndef make():\n    open("file")\n'
    assert named_in(ast.parse(source).body[0]) == {"orders"}

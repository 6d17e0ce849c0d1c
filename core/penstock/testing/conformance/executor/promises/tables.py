# ruff: noqa: D102 - the names of tests are sentences
"""Promises about tables: those of any library reach a task that wants another.

Owns: tables through an executor. Must not know any executor, nor which library is installed (found out).
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from penstock.tables import convert, kind_of, to_arrow
from penstock.testing.conformance.executor import tasks
from penstock.testing.conformance.executor.selection import needs
from penstock.testing.conformance.executor.stage import Stage, hold

LIBRARIES = [name for name in ("pyarrow", "pandas", "polars") if find_spec(name) is not None]
for _library in LIBRARIES:  # here, since some change the environment of the process, which no test should
    import_module(_library)
ROWS = 50


class TablePromises:
    """A table arrives with its kind and its contents."""

    @needs("hands_off")
    def test_a_table_arrives_as_it_was(self, stage: Stage) -> None:
        for library in LIBRARIES:
            _hand_table(stage, library, ROWS)

    @needs("hands_off")
    def test_an_empty_table_arrives(self, stage: Stage) -> None:
        for library in LIBRARIES:
            _hand_table(stage, library, 0)

    @needs("hands_off")
    def test_a_table_of_one_library_serves_another(self, stage: Stage) -> None:
        for library in LIBRARIES:
            maker = stage.submit(tasks.hand_table, library, ROWS, hands=("table",))
            stage.outcome(maker)
            for other in LIBRARIES:
                wanted = _type(tasks.table(other, 1))
                reader = stage.submit(
                    tasks.read_table, upstream={"table": (maker, "table")}, wanted={"table": wanted}
                )
                _compare(stage.answer(reader), tasks.table(library, ROWS), wanted)

    def test_a_given_table_arrives(self, stage: Stage) -> None:
        for library in LIBRARIES:
            table = tasks.table(library, ROWS)
            reader = stage.submit(tasks.read_table, given={"table": table})
            _compare(stage.answer(reader), table, _type(table))


def _hand_table(stage: Stage, library: str, rows: int) -> None:
    maker = stage.submit(tasks.hand_table, library, rows, hands=("table",))
    stage.outcome(maker)
    table = tasks.table(library, rows)
    reader = stage.submit(tasks.read_table, upstream={"table": (maker, "table")})
    _compare(stage.answer(reader), table, _type(table))
    fetched = stage.value(maker, "table")
    _compare({"kind": kind_of(fetched), "rows": to_arrow(fetched).to_pylist()}, table, _type(table))


def _type(value: object) -> type[Any]:
    return type(value)


def _compare(read: dict[str, Any], table: Any, wanted: type[Any]) -> None:
    expected = convert(table, wanted)
    kind = kind_of(expected)
    hold(read["kind"] == kind, f"a table arrives as the kind that is wanted: {kind}, found {read['kind']}")
    same = str(read["rows"]) == str(to_arrow(expected).to_pylist())  # text, since NaN is not equal to itself
    hold(same, f"a {kind} arrives with its rows; found {str(read['rows'])[:200]}")

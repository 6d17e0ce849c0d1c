# ruff: noqa: D102 - the names of tests are sentences
"""Promises about values that are handed on from task to task.

Owns: naming, identity, equality, odd and large ones, given ones. Must not know any executor.
"""

from __future__ import annotations

from typing import Any

from penstock.testing.conformance.executor import tasks
from penstock.testing.conformance.executor.selection import needs
from penstock.testing.conformance.executor.stage import Stage, has, hold

MEGABYTES = 20
ODD: dict[str, Any] = {
    "result[a/b]": "odd",
    "": "no name",
    "ünï cödé": ["x"],
    "../up": {"k": (1, 2)},
    "a b\nc": b"bytes",
    "x" * 300: 1.5,
}
EMPTY: dict[str, Any] = {
    "none": None,
    "list": [],
    "text": "",
    "bytes": b"",
    "mapping": {},
    "zero": 0,
    "no": False,
}


class ValuePromises:
    """Values reach later tasks by name, whole, as often as asked for."""

    @needs("hands_off")
    def test_a_value_reaches_a_later_task_under_its_new_name(self, stage: Stage) -> None:
        one = stage.submit(tasks.hand, {"a": 1, "b": "two"}, hands=("a", "b"))
        hold(set(stage.outcome(one).handed) == {"a", "b"}, "an outcome names the values that were handed on")
        two = stage.submit(tasks.take, upstream={"x": (one, "b"), "y": (one, "a")})
        _compare(stage.answer(two), {"x": "two", "y": 1})

    @needs("hands_off")
    def test_values_of_several_tasks_come_together(self, stage: Stage) -> None:
        makers = [stage.submit(tasks.hand, {"result": number}, hands=("result",)) for number in range(5)]
        for maker in makers:
            stage.outcome(maker)
        upstream = {f"in[{n}]": (maker, "result") for n, maker in enumerate(makers)}
        _compare(stage.answer(stage.submit(tasks.take, upstream=upstream)), {f"in[{n}]": n for n in range(5)})

    @needs("hands_off")
    def test_one_value_serves_several_tasks(self, stage: Stage) -> None:
        maker = stage.submit(tasks.hand, {"v": [1, 2, 3]}, hands=("v",))
        stage.outcome(maker)
        takers = [stage.submit(tasks.take, upstream={f"x{n}": (maker, "v")}) for n in range(4)]
        for number, taker in enumerate(takers):
            _compare(stage.answer(taker), {f"x{number}": [1, 2, 3]})
        hold(stage.value(maker, "v") == [1, 2, 3], "a value is still there when tasks have used it")

    @needs("hands_off")
    def test_a_value_is_handed_on_and_on(self, stage: Stage) -> None:
        last = stage.submit(tasks.hand, {"v": {"deep": [None]}}, hands=("v",))
        stage.outcome(last)
        for _ in range(3):
            last = stage.submit(tasks.pass_on, upstream={"v": (last, "v")}, hands=("v",))
            stage.outcome(last)
        _compare({"v": stage.value(last, "v")}, {"v": {"deep": [None]}})

    @needs("hands_off")
    def test_odd_names_are_names(self, stage: Stage) -> None:
        _there_and_back(stage, ODD)

    @needs("hands_off")
    def test_empty_values_are_values(self, stage: Stage) -> None:
        _there_and_back(stage, EMPTY)

    @needs("hands_off")
    def test_a_large_value_arrives_whole(self, stage: Stage) -> None:
        size = MEGABYTES << 20
        maker = stage.submit(tasks.hand_block, stage.token, size, hands=("block",))
        stage.outcome(maker)
        taken = stage.answer(
            stage.submit(tasks.take_block, stage.token, upstream={"block": (maker, "block")})
        )
        hold(taken == (size, True), f"{size} bytes arrive unharmed; found {taken[0]}, right: {taken[1]}")
        hold(bytes(stage.value(maker, "block")) == tasks.block(stage.token, size), "fetch() gives it whole")

    @needs("hands_off")
    def test_names_may_be_known_only_afterwards(self, stage: Stage) -> None:
        maker = stage.submit(tasks.hand_many, 5, hands=None)
        names = stage.outcome(maker).handed
        hold(
            names == tuple(f"part[{n}]" for n in range(5)),
            f"an outcome names what was handed on, found {names}",
        )
        taker = stage.submit(tasks.take, upstream={"x": (maker, "part[3]")})
        _compare(stage.answer(taker), {"x": 3})

    @needs("hands_off")
    def test_a_task_may_hand_on_less_than_it_announced(self, stage: Stage) -> None:
        maker = stage.submit(tasks.hand, {"a": 1}, hands=("a", "b"))
        handed = stage.outcome(maker).handed
        hold(
            handed == ("a",), f"an outcome names what was handed on, not what might have been; found {handed}"
        )
        hold(not has(stage, maker, "b"), "fetch() of a value that was never made raises KeyError")

    def test_given_values_arrive(self, stage: Stage) -> None:
        given = {"g[1]": {"n": [1]}, "none": None}
        _compare(stage.answer(stage.submit(tasks.take, given=given)), given)

    @needs("hands_off")
    def test_given_values_come_beside_handed_ones(self, stage: Stage) -> None:
        maker = stage.submit(tasks.hand, {"v": 1}, hands=("v",))
        stage.outcome(maker)
        taker = stage.submit(tasks.take, upstream={"x": (maker, "v")}, given={"g": 2})
        _compare(stage.answer(taker), {"x": 1, "g": 2})

    def test_a_large_given_value_arrives_whole(self, stage: Stage) -> None:
        size = MEGABYTES << 20
        given = {"block": tasks.block(stage.token, size)}
        taken = stage.answer(stage.submit(tasks.take_block, stage.token, given=given))
        hold(
            taken == (size, True), f"{size} given bytes arrive unharmed; found {taken[0]}, right: {taken[1]}"
        )

    @needs("in_process", "hands_off")
    def test_in_this_process_a_value_is_the_same_object(self, stage: Stage) -> None:
        maker = stage.submit(tasks.hand_thing, hands=("thing",))
        made, given = stage.answer(maker), object()
        ids = stage.answer(
            stage.submit(tasks.take_identities, upstream={"x": (maker, "thing")}, given={"g": given})
        )
        hold(ids == {"x": made, "g": id(given)}, "in process a value is handed on as the same object")
        hold(id(stage.executor.fetch(maker, "thing")) == made, "in process fetch() gives the same object")


def _there_and_back(stage: Stage, values: dict[str, Any]) -> None:
    """Hand values on to a task and to the driver."""
    maker = stage.submit(tasks.hand, values, hands=tuple(values))
    handed = stage.outcome(maker).handed
    hold(
        set(handed) == set(values),
        f"an outcome names what was handed on: wanted {list(values)}, found {handed}",
    )
    taker = stage.submit(tasks.take, upstream={name: (maker, name) for name in values})
    _compare(stage.answer(taker), values)
    _compare({name: stage.value(maker, name) for name in values}, values)


def _compare(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        hold(name in found, f"a value arrives under its name; {name!r} is not among {sorted(found)}")
        same = found[name] == value and type(found[name]) is type(value)
        hold(same, f"a value arrives equal; {name!r} was {value!r} and is {found[name]!r}")
    hold(
        len(found) == len(wanted),
        f"nothing arrives that was not asked for: {sorted(set(found) - set(wanted))}",
    )

"""What is remembered, written and read again."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from penstock import (
    AssetCheckKey,
    AssetCheckSpec,
    AssetKey,
    AssetSpec,
    DailyPartitionsDefinition,
    DynamicPartitionsDefinition,
    InvalidInvocationError,
    MultiPartitionsDefinition,
    StaticPartitionsDefinition,
    asset,
)
from penstock.automation.condition_memory import Cursor, Memory, read_cursor, write_cursor
from penstock.automation.entities import Scene
from penstock.define.asset_graph import AssetGraph
from penstock.partitions.view import DynamicKeys, View

DAYS = DailyPartitionsDefinition("2024-01-01")
LETTERS = StaticPartitionsDefinition(["a", "b", "c"])
KINDS = {
    "plain": None,
    "days": DAYS,
    "letters": LETTERS,
    "names": DynamicPartitionsDefinition(name="names"),
    "both": MultiPartitionsDefinition({"day": DAYS, "letter": LETTERS}),
}
KEY = AssetKey(["some", "thing"])


def scene(definition):
    """One asset with these partitions and a check."""

    @asset(key=KEY, partitions_def=definition, check_specs=[AssetCheckSpec("fine", asset=KEY)])
    def thing(): ...

    now = datetime(2024, 1, 10, tzinfo=UTC)
    return Scene(AssetGraph.from_assets([thing]), View(now, DynamicKeys({"names": ("m", "n")})))


def memory(found, *, requested=None):
    every = found.everything(KEY)
    asked = every if requested is None else requested
    states = {("0f", KEY): every, ("1f", KEY): found.nothing(KEY)}
    return Memory(at=12.5, head=7, requested=asked, states=states, codes={KEY: "2"})


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_read_again(kind):
    found = scene(KINDS[kind])
    check = AssetCheckKey(KEY, "fine")
    of_check = Memory(at=1.0, head=2, requested=found.everything(check))
    text = write_cursor(Cursor({KEY: memory(found), check: of_check}))
    again = read_cursor(text, scene(KINDS[kind])).memories
    assert again.keys() == {KEY, check}
    assert again[check].requested == found.everything(check)
    one = again[KEY]
    assert (one.at, one.head, one.codes) == (12.5, 7, {KEY: "2"})
    assert one.requested == found.everything(KEY)
    assert dict(one.states) == {("0f", KEY): found.everything(KEY)}


@pytest.mark.parametrize("kind", ["letters", "both"])
def test_added_and_removed_keys_leave_the_others_as_they_were(kind):
    before = scene(KINDS[kind])
    letters = StaticPartitionsDefinition(["c", "d", "a"])
    definition = letters if kind == "letters" else MultiPartitionsDefinition({"day": DAYS, "letter": letters})
    after = scene(definition)
    again = read_cursor(write_cursor(Cursor({KEY: memory(before)})), after).memories[KEY]
    gone = {key for key in before.everything(KEY) if key.rpartition("|")[2] == "b"}
    assert set(again.requested) == set(before.everything(KEY)) - gone


@pytest.mark.parametrize(("before", "after"), [("plain", "days"), ("days", "plain"), ("days", "letters")])
def test_other_partitions_are_seen_for_the_first_time(before, after):
    text = write_cursor(Cursor({KEY: memory(scene(KINDS[before]))}))
    assert read_cursor(text, scene(KINDS[after])).memories == {}


def test_what_nobody_defines_any_more_is_forgotten():
    text = write_cursor(Cursor({KEY: memory(scene(None))}))
    other = Scene(AssetGraph.from_assets([AssetSpec("other")]), View())
    assert read_cursor(text, other).memories == {}


def test_nothing_is_remembered_at_first():
    assert read_cursor(None, scene(None)) == Cursor()


def test_what_holds_for_nothing_takes_no_room():
    found = scene(DAYS)
    text = write_cursor(Cursor({KEY: Memory(at=1.0, head=0, requested=found.nothing(KEY))}))
    (written,) = json.loads(text)["of"].values()
    assert len(written) == 3


@pytest.mark.parametrize("text", ["", "[]", '{"v":2,"of":{},"forms":[]}', '{"v":1,"of":{"x":[]},"forms":[]}'])
def test_what_is_no_cursor_is_refused(text):
    with pytest.raises(InvalidInvocationError, match="no cursor"):
        read_cursor(text, scene(None))

"""Pools on the command line: limits are set at once, and what runs or waits is told."""

from __future__ import annotations

import pytest

from penstock import Instance
from penstock.events import values as v
from penstock.events.runs import Run
from penstock.spi.pools import SlotRequest


@pytest.fixture
def busy(cli):
    """Two runs: one has a slot of pool db, the other waits for it."""
    assert cli("pool", "set", "db", "1").code == 0
    with Instance.get() as instance:
        for run, steps in (("first-run", "load"), ("second-run", "store")):
            instance.store.create_run(
                Run(run_id=run, job_name="j"), [v.RunStarting(at=1.0), v.RunStarted(at=1.0)]
            )
            wish = SlotRequest(pool="db", run_id=run, step=steps, attempt=2, owner="secret")
            instance.store.pools.ask(wish, 1.0)


def test_without_pools_the_list_says_how_to_begin(cli):
    assert cli("pool", "list").out == (
        "No pool has a limit, and no step in a pool runs. `penstock pool set NAME 3` sets one.\n"
    )


def test_a_limit_is_set_listed_changed_and_deleted(cli):
    assert cli("pool", "set", "db", "3").out == "Pool db has 3 slots.\n"
    assert cli("pool", "set", "api", "1", "--json").json["limit"] == 1
    assert cli("pool", "list", "-q").out == "api\ndb\n"
    assert cli("pool", "set", "db", "2").out == "Pool db has 2 slots.\n"
    assert cli("pool", "list").steady.splitlines() == [
        "POOL  LIMIT  TAKEN  WAITING  BY",
        "api  1  0  0",
        "db  2  0  0",
    ]
    assert cli("pool", "delete", "db").out == "Deleted the limit of pool db: no limit now.\n"
    assert cli("pool", "list", "-q").out == "api\n"


def test_the_default_counts_for_pools_without_a_limit(cli):
    assert cli("pool", "default").out == "Pools without a limit of their own: no limit.\n"
    assert cli("pool", "default", "1").out == "Pools without a limit of their own: 1 slot each.\n"
    cli("pool", "set", "db", "3")
    assert cli("pool", "delete", "db").out == "Deleted the limit of pool db: 1 slot by default now.\n"
    assert cli("pool", "list", "--json").json == {"default": 1, "pools": []}
    assert cli("pool", "default", "-q").out == "1\n"
    assert cli("pool", "default", "none", "--json").json == {"default": None}


def test_a_pool_shows_how_urgent_those_are_who_wait(cli, busy):
    with Instance.get() as instance:
        wish = SlotRequest(pool="db", run_id="second-run", step="store", priority=5)
        instance.store.pools.ask(wish, 1.0)
    assert "waits, priority 5" in cli("pool", "show", "db").out
    (waiting,) = cli("pool", "show", "db", "--json").json["waiting"]
    assert waiting["priority"] == 5


def test_the_list_says_who_has_a_slot(cli, busy):
    assert cli("pool", "list").steady.splitlines()[1] == "db  1  1  1  run first-ru (load)"


def test_a_pool_shows_who_has_a_slot_and_who_waits(cli, busy):
    shown = cli("pool", "show", "db").out.splitlines()
    assert shown[0] == "Pool db: 1 slot, 1 taken, 1 run waiting."
    assert shown[3].split()[:6] == ["first-ru", "load", "(attempt", "2)", "has", "a"]
    assert shown[4].split()[:3] == ["second-r", "store", "waits"]
    assert cli("pool", "show", "db", "-q").out == "first-run\n"
    assert cli("pool", "show", "db", "--json").json == {
        "name": "db", "limit": 1, "is_default": False,
        "taken": [{"pool": "db", "run_id": "first-run", "step": "load", "since": 1.0, "attempt": 2}],
        "waiting": [{"pool": "db", "run_id": "second-run", "step": "store", "since": 1.0}],
    }  # fmt: skip


def test_a_run_shows_what_it_waits_for(cli, busy):
    assert "waits     store for a slot of pool db\n" in cli("run", "show", "second").out
    assert cli("run", "show", "second", "--json").json["waits"][0]["step"] == "store"
    assert "waits" not in cli("run", "show", "first").out


def test_fewer_slots_than_are_taken_stop_nothing(cli, busy):
    assert cli("pool", "set", "db", "0").out == (
        "Pool db has 0 slots. What runs in it now goes on: 1 step.\n"
    )


def test_slots_of_a_run_can_be_freed_by_hand(cli, busy):
    assert cli("pool", "free", "first", "--step", "other").out == "Freed 0 slots of run first-ru.\n"
    assert cli("pool", "free", "first", "-y").out == "Freed 1 slot of run first-ru.\n"
    assert cli("pool", "list", "--json").json["pools"][0]["taken"] == []
    assert cli("pool", "free", "first", "-y", "--json").json == {"run_id": "first-run", "freed": 0}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "dv"], "Nothing is known of a pool 'dv'"),
        (["delete", "wearhouse"], "no limit of its own. Did you mean 'warehouse'?"),
        (["set", "db", "-1"], "No such option '-1'"),
        (["set", "db", "x"], "'x' is not a valid integer"),
        (["set", "", "1"], "A pool has a name, and this one is empty."),
        (["default", "x"], "Wanted a whole number from 0, or none; found 'x'."),
        (["free", "nobody"], "There is no run 'nobody'."),
    ],
)
def test_what_cannot_be_is_said(cli, arguments, said):
    cli("pool", "set", "warehouse", "1")
    answer = cli("pool", *arguments)
    assert answer.code == 2
    assert said in answer.err

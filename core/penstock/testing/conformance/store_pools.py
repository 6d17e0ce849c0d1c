# ruff: noqa: S101, D102 - a kit of tests: asserting is its work, and names of tests are sentences
"""What every store promises of pools: counted when a slot is taken, freed by what ends the attempt.

Owns: ``PoolPromises`` and ``PoolQueuePromises``, which ``StoreConformance`` has among its own.
"""

from __future__ import annotations

from penstock.errors import TransitionRejected
from penstock.events import values as v
from penstock.events.runs import Run
from penstock.spi.pools import WAITER_PATIENCE, SlotAnswer, SlotRequest
from penstock.spi.store import Store

_ERROR = v.ErrorInfo(cls_name="E", message="m")


class PoolPromises:
    """Slots of pools: never more than there are, gone with what they were for."""

    __test__ = False

    def test_a_pool_gives_as_many_slots_as_it_has(self, store: Store) -> None:
        _begin(store, "r")
        store.pools.set_limit("db", 2)
        assert [_ask(store, "r", step).granted for step in "abc"] == [True, True, False]
        (pool,) = store.pools.find()
        assert (pool.name, pool.limit, pool.is_default) == ("db", 2, False)
        assert [(one.step, one.attempt, one.owner) for one in pool.taken] == [("a", 1, "me"), ("b", 1, "me")]
        assert [(one.run_id, one.step, one.attempt) for one in pool.waiting] == [("r", "c", 0)]

    def test_a_refusal_tells_the_limit_and_who_is_in_the_way(self, store: Store) -> None:
        _begin(store, "r", "s", "t")
        store.pools.set_limit("db", 1)
        _ask(store, "r", "a")
        _ask(store, "s", "b")
        answer = _ask(store, "t", "c")
        assert (answer.granted, answer.limit) == (False, 1)
        assert (answer.taken, [(one.run_id, one.others) for one in answer.holders]) == (1, [("r", 0)])
        assert [one.run_id for one in answer.ahead] == ["s"]

    def test_who_has_a_slot_is_granted_it_again(self, store: Store) -> None:
        _begin(store, "r")
        store.pools.set_limit("db", 1)
        assert _ask(store, "r", "a").granted
        assert _ask(store, "r", "a", attempt=2).granted
        assert [(one.step, one.attempt) for one in store.pools.find("db")[0].taken] == [("a", 2)]

    def test_the_default_counts_for_pools_without_a_limit_of_their_own(self, store: Store) -> None:
        _begin(store, "r")
        assert store.pools.default_limit() is None
        store.pools.set_limit(None, 1)
        store.pools.set_limit("own", 2)
        assert store.pools.default_limit() == 1
        assert [_ask(store, "r", step, pool="other").granted for step in "ab"] == [True, False]
        assert [_ask(store, "r", step, pool="own").granted for step in "cd"] == [True, True]
        found = {pool.name: (pool.limit, pool.is_default) for pool in store.pools.find()}
        assert found == {"other": (1, True), "own": (2, False)}
        store.pools.set_limit(None, None)
        assert _ask(store, "r", "b", pool="other").granted

    def test_without_any_limit_slots_are_counted_all_the_same(self, store: Store) -> None:
        _begin(store, "r")
        assert all(_ask(store, "r", step).granted for step in "abc")
        assert len(store.pools.find("db")[0].taken) == 3
        store.pools.set_limit("db", 3)
        answer = _ask(store, "r", "d")
        assert (answer.granted, answer.taken) == (False, 3)
        assert [(one.step, one.others) for one in answer.holders] == [("a", 2)]

    def test_a_pool_without_slots_is_closed(self, store: Store) -> None:
        _begin(store, "r")
        store.pools.set_limit("db", 0)
        assert not _ask(store, "r", "a").granted
        store.pools.set_limit("db", 1)
        assert _ask(store, "r", "a").granted
        assert store.pools.find("db")[0].waiting == ()

    def test_each_end_of_an_attempt_frees_its_slot(self, store: Store) -> None:
        store.pools.set_limit("db", 1)
        ends = (
            v.StepSucceeded(at=3.0, step="a"), v.StepFailed(at=3.0, step="a", error=_ERROR),
            v.StepInterrupted(at=3.0, step="a"), v.StepRetryScheduled(at=3.0, step="a", error=_ERROR),
            v.RunFailed(at=3.0),
        )  # fmt: skip
        for number, end in enumerate(ends):
            seq = _begin(store, f"r{number}")
            assert _ask(store, f"r{number}", "a").granted
            seq = store.append(f"r{number}", seq, [v.StepStarted(at=2.0, step="a")])
            seq = store.append(f"r{number}", seq, [v.StepSucceeded(at=2.0, step="other")])
            assert len(store.pools.find("db")[0].taken) == 1
            store.append(f"r{number}", seq, [end])
            assert store.pools.find("db")[0].taken == ()

    def test_a_late_word_of_an_earlier_attempt_frees_nothing(self, store: Store) -> None:
        seq = _begin(store, "r")
        _ask(store, "r", "a", attempt=2)
        store.append("r", seq, [v.StepRetryScheduled(at=3.0, step="a", error=_ERROR, attempt=1)])
        assert len(store.pools.find("db")[0].taken) == 1

    def test_a_run_that_ends_or_is_deleted_leaves_nothing(self, store: Store) -> None:
        seq = _begin(store, "r", "s", "t")
        store.pools.set_limit("db", 1)
        for run in "rst":
            _ask(store, run, "a")
        store.append("r", seq, [v.RunCanceling(at=3.0), v.RunCanceled(at=3.0)])
        assert [one.run_id for one in store.pools.find("db")[0].waiting] == ["s", "t"]
        store.delete_run("s")
        assert _ask(store, "t", "a").granted
        store.delete_run("t")
        assert store.pools.find("db")[0].taken == ()

    def test_only_a_run_that_is_under_way_gets_a_slot(self, store: Store) -> None:
        seq = _begin(store, "r")
        store.append("r", seq, [v.RunSucceeded(at=3.0)])
        for run in ("r", "unknown"):
            try:
                _ask(store, run, "a")
            except TransitionRejected:
                continue
            raise AssertionError(f"wanted TransitionRejected for {run}")

    def test_what_a_run_has_can_be_given_back(self, store: Store) -> None:
        _begin(store, "r", "s")
        for step in "abc":
            _ask(store, "r", step)
        _ask(store, "s", "a")
        assert store.pools.give_back("r", "b") == 1
        assert store.pools.give_back("r") == 2
        assert store.pools.give_back("unknown") == 0
        assert [one.run_id for one in store.pools.find("db")[0].taken] == ["s"]

    def test_pools_are_found_by_name_and_run(self, store: Store) -> None:
        _begin(store, "r", "s")
        store.pools.set_limit("idle", 4)
        _ask(store, "r", "a", pool="x")
        _ask(store, "s", "a", pool="w")
        assert [pool.name for pool in store.pools.find()] == ["idle", "w", "x"]
        assert [pool.name for pool in store.pools.find(run_id="r")] == ["x"]
        (unknown,) = store.pools.find("unknown")
        assert (unknown.limit, unknown.taken, unknown.waiting) == (None, (), ())


class PoolQueuePromises:
    """Who waits for a slot: urgent wishes first, of equals the oldest, and who looks no more not at all."""

    __test__ = False

    def test_the_oldest_wish_comes_first(self, store: Store) -> None:
        _begin(store, "r", "s", "t")
        store.pools.set_limit("db", 1)
        for run in "rst":
            _ask(store, run, "a")
        store.pools.give_back("r", "a")
        assert not _ask(store, "t", "a").granted
        assert not _ask(store, "r", "b").granted
        assert _ask(store, "s", "a").granted
        store.pools.give_back("s", "a")
        assert not _ask(store, "r", "b").granted
        assert _ask(store, "t", "a").granted

    def test_the_most_urgent_wish_comes_first(self, store: Store) -> None:
        _begin(store, "r", "s", "t", "u")
        store.pools.set_limit("db", 1)
        for run, priority in (("r", 0), ("s", 0), ("t", 5), ("u", -1)):
            answer = _ask(store, run, "a", priority=priority)
        assert [one.run_id for one in answer.ahead] == ["t", "s"]
        assert [(one.run_id, one.priority) for one in store.pools.find("db")[0].waiting] == [
            ("t", 5), ("s", 0), ("u", -1),
        ]  # fmt: skip
        store.pools.give_back("r", "a")
        assert not _ask(store, "s", "a").granted
        assert _ask(store, "s", "b", priority=5).granted  # as urgent now, and asked before
        store.pools.give_back("s", "b")
        assert _ask(store, "t", "a", priority=5).granted

    def test_who_does_not_look_again_holds_up_nobody_for_long(self, store: Store) -> None:
        _begin(store, "r", "s", "t")
        store.pools.set_limit("db", 1)
        for run in "rst":
            _ask(store, run, "a", now=10.0)
        store.pools.give_back("r", "a")
        assert not _ask(store, "t", "a", now=10.0 + WAITER_PATIENCE).granted
        assert _ask(store, "t", "a", now=10.5 + WAITER_PATIENCE).granted
        assert [one.run_id for one in store.pools.find("db")[0].waiting] == ["s"]

    def test_the_place_in_the_queue_is_the_runs(self, store: Store) -> None:
        _begin(store, "r", "s", "t")
        store.pools.set_limit("db", 1)
        for run, step in (("r", "a"), ("s", "a"), ("t", "a"), ("s", "b")):
            _ask(store, run, step)
        assert [(one.run_id, one.step) for one in store.pools.find("db")[0].waiting] == [
            ("s", "b"),
            ("t", "a"),
        ]


def _begin(store: Store, *runs: str) -> int:
    """Begin runs; returns how many events each has."""
    for run in runs:
        store.create_run(Run(run_id=run, job_name="j"), [v.RunStarting(at=1.0), v.RunStarted(at=1.5)])
    return 2


def _ask(store: Store, run: str, step: str, *, pool: str = "db", now: float = 2.0, **wish: int) -> SlotAnswer:
    request = SlotRequest(pool=pool, run_id=run, step=step, owner="me", **wish)
    return store.pools.ask(request, now)

"""The kit for stores rejects stores that break their promises."""

from __future__ import annotations

from contextlib import closing

import pytest

from penstock.errors import Error
from penstock.events.runs import RunsFilter
from penstock.spi.store import EventQuery
from penstock.store.memory import memory_store
from penstock.testing.conformance.store import FactPromises, LogPromises, RunPromises


class Saboteur:
    """A right store, one of whose methods is replaced."""

    def __init__(self, **replaced):
        self.right = memory_store()
        for name, method in replaced.items():
            setattr(self, name, lambda *given, method=method, **named: method(self.right, *given, **named))

    def __getattr__(self, name):
        return getattr(self.right, name)


def append_blindly(store, run_id, after_seq, events):
    records = store.runs(RunsFilter(run_ids=[run_id]))
    return store.append(run_id, records[0].last_seq if records else after_seq, events)


def append_quietly(store, run_id, after_seq, events):
    try:
        return store.append(run_id, after_seq, events)
    except Error:
        return after_seq


def read_backwards(store, query):
    return list(reversed(store.read(query)))


def read_too_much(store, query):
    return store.read(EventQuery(run_id=query.run_id))


def list_oldest_first(store, wanted, **_):
    return store.runs(wanted, ascending=True)


def delete_with_facts(store, run_id):
    store.delete_run(run_id)
    for status in store.assets():
        store.wipe(status.asset_key)


def wipe_nothing(store, key, partitions=None):
    pass


def wipe_everything(store, key, partitions=None):
    store.wipe(key)


SABOTEURS = [
    ({"append": append_blindly}, LogPromises.test_append_with_a_stale_sequence_is_refused),
    ({"append": append_quietly}, RunPromises.test_an_illegal_move_is_refused_and_leaves_no_event),
    ({"append": append_quietly}, LogPromises.test_append_to_an_unknown_run_is_refused),
    ({"read": read_backwards}, LogPromises.test_events_come_back_equal_and_in_order),
    ({"read": read_too_much}, LogPromises.test_kinds_and_times_narrow_a_question),
    ({"runs": list_oldest_first}, RunPromises.test_runs_come_newest_first_and_in_pages),
    ({"count_runs": lambda s, w: 0}, RunPromises.test_every_condition_of_a_filter_must_hold),
    ({"delete_run": delete_with_facts}, FactPromises.test_a_deleted_run_is_gone_and_its_latest_facts_stay),
    ({"wipe": wipe_nothing}, FactPromises.test_a_wiped_asset_is_unknown_and_its_runs_keep_their_log),
    ({"wipe": wipe_everything}, FactPromises.test_wiping_partitions_leaves_the_others),
    ({"dynamic_partitions": lambda s, n, **k: sorted(s.dynamic_partitions(n, **k))},
     FactPromises.test_dynamic_partitions_keep_their_order),
]  # fmt: skip


@pytest.mark.parametrize(("replaced", "promise"), SABOTEURS, ids=lambda case: getattr(case, "__name__", None))
def test_a_broken_store_is_rejected(replaced, promise):
    with closing(Saboteur(**replaced)) as store, pytest.raises(AssertionError):
        promise(None, store)
    with closing(memory_store()) as right:
        promise(None, right)

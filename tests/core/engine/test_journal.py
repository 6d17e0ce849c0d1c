"""Events reach the store soon, in order and in batches, without a pause for those who make them."""

from __future__ import annotations

import os
import threading

import pytest

from penstock.engine.journal import FULL, Journal, is_noting
from penstock.events.values import EngineNoted


def notes(*messages):
    return [EngineNoted(at=0.0, message=str(message)) for message in messages]


def texts(batches):
    return [event.message for batch in batches for event in batch]


@pytest.fixture(params=[True, False], ids=["threaded", "in the caller's thread"])
def threaded(request):
    return request.param


def test_everything_is_stored_in_order_when_flushed(threaded):
    batches = []
    journal = Journal(lambda events: batches.append(list(events)), threaded=threaded)
    for n in range(100):
        journal.add(notes(n))
    journal.flush()
    assert texts(batches) == [str(n) for n in range(100)]
    journal.close()


def test_short_steps_share_a_batch(threaded):
    batches = []
    journal = Journal(lambda events: batches.append(list(events)), threaded=threaded)
    for n in range(100):
        journal.add(notes(n))
    journal.close()
    assert len(batches) < 100


def test_a_full_batch_does_not_wait():
    batches = []
    journal = Journal(lambda events: batches.append(list(events)), threaded=False)
    journal.add(notes(*range(FULL)))
    assert texts(batches) == [str(n) for n in range(FULL)]


@pytest.mark.parametrize("lends", [True, False])
def test_draining_stores_everything(lends):
    batches = []
    journal = Journal(lambda events: batches.append(list(events)), threaded=True, lends=lends)
    journal.add(notes("one", "two"))
    journal.drain()
    assert texts(batches) == ["one", "two"]
    journal.close()


def test_closing_stores_what_is_left_and_may_be_repeated(threaded):
    batches = []
    journal = Journal(lambda events: batches.append(list(events)), threaded=threaded)
    journal.add(notes("last"))
    journal.close()
    journal.close()
    assert texts(batches) == ["last"]


def test_what_a_long_step_noted_is_stored_meanwhile():
    stored = threading.Event()
    journal = Journal(lambda _events: stored.set(), threaded=True)
    journal.add(notes("begun"))
    assert stored.wait(60)  # nobody flushes: the journal's own thread writes
    journal.close()


def test_who_adds_writes_a_full_batch_itself():
    writers = []
    journal = Journal(lambda _events: writers.append(threading.current_thread()), threaded=True)
    journal.add(notes(*range(FULL)))
    assert writers == [threading.current_thread()]
    journal.close()


def test_who_must_not_be_torn_lends_no_thread():
    writers = []
    journal = Journal(lambda _events: writers.append(threading.current_thread()), threaded=True, lends=False)
    journal.add(notes(*range(FULL)))
    journal.flush()
    journal.close()
    assert writers
    assert threading.current_thread() not in writers


def test_what_is_noted_while_somebody_writes_is_stored_after_it():
    batches = []

    def append(events):
        batches.append(list(events))
        if len(batches) == 1:
            journal.add(notes("last"))

    journal = Journal(append, threaded=True)
    journal.add(notes(*range(FULL)))
    journal.close()
    assert texts(batches) == [*(str(n) for n in range(FULL)), "last"]


@pytest.mark.parametrize("lends", [True, False])
def test_whoever_stores_is_known_to_be_noting(lends):
    seen = []
    journal = Journal(lambda _events: seen.append(is_noting()), threaded=True, lends=lends)
    journal.add(notes(*range(FULL)))
    journal.close()
    assert seen == [True]
    assert not is_noting()


class Taken(Exception):
    pass


def refuse(_events):
    raise Taken("somebody else owns the run")


def test_a_failure_to_store_reaches_who_flushes(threaded):
    journal = Journal(refuse, threaded=threaded)
    journal.add(notes("x"))
    with pytest.raises(Taken):
        journal.flush()
    if threaded:
        with pytest.raises(Taken):
            journal.close()


def test_a_failure_to_store_reaches_who_adds():
    journal = Journal(refuse, threaded=True)
    journal.add(notes("x"))
    with pytest.raises(Taken):
        journal.flush()
    with pytest.raises(Taken):
        journal.add(notes("y"))
    with pytest.raises(Taken):
        journal.close()


def test_a_failure_to_store_reaches_who_writes():
    journal = Journal(refuse, threaded=True)
    with pytest.raises(Taken):
        journal.add(notes(*range(FULL)))
    with pytest.raises(Taken):
        journal.close()


def test_a_listener_may_look_at_what_it_was_told_of():
    looked = []
    journal = Journal(lambda _events: (journal.flush(), looked.append(True)), threaded=True)
    journal.add(notes("x"))
    journal.flush()
    assert looked == [True]
    journal.close()


def test_a_journal_that_was_never_used_has_no_thread(begun_threads):
    journal = Journal(refuse, threaded=True)
    journal.flush()
    assert begun_threads() == []
    journal.close()


def test_several_threads_may_add():
    batches = []
    journal = Journal(lambda events: batches.append(list(events)), threaded=True)
    threads = [
        threading.Thread(target=lambda: [journal.add(notes("x")) for _ in range(200)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    assert len(texts(batches)) == 800


def test_listeners_of_two_runs_that_look_at_each_other_do_not_wait_for_ever():
    both = threading.Barrier(2, timeout=60)
    journals = []

    def append(_events):
        both.wait()
        for journal in journals:
            journal.flush()

    journals += [Journal(append, threaded=True) for _ in range(2)]
    for journal in journals:
        journal.add(notes("one"))
    for journal in journals:
        journal.close()


def test_a_forked_child_waits_for_no_journal():
    may_go_on = threading.Event()
    journal = Journal(lambda _events: may_go_on.wait(60), threaded=True)
    journal.add(notes("one"))
    child = os.fork()
    if not child:
        journal.flush()
        journal.close()
        os._exit(7)
    may_go_on.set()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    journal.close()

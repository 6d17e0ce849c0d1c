"""How many events of a run are kept beside the store."""

from __future__ import annotations

import pytest

from penstock import Instance
from penstock.events.runs import Run
from penstock.events.values import EngineNoted, RunQueued, RunStarted, RunStarting
from penstock.host.recording import Recording

FIRST = [RunQueued(at=0.0), RunStarting(at=0.0)]
NOTES = [EngineNoted(at=float(number), message=str(number)) for number in range(10)]


@pytest.fixture
def store(tmp_path):
    with Instance.local_temp(str(tmp_path)) as instance:
        yield instance.store


def recorded(store, kept):
    record = Recording(store, Run(run_id="r", job_name="j"), (), lambda: 0.0, kept=kept)
    record.create(FIRST)
    record.append([RunStarted(at=0.0)])
    for note in NOTES:
        record.append([note])
    return record


@pytest.mark.parametrize("kept", [None, 4, 1000])
def test_every_event_is_there_afterwards_however_few_are_kept(store, kept):
    assert list(recorded(store, kept).all_events) == [*FIRST, RunStarted(at=0.0), *NOTES]


def test_no_more_events_are_kept_than_wanted(store):
    assert len(recorded(store, 4).events) <= 4


def test_events_that_were_let_go_are_a_sequence(store):
    events = recorded(store, 4).all_events
    assert (len(events), events[0], list(events[:2])) == (13, FIRST[0], FIRST)

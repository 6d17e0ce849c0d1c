"""Events of a running step: told in order, once each, and never the end before the record."""

from __future__ import annotations

import threading

import pytest

from penstock.engine.live import Live, Teller
from penstock.events import values as v

START = v.StepStarted(at=1.0, step="a")
LOGGED = v.LogsCaptured(at=2.0, step="a", file="f")
OUTPUT = v.OutputProduced(at=2.0, step="a", output_name="result")
ERROR = v.ErrorInfo(cls_name="E", message="m")
ENDS = [
    v.StepSucceeded(at=3.0, step="a", seconds=1.0),
    v.StepFailed(at=3.0, step="a", error=ERROR),
    v.StepRetryScheduled(at=3.0, step="a", error=ERROR),
    v.StepInterrupted(at=3.0, step="a", attempt=1),
]


class Reporter:
    """Keeps what it is told."""

    is_reliable = True

    def __init__(self):
        self.told = []
        self.heard = threading.Event()

    def __call__(self, record):
        self.told.append(record)
        self.heard.set()


def test_what_is_new_is_told_once_with_its_place():
    report = Reporter()
    live = Live(2, report)
    live.events.append(START)
    live.flush()
    live.flush()
    live.events.append(OUTPUT)
    live.flush()
    assert [(one.place, one.first, one.events) for one in report.told] == [
        (2, 0, (START,)),
        (2, 1, (OUTPUT,)),
    ]
    assert live.stop() == 2


@pytest.mark.parametrize("end", ENDS, ids=lambda end: type(end).__name__)
def test_an_end_and_what_follows_it_waits_for_the_record(end):
    report = Reporter()
    live = Live(0, report)
    live.events += [START, end, LOGGED]
    live.flush()
    live.flush()
    assert [one.events for one in report.told] == [(START,)]
    assert live.stop() == 1


def test_the_end_is_told_with_the_beginning_of_what_the_task_goes_on_with():
    report = Reporter()
    live = Live(0, report)
    live.events += [START]
    live.flush()
    live.events += [ENDS[0], LOGGED]
    following = Live(1, report, live.rest())
    assert live.stop() == 3
    following.flush()
    assert len(report.told) == 1
    following.events.append(START)
    following.flush()
    following.flush()
    before, told = report.told[-1]
    assert (before.place, before.first, before.events) == (0, 1, (ENDS[0], LOGGED))
    assert (told.place, told.first, told.events) == (1, 0, (START,))
    assert len(report.told) == 2


def test_nothing_is_told_after_the_stop():
    report = Reporter()
    live = Live(0, report)
    live.stop()
    live.events.append(START)
    live.flush()
    assert report.told == []


def test_the_teller_tells_of_a_step_that_goes_on_without_being_asked():
    report, teller = Reporter(), Teller()
    live = Live(0, report)
    teller.begin(live)
    live.events.append(START)
    assert report.heard.wait(60)
    teller.end(live)
    teller.close()
    teller.close()
    assert report.told[0].events == (START,)

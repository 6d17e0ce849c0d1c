from __future__ import annotations

import io
import re
import sys

from rich.console import Console

from penstock.cli.live import LiveSteps
from penstock.cli.screen import Screen
from penstock.cli.scrolling import Scrolling
from penstock.events import values as v
from penstock.events.runs import Run

RUN = Run(run_id="1", job_name="job")
ODD = v.ErrorInfo(cls_name="ValueError", message="odd")


def started(step):
    return v.StepStarted(at=0.0, step=step)


def done(step):
    return v.StepSucceeded(at=0.0, step=step, seconds=0.5)


def display(total=0, width=80):
    return LiveSteps(Screen(live=True, width=width), total, out=io.StringIO())


def shown(live, width=80):
    """What stands at the bottom now, as lines of text."""
    console = Console(file=io.StringIO(), width=width, height=20)
    console.print(live)
    lines = console.file.getvalue().splitlines()
    return [re.sub(r"  \d+\.\d s$", "", line.rstrip()) for line in lines]


def test_a_batch_is_applied_before_anything_is_drawn():
    live = display(total=3)
    live(RUN, [started("a"), done("a"), started("b")])
    running, progress = shown(live)
    assert running.endswith(" b")
    assert progress.endswith(" 1 of 3 steps")


def test_a_step_that_waits_for_its_next_attempt_says_so():
    live = display(total=1)
    live(RUN, [started("a"), v.StepRetryScheduled(at=0.0, step="a", error=ODD, wait=60.0)])
    assert shown(live)[0].startswith("↻ a  again in ")
    live(RUN, [v.StepRestarted(at=0.0, step="a", attempt=2)])
    assert "again" not in shown(live)[0]


def test_more_steps_than_were_known_are_counted_without_a_bar():
    live = display(total=1)
    live(RUN, [done("parts"), done("work[a]"), v.StepFailed(at=0.0, step="work[b]", error=ODD)])
    assert shown(live) == ["3 steps, 1 failed"]


def test_many_running_steps_leave_room():
    live = display(total=100)
    live(RUN, [started(f"s{number}") for number in range(60)])
    rows = shown(live)
    assert len(rows) < 30
    assert any(" more" in row for row in rows)


def test_a_long_name_is_one_row():
    live = display(width=40)
    live(RUN, [started("x" * 100)])
    assert len(shown(live, width=40)) == 2


def test_what_is_printed_stands_above_the_display():
    live = display(total=1)
    before = sys.stdout
    with live:
        live(RUN, [started("a")])
        sys.stdout.write("half")
        assert "half" not in live.out.getvalue()
        sys.stdout.write(" a line\nunended")
    assert sys.stdout is before
    text = live.out.getvalue()
    assert text.index("half a line") < text.index("unended")


def test_a_line_that_was_written_over_shows_its_last_state():
    lines = []
    Scrolling(io.StringIO(), lines.extend).write("10 %\r50 %\r100 %\nnext\r\n")
    assert lines == ["100 %", "next"]

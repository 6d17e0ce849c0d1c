"""Running something from the command line: progress, the last line, the exit code.

Owns: the choice of progress, signals, and what is said at the end. Lazy: the display for terminals
is imported when there is one.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FrameType
from typing import Any

from penstock.cli.nudges import nudged
from penstock.cli.options import CodeChoice
from penstock.cli.progress import JsonLines, PlainLines
from penstock.cli.screen import Screen
from penstock.cli.tally import SHORT, Tally
from penstock.events import values as v
from penstock.events.runs import Run, RunStatus

Observer = Callable[[Run, Sequence[v.Happened]], None]

_EXIT_CODES = {RunStatus.SUCCESS: 0, RunStatus.CANCELED: 130, RunStatus.CANCELING: 130}
_AT_ONCE = 3
_ENDS = {RunStatus.SUCCESS: ("✓", "green"), RunStatus.FAILURE: ("✗", "red")}


def watched(
    screen: Screen, act: Callable[[tuple[Observer, ...]], Any], total: int = 0, code: CodeChoice | None = None
) -> int:
    """Run something and show it.

    Args:
        screen: where, and how much.
        act: carries the run out with these observers; a run that fails or is canceled is no exception.
        total: how many steps it has, 0 when that is not known.
        code: where the command line said the definitions are, for the line that tries again.

    Returns:
        The exit code: 0 done, 1 failed, 2 failed because values cannot be stored, 130 canceled.
    """
    tally = Tally(total=total)

    def count(run: Run, events: Sequence[v.Happened]) -> None:
        for event in events:
            tally.count(run, event)

    with interruptible(screen), _progress(screen, total) as progress:
        try:
            act((count, progress))
        except KeyboardInterrupt:
            if tally.status is None:
                raise
    _conclude(screen, tally, code)
    if tally.failed_by_bad_values:
        return 2
    return _EXIT_CODES.get(tally.status or RunStatus.FAILURE, 1)


@contextmanager
def interruptible(screen: Screen) -> Generator[None]:
    """Inside, SIGTERM ends a run as Ctrl-C does, and either ends the process when code will not stop.

    The first two are exceptions where the code stands, so that steps and resources can clean up. The next
    ends the process there and then; the run is told as lost by whoever opens the home next.
    """
    count = 0

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        nonlocal count
        count += 1
        if count >= _AT_ONCE:
            screen.complain("Stopped at once. The next command tells the run as failed.")
            os._exit(_EXIT_CODES[RunStatus.CANCELED])
        raise KeyboardInterrupt

    numbers = [one for one in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(one) is not signal.SIG_IGN]
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        with nudged():
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _progress(screen: Screen, total: int) -> AbstractContextManager[Observer]:
    if screen.as_json:
        return nullcontext(JsonLines(screen))
    if not screen.live:
        return nullcontext(PlainLines(screen))
    from penstock.cli.live import LiveSteps  # noqa: PLC0415 - lazy, as the docstring says

    return LiveSteps(screen, total)


def _conclude(screen: Screen, tally: Tally, code: CodeChoice | None) -> None:
    """The last lines: what came of it, and where to look next."""
    if screen.as_json:
        screen.write(_json(tally))
        return
    if screen.quiet:
        return
    status = tally.status or RunStatus.FAILURE
    sign, color = _ENDS.get(status, ("■", "yellow"))
    word = f"{sign} {_WORDS.get(status, status.value)}"
    first, *rest = screen.folded(f"{word}: {tally.summary()}", "  ")
    screen.say(first.replace(word, screen.style(word, color, bold=True), 1))
    for line in rest:
        screen.say(line)
    if not tally.run_id:
        return
    short = tally.run_id[:SHORT]
    screen.say(f"  look at it: {screen.style(f'penstock run show {short}', 'cyan')}")
    if status is not RunStatus.SUCCESS:
        again = shlex.join(["penstock", "run", "retry", short, *(code.arguments if code else ())])
        screen.say(f"  try again:  {screen.style(again, 'cyan')}")


_WORDS = {RunStatus.SUCCESS: "done", RunStatus.FAILURE: "failed", RunStatus.CANCELED: "canceled"}


def _json(tally: Tally) -> str:
    return json.dumps(tally.to_plain(), ensure_ascii=False)

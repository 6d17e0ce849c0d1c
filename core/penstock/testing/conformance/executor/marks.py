"""A diary on disk: what happened in which process, in the order in which it happened.

Owns: ``leave`` and ``read``. A line is appended in one write, so that it stands there whatever becomes of
its process, and lines of several processes never mix. It must not know what is written down.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from penstock.values import frozen

DIARY = "marks"


@frozen(kw_only=True)
class Mark:
    """Something that happened.

    Args:
        what: ``made``, ``start``, ``end``, ``closed``, or a word of the task's own.
        key: of the task; empty for what concerns the runner.
        pid: of the process.
        thread: the name of the thread.
        more: what else is to be known, as text.
    """

    what: str
    key: str
    pid: int
    thread: str
    more: str = ""


def leave(folder: str, what: str, key: str = "", more: str = "") -> None:
    """Write down that something happened in this process and thread."""
    line = json.dumps([what, key, os.getpid(), threading.current_thread().name, more])
    diary = os.open(f"{folder}/{DIARY}", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(diary, f"{line}\n".encode())
    finally:
        os.close(diary)


def read(folder: str, what: str | None = None, key: str | None = None) -> list[Mark]:
    """What was written down so far, oldest first; narrowed to a word and a task."""
    diary = Path(folder, DIARY)
    lines = diary.read_text().splitlines() if diary.exists() else []
    found = (json.loads(line) for line in lines)
    marks = (Mark(what=one[0], key=one[1], pid=one[2], thread=one[3], more=one[4]) for one in found)
    return [one for one in marks if what in {None, one.what} and key in {None, one.key}]


def most_at_once(marks: list[Mark]) -> int:
    """How many tasks were under way at the same time, at most."""
    running = most = 0
    for mark in marks:
        running += {"start": 1, "end": -1}.get(mark.what, 0)
        most = max(most, running)
    return most

"""The relay: what steps printed elsewhere is shown where the run was launched.

Owns: showing each piece once, when its step has ended. What steps print in this process is on the screen
already; see ``capture``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from penstock.events.runs import Run
from penstock.events.values import Happened, LogsCaptured
from penstock.store.logs import LogFolder, Stream

MOST = 1 << 16
"""Bytes of one stream of a step that are shown; the rest stands in its log."""


class Relay:
    """An observer that prints what the steps of a run printed.

    Args:
        folder: of the logs.
    """

    def __init__(self, folder: LogFolder) -> None:
        self._folder = folder
        self._shown: dict[tuple[str, Stream], int] = {}

    def __call__(self, run: Run, events: Sequence[Happened]) -> None:
        """Show what is new of the steps that have ended."""
        for event in events:
            if isinstance(event, LogsCaptured):
                for stream in (Stream.OUT, Stream.ERR):
                    self._show(run.run_id, event.step, stream)

    def _show(self, run_id: str, step: str, stream: Stream) -> None:
        offset = self._shown.get((step, stream), 0)
        chunk = self._folder.read(run_id, step, stream, offset=offset, limit=MOST)
        self._shown[step, stream] = max(chunk.size, offset)
        if not chunk.data:
            return
        screen = sys.stdout if stream is Stream.OUT else sys.stderr
        screen.write(chunk.text)
        left = chunk.size - chunk.next_offset
        if left > 0:
            screen.write(f"\n… {left:,} bytes more of {step} stand in its log\n")
        screen.flush()

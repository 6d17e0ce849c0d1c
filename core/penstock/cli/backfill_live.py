"""The progress bar of a backfill on a terminal: one line at the bottom, the rest scrolls above it.

Owns: the rich display and its lock. Lazy: this module is imported on a terminal only, because rich takes
its time.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self, TextIO

from attrs import define, field
from rich.console import Console
from rich.live import Live
from rich.text import Text

from penstock.cli.screen import Screen
from penstock.cli.scrolling import Scrolling

_BAR = 24
_EVERY = 0.1


@define(eq=False)
class LiveBar:
    """The display; renders itself as it stands.

    Args:
        screen: what was asked for.
        progress: what is shown: ``share``, ``line()`` and ``failed``.
    """

    screen: Screen
    progress: Any
    _shown: float = field(default=0.0, init=False)
    _lock: threading.RLock = field(factory=threading.RLock, init=False)
    _before: tuple[TextIO, TextIO] = field(factory=lambda: (sys.stdout, sys.stderr), init=False)
    _console: Console = field(init=False)
    _live: Live = field(init=False)

    def __attrs_post_init__(self) -> None:
        out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
        self._console = Console(
            file=out, force_terminal=True, no_color=not self.screen.color, highlight=False,
            width=self.screen.width,
        )  # fmt: skip
        self._live = Live(
            self, console=self._console, auto_refresh=False, transient=True, redirect_stdout=False,
            redirect_stderr=False,
        )  # fmt: skip

    def __enter__(self) -> Self:
        self._before = (sys.stdout, sys.stderr)
        for stream in self._before:
            stream.flush()
        sys.stdout = Scrolling(sys.stdout, self.above)  # type: ignore[assignment]  # quacks like a file
        if sys.stderr.isatty():
            sys.stderr = Scrolling(sys.stderr, self.above)  # type: ignore[assignment]  # as above
        self._live.start()
        self._console.show_cursor()  # hidden, it would stay so when this process is killed
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, Scrolling):
                stream.end()
        sys.stdout, sys.stderr = self._before
        with self._lock:
            self._live.stop()
            self._console.file.close()

    def above(self, lines: Sequence[str]) -> None:
        """Write lines above the bar."""
        with self._lock:
            self._console.print(*(Text.from_ansi(line) for line in lines), sep="\n", soft_wrap=True)

    def refresh(self) -> None:
        """Draw the bar anew, unless that was done a moment ago."""
        now = time.monotonic()
        if now - self._shown < _EVERY:
            return
        with self._lock:
            self._shown = now
            self._live.refresh()

    def __rich__(self) -> Text:
        full = int(_BAR * self.progress.share)
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append("━" * full, "red" if self.progress.failed else "green")
        line.append("━" * (_BAR - full), "bright_black")
        line.append(f" {self.progress.line()}")
        return line

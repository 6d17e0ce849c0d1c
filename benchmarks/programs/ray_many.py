"""Runs a large graph on the Ray executor: steps a second, beside a small one, and the driver's memory.

Memory is that of this process when the run begins, with the whole plan, and at most until it ends. Events go
to SQLite: what is remembered of a step is what scheduling remembers.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from library import instance_of, load, report
from op_graphs import op_asset
from quiet_ray import small_ray

SMALL = 1000
LOOKS_EACH = 0.1
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> int:
    """Bytes of this process, without what it shares."""
    size, shared = Path("/proc/self/statm").read_text(encoding="ascii").split()[1:3]
    return (int(size) - int(shared)) * PAGE


class Watch:
    """Looks at the memory of this process from time to time, and hears when the run begins and ends."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        self.before = self.peak = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def hear(self, _: Any, events: Any) -> None:
        """An observer of the run."""
        for event in events:
            kind = type(event).__name__
            if kind in {"RunStarted", "RunSucceeded"}:
                self.at[kind] = event.at
            if kind == "RunStarted":
                self.before = resident()
                self._thread.start()

    def end(self) -> None:
        """Look no more."""
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._is_over.wait(LOOKS_EACH):
            self.peak = max(self.peak, resident())

    @property
    def seconds(self) -> float:
        """From the beginning of the run to its end."""
        return self.at["RunSucceeded"] - self.at["RunStarted"]


def run(count: int, folder: Path) -> Watch:
    """A run of so many steps."""
    library = load("penstock")
    asset = op_asset(library, "grid", count)
    watch = Watch()
    with instance_of("penstock", "durable", Path(mkdtemp(dir=folder))) as instance:
        result = library.materialize(
            [asset], instance=instance, executor={"ray": {"fuse": False}}, observers=[watch.hear]
        )
        watch.end()
    assert result.success
    return watch


def main(count: int) -> None:
    folder = Path(mkdtemp(prefix="bench-"))
    run(20, folder)
    small = min(SMALL, count)
    before = small / run(small, folder).seconds
    large = run(count, folder)
    after = small / run(small, folder).seconds
    rate = count / large.seconds
    report(
        rate=rate,
        small_rate=(before + after) / 2,
        share=2 * rate / (before + after),
        grown_mb=(large.peak - large.before) / 1e6,
        before_mb=large.before / 1e6,
    )


if __name__ == "__main__":
    with small_ray():
        main(int(sys.argv[1]))

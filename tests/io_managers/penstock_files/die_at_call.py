"""A program that publishes one value and dies at the n-th call to the operating system.

Not a test: ``test_local`` runs it as a child process, once for every call there is. It ends with
exit code 0 when it came through, with 99 when it died.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from penstock_files.formats import encode
from penstock_files.local import LocalFolder
from penstock_files.temporary import Origin

CALLS = ("open", "write", "fsync", "close", "stat", "utime", "replace", "unlink", "scandir", "makedirs")


def die_at(number: int, *, after: bool) -> None:
    """End the process before or after the n-th of the calls."""
    count = 0

    def wrapped(call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            if count == number and not after:
                os._exit(99)
            result = call(*args, **kwargs)
            if count == number:
                os._exit(99)
            return result

        return counting

    for name in CALLS:
        setattr(os, name, wrapped(getattr(os, name)))


if __name__ == "__main__":
    root, durability, value, at, when = sys.argv[1:]
    folder = LocalFolder(root, durability)
    encoded = encode({"new": value} if when.endswith("json") else f"new {value}")
    die_at(int(at), after=when.startswith("after"))
    folder.publish("pre/value", encoded, Origin(run_id="run", step_key="step", attempt=1))
    folder.flush()

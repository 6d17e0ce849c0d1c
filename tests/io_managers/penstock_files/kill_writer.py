"""A program that publishes version after version, in changing formats, until it is killed.

Not a test: ``test_local`` runs it as a child process, and reads its functions. Says each version
on its standard output when it has been published.
"""

from __future__ import annotations

import sys
from typing import Any

import pyarrow as pa

from penstock_files.formats import encode
from penstock_files.local import LocalFolder
from penstock_files.temporary import Origin

ORIGIN = Origin(run_id="run", step_key="step", attempt=1)


def version(number: int) -> Any:
    """A value of one of five formats, true to its number throughout."""
    text = f"{number:06d}" * 500
    forms = [{"n": number, "t": text}, text, text.encode(), (number, text), pa.table({"t": [text[:6]] * 500})]
    return forms[number % 5]


def number_in(value: Any) -> int:
    """The number of a version, after checking that all of it belongs to that version."""
    if isinstance(value, dict):
        value = f"{value['n']:06d}{value['t']}"
    elif isinstance(value, tuple):
        value = f"{value[0]:06d}{value[1]}"
    elif isinstance(value, pa.Table):
        value = "".join(value["t"].to_pylist())
    text = value.decode() if isinstance(value, bytes) else value
    assert len({text[at : at + 6] for at in range(0, len(text), 6)}) == 1
    return int(text[:6])


def write_for_ever(root: str, durability: str, start: int) -> None:
    """Publish the versions after ``start``."""
    folder = LocalFolder(root, durability)
    print("ready", flush=True)  # noqa: T201  # its way to speak
    while True:
        start += 1
        folder.publish("pre/value", encode(version(start)), ORIGIN)
        print(start, flush=True)  # noqa: T201


if __name__ == "__main__":
    write_for_ever(sys.argv[1], sys.argv[2], int(sys.argv[3]))

"""Files without a name: bytes that one process hands to another by a descriptor.

Owns: making them. On Linux they live in memory. Must not know what is in them.
"""

from __future__ import annotations

import os
import sys
import tempfile


def room(size: int) -> int:
    """A descriptor of ``size`` bytes, all zero, closed on ``exec``."""
    if sys.platform == "linux":
        made = os.memfd_create("penstock", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as file:
            made = os.dup(file.fileno())
    os.ftruncate(made, size)
    return made


def holding(data: bytes) -> int:
    """A descriptor of a file with this content."""
    made = room(0)
    view = memoryview(data)
    while view:
        view = view[os.write(made, view) :]
    return made

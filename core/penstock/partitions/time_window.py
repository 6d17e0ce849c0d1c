"""A window of time.

Owns: ``TimeWindow``.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class TimeWindow(NamedTuple):
    """From ``start`` up to but without ``end``, both with a time zone."""

    start: datetime
    end: datetime

"""The wall clock of this machine, for those who may not have one of their own.

Owns: ``now``. The partitions room asks it through a late-bound name.
"""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)

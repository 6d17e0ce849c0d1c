"""Cron lines and time zones of schedules, checked when a schedule is defined.

Owns: the check, and its messages. What a line means is ``partitions.cron``'s.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Any, cast

from penstock.errors import InvalidDefinitionError
from penstock.partitions.cron import read_cron
from penstock.partitions.zones import zone_named

_STEP = re.compile(r"\*/(\d+)").fullmatch
_LONGEST_STEPS = (59, 23, 31, 12, 7)


def check_timing(name: str, cron_schedule: Any, timezone: str | None) -> None:
    """Refuse a schedule that never ticks, or not when it seems to.

    Args:
        name: of the schedule.
        cron_schedule: one line or several.
        timezone: of the lines; None is UTC.

    Raises:
        InvalidDefinitionError: when there is no line, one cannot be read, or the time zone does not exist.
    """
    several = isinstance(cron_schedule, list | tuple)
    lines = cast("Sequence[Any]", cron_schedule if several else [cron_schedule])
    if not lines or not all(line and isinstance(line, str) for line in lines):
        raise InvalidDefinitionError(
            f"The schedule {name!r} has cron_schedule={cron_schedule!r}. Give one cron line or a list of"
            " them, such as '0 6 * * *' for every morning at six."
        )
    for line in lines:
        try:
            read_cron(line)
        except InvalidDefinitionError as error:
            raise InvalidDefinitionError(f"The schedule {name!r}: {error}") from error
        _warn_of_long_steps(name, line)
    if timezone is not None:
        try:
            zone_named(timezone)
        except InvalidDefinitionError as error:
            raise InvalidDefinitionError(f"The schedule {name!r}: {error}") from error


def _warn_of_long_steps(name: str, line: str) -> None:
    """``*/90`` minutes are every full hour: a step begins anew with each round of its field."""
    for part, longest in zip(line.split(), _LONGEST_STEPS, strict=False):
        step = _STEP(part)
        if step and int(step[1]) > longest:
            warnings.warn(
                f"The schedule {name!r} has {part!r} in {line!r}: a step over {longest} is once a round, not"
                " every so many. Write the times out, in several cron lines if need be.",
                stacklevel=6,
            )

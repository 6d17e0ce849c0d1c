"""Why something is to be made, in words, and which partitions of it.

Owns: the wording of causes and ranges on the command line. Pure: ``now`` is an argument.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from penstock.cli.times import age
from penstock.host.planned_ranges import PlannedRange
from penstock.plan.staleness import Causes, StaleCause, StaleCauseKind

COLORS = {
    "missing": "yellow",
    "code changed": "magenta",
    "last try failed": "red",
    "upstream newer": "blue",
    "upstream stale": "blue",
    "upstream runs": "blue",
    "dependency added": "magenta",
    "dependency removed": "magenta",
}
_LONGEST_VERSION = 12
_MOST_CAUSES = 3


def causes_in_words(causes: Causes, now: float, *, all_of_them: bool = False) -> str:
    """Causes as one line; empty for none.

    Args:
        causes: the gravest first.
        now: seconds since 1970.
        all_of_them: whether none is left away when there are many.
    """
    words = list(dict.fromkeys(cause_in_words(cause, now) for cause in causes))
    if all_of_them or len(words) <= _MOST_CAUSES + 1:
        return "; ".join(words)
    return "; ".join([*words[:_MOST_CAUSES], f"and {len(words) - _MOST_CAUSES} more"])


def cause_in_words(cause: StaleCause, now: float) -> str:
    """One cause.

    Args:
        cause: any.
        now: seconds since 1970.
    """
    name = "" if cause.dependency is None else cause.dependency.to_user_string()
    if cause.kind is StaleCauseKind.NEVER_MADE:
        return "missing"
    if cause.kind is StaleCauseKind.CODE_CHANGED:
        return f"code changed ({_short(cause.before)} → {_short(cause.now)})"
    if cause.kind is StaleCauseKind.UPSTREAM_NEWER:
        return f"upstream newer: {name}{_details(cause, now)}"
    if cause.kind is StaleCauseKind.UPSTREAM_STALE and cause.root is not None:
        kind = cause.root_kind
        what = "missing" if kind in {None, StaleCauseKind.NEVER_MADE} else kind.value if kind else ""
        via = "" if cause.root == cause.dependency else f", through {name}"
        return f"upstream stale: {cause.root.to_user_string()} ({what}){via}"
    return f"{cause.kind.value}{f': {name}' if name else ''}"


def _details(cause: StaleCause, now: float) -> str:
    """From which to which version, and since when, as far as that is known."""
    parts: list[str] = []
    if cause.before is not None and cause.now is not None:
        parts.append(f"{_short(cause.before)} → {_short(cause.now)}")
    if cause.at is not None:
        parts.append(age(cause.at, now))
    return f" ({', '.join(parts)})" if parts else ""


def _short(version: str | None) -> str:
    """A version that fits a line; one that was computed is known by its first digits."""
    if version is None:
        return "none"
    return version if len(version) <= _LONGEST_VERSION else f"{version[:8]}…"


def range_in_words(one: PlannedRange) -> str:
    """``2013-01-01…2013-03-09 (68)``."""
    return one.first if one.count == 1 else f"{one.first}…{one.last} ({one.count:,})"


def ranges_in_words(ranges: Sequence[PlannedRange], most: int | None) -> Iterator[str]:
    """Ranges, each as a line of its own, and one line for those that are too many.

    Args:
        ranges: in order.
        most: so many lines, None for all.
    """
    shown = ranges if most is None or len(ranges) <= most else ranges[: most - 1]
    yield from map(range_in_words, shown)
    rest = ranges[len(shown) :]
    if rest:
        yield f"and {len(rest):,} more ranges ({sum(one.count for one in rest):,})"

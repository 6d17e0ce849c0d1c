"""Limits: how many steps with the same tag, or in the same pool, may run at once.

Owns: the counters of one run and the reading of ``tag_concurrency_limits``. Pure: the drive asks before it
submits and tells when a step is over. Knows no executor: limits hold on any of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from penstock.errors import InvalidConfigError
from penstock.values import frozen

_SHAPE = '{"key": "db", "value": "prod", "limit": 3} (value may be left out, or be'
_PER_VALUE = "applyLimitPerUniqueValue"
_NONE: tuple[str, ...] = ()


@frozen(kw_only=True)
class TagLimit:
    """At most ``limit`` steps at once whose tag ``key`` has this value, any value, or the same value."""

    key: str
    limit: int
    value: str | None = None
    per_value: bool = False

    def counter(self, tags: Mapping[str, Any]) -> str | None:
        """The name of the counter in which a step with these tags counts, None when it does not."""
        found = tags.get(self.key)
        if found is None or (self.value is not None and str(found) != self.value):
            return None
        if self.per_value or self.value is not None:
            return f"tag {self.key}={found}"
        return f"tag {self.key}"


class Limits:
    """What may run at once in a run.

    Args:
        tags: limits by tag.
        pools: pool → slots; a pool that is not named has no limit.
    """

    def __init__(self, tags: Sequence[TagLimit] = (), pools: Mapping[str, int] | None = None) -> None:
        self._tags = tuple(tags)
        self._room: dict[str, int] = {f"pool {name}": slots for name, slots in (pools or {}).items()}
        self.is_idle = not self._tags and not self._room

    def counters(self, tags: Mapping[str, Any], pool: str | None) -> tuple[str, ...]:
        """The counters in which a step counts."""
        if self.is_idle:
            return _NONE
        found = [] if pool is None or f"pool {pool}" not in self._room else [f"pool {pool}"]
        for one in self._tags:
            name = one.counter(tags)
            if name is not None:
                self._room.setdefault(name, one.limit)
                found.append(name)
        return tuple(found)

    def full(self, counters: Iterable[str]) -> str | None:
        """The first of these counters that has no room, None when all have."""
        return next((name for name in counters if self._room[name] <= 0), None)

    def has_room(self, counter: str) -> bool:
        """Whether one more may run."""
        return self._room[counter] > 0

    def take(self, counters: Iterable[str]) -> None:
        """A step begins."""
        for name in counters:
            self._room[name] -= 1

    def give(self, counters: Iterable[str]) -> None:
        """A step is over."""
        for name in counters:
            self._room[name] += 1


def tag_limits(given: Any, path: str = "$.execution.config.tag_concurrency_limits") -> tuple[TagLimit, ...]:
    """The limits that an executor's config names.

    Args:
        given: a list of mappings with ``key``, ``limit`` and perhaps ``value``; None for none.
        path: where it stands, for the message.

    Raises:
        InvalidConfigError: naming everything that is wrong.
    """
    entries = cast("Sequence[Any]", given or ())
    faults = [f"{path}[{place}]: {fault}" for place, one in enumerate(entries) if (fault := _fault(one))]
    if faults:
        raise InvalidConfigError(f"Limits look like {_SHAPE} {{{_PER_VALUE!r}: true}}).", faults)
    return tuple(_limit(cast("Mapping[str, Any]", one)) for one in entries)


def _fault(one: Any) -> str | None:
    if not isinstance(one, Mapping):
        return f"wanted a mapping, found {one!r}"
    entry = cast("Mapping[str, Any]", one)
    limit = entry.get("limit")
    if not isinstance(entry.get("key"), str):
        return f"wanted the name of a tag as key, found {entry.get('key')!r}"
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        return f"wanted a whole number from 1 as limit, found {limit!r}"
    return None


def _limit(entry: Mapping[str, Any]) -> TagLimit:
    value = entry.get("value")
    per_value = isinstance(value, Mapping) and bool(cast("Mapping[str, Any]", value).get(_PER_VALUE))
    plain = None if value is None or isinstance(value, Mapping) else str(value)
    return TagLimit(key=entry["key"], limit=entry["limit"], value=plain, per_value=per_value)

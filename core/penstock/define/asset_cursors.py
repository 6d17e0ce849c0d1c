"""The cursor of a sensor that looks at several assets: how far it has come with each of them.

Owns: ``AssetCursor``, how cursors are written as text, and what moves them. Of an asset all materializations
up to one are done, save the newest of each partition that was passed over: these trail. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from attrs import field

from penstock.errors import InvariantViolationError
from penstock.keys import AssetKey
from penstock.values import frozen

MOST_TRAILING = 25
"""So many partitions of an asset may not trail; a cursor stays short."""


@frozen
class AssetCursor:
    """How far a sensor has come with one asset.

    Args:
        partition: of the last materialization that is done.
        place: of it in the log, None at the beginning.
        trailing: partition → place of its newest materialization before that is not done.
    """

    partition: str | None = None
    place: int | None = None
    trailing: Mapping[str, int] = field(factory=dict[str, int])


START = AssetCursor()
Made = tuple[int, str | None]
"""A materialization: its place in the log and its partition."""


def read_cursors(text: str | None) -> Mapping[str, AssetCursor]:
    """What a cursor says of each asset, by its key as ``written`` writes it.

    Args:
        text: the cursor; one that ``written`` did not write says nothing.
    """
    try:
        found: Any = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    read = {key: _read(value) for key, value in cast("dict[str, Any]", found).items()}
    return {key: one for key, one in read.items() if one is not None}


def _read(value: Any) -> AssetCursor | None:
    if not isinstance(value, list) or len(cast("list[Any]", value)) != 3:
        return None
    partition, place, trailing = cast("list[Any]", value)
    fits = isinstance(partition, str | None) and isinstance(place, int | None) and isinstance(trailing, dict)
    return AssetCursor(partition, place, cast("dict[str, int]", trailing)) if fits else None


def name_in_cursor(key: AssetKey) -> str:
    """How an asset is written in a cursor."""
    return key.to_escaped_user_string()


def written(cursors: Mapping[str, AssetCursor]) -> str:
    """Cursors of assets as one text."""
    return json.dumps({key: [one.partition, one.place, dict(one.trailing)] for key, one in cursors.items()})


def advanced(
    before: AssetCursor, done: Mapping[int, str | None], passed: Iterable[Made], key: AssetKey
) -> AssetCursor:
    """The cursor after some materializations are done.

    Args:
        before: where it stood.
        done: place → partition of what is done; at least one.
        passed: what lies between the cursor and the last of these, in order.
        key: the asset, for messages.

    Raises:
        InvariantViolationError: when too many partitions would trail.
    """
    last = max(done)
    behind = before.place is not None and last <= before.place
    known = (*_trailing(before), *(() if behind else passed))
    left = {part: place for place, part in known if part is not None and place not in done}
    newest_done = _newest(done)
    trailing = {part: place for part, place in left.items() if place > newest_done.get(part, -1)}
    if len(trailing) >= MOST_TRAILING:
        raise InvariantViolationError(
            f"{len(trailing)} partitions of {key.to_user_string()!r} were passed over, and a cursor keeps"
            f" fewer than {MOST_TRAILING}. Give them to advance_cursor, which"
            " get_trailing_unconsumed_events finds, or call advance_all_cursors."
        )
    if behind:
        return AssetCursor(before.partition, before.place, trailing)
    return AssetCursor(done[last], last, trailing)


def _trailing(cursor: AssetCursor) -> list[Made]:
    return sorted((place, partition) for partition, place in cursor.trailing.items())


def _newest(done: Mapping[int, str | None]) -> dict[str, int]:
    """The newest place that is done of each partition."""
    found: dict[str, int] = {}
    for place in sorted(done):
        partition = done[place]
        if partition is not None:
            found[partition] = place
    return found

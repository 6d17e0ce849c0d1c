"""What goes to a worker for one attempt at a step, and what comes back.

Owns: ``Work`` and ``StepRecord``, the two messages between drive and ``run_step``: small, free of values.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field

from penstock.engine.io import Ref
from penstock.events.values import Happened
from penstock.keys import AssetKey
from penstock.values import frozen

_NO_SOURCES: Mapping[str, tuple[Ref, ...]] = {}
_NO_VERSIONS: Mapping[AssetKey, str] = {}


@frozen(kw_only=True)
class Work:
    """One attempt of one unit.

    Args:
        step: its id in the plan.
        sources: input name → the outputs that exist for it, in order.
        versions: data versions of the assets it depends on, as far as known.
        announces: whether the attempt reports its own start (the driver does it otherwise).
    """

    step: int
    mapping_key: str | None = None
    attempt: int = 1
    sources: Mapping[str, tuple[Ref, ...]] = _NO_SOURCES
    versions: Mapping[AssetKey, str] = _NO_VERSIONS
    announces: bool = True


def _events() -> list[Happened]:
    return []


def _names() -> list[str]:
    return []


@define(kw_only=True)
class StepRecord:
    """What an attempt tells the driver.

    ``handed`` names the values that later tasks may take, ``kept`` those for the result alone;
    ``exception`` is the original one, for callers in the same process; it does not travel.
    """

    events: list[Happened] = field(factory=_events)
    handed: list[str] = field(factory=_names)
    kept: list[str] = field(factory=_names)
    exception: BaseException | None = field(default=None, eq=False)

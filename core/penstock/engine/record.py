"""What goes to a worker for one attempt at a step, and what comes back.

Owns: ``Work`` and ``StepRecord``, the messages between drive and ``run_step``, and what is told in between
(``Told``, ``Printed``): small, free of values.
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
        hands: names of outputs that a later step reads; None for all of them.
    """

    step: int
    mapping_key: str | None = None
    attempt: int = 1
    sources: Mapping[str, tuple[Ref, ...]] = _NO_SOURCES
    versions: Mapping[AssetKey, str] = _NO_VERSIONS
    announces: bool = True
    hands: frozenset[str] | None = None


@frozen(kw_only=True)
class Told:
    """Events of an attempt that are told while it goes on.

    Args:
        place: which of the works of the task is meant.
        first: how many of its events came before these.
    """

    place: int
    first: int
    events: tuple[Happened, ...]


@frozen(kw_only=True)
class Printed:
    """Text of a step that was written where the driver's disk is out of reach.

    Args:
        step: key of the unit.
        stream: ``"out"``, ``"err"`` or ``"log"``.
    """

    step: str
    stream: str
    text: str


def _events() -> list[Happened]:
    return []


def _names() -> list[str]:
    return []


@define(kw_only=True)
class StepRecord:
    """What an attempt tells the driver.

    ``handed`` names the values that later tasks may take, ``kept`` those for the result alone; ``first``
    counts events that were told before and are not repeated in ``events``. ``exception`` is the
    original one, for callers in the same process; elsewhere it travels as ``pickled``, if it can.
    ``is_success`` says whether the attempt ended well.
    """

    events: list[Happened] = field(factory=_events)
    handed: list[str] = field(factory=_names)
    kept: list[str] = field(factory=_names)
    exception: BaseException | None = field(default=None, eq=False)
    first: int = 0
    pickled: bytes | None = None
    is_success: bool = False

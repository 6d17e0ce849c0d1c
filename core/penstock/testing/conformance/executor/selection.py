"""Which tests of the kit concern an executor.

Owns: the mark ``needs`` on a test and the decision. Pure; must not know pytest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from penstock.spi.executor import ExecutorFeatures
from penstock.values import frozen

_ATTRIBUTE = "penstock_needs"


@frozen(kw_only=True)
class Needs:
    """What a test takes for granted.

    Args:
        features: names of features, or of the two ways to live: ``in_process``, ``out_of_process``.
        places: how many tasks must be able to run at once beside the driver.
    """

    features: tuple[str, ...] = ()
    places: int = 0


def needs(*features: str, places: int = 0) -> Callable[[Any], Any]:
    """Mark a test with what it takes for granted, see ``Needs``."""

    def mark(test: Any) -> Any:
        setattr(test, _ATTRIBUTE, Needs(features=features, places=places))
        return test

    return mark


def concerns(test: object, features: ExecutorFeatures, places: int) -> bool:
    """Whether an executor with these features must pass a test."""
    wanted: Needs = getattr(test, _ATTRIBUTE, Needs())
    return places >= wanted.places and all(_has(features, name) for name in wanted.features)


def _has(features: ExecutorFeatures, name: str) -> bool:
    if name == "out_of_process":
        return not features.in_process
    return bool(getattr(features, name))

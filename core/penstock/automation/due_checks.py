"""Which freshness checks are to be evaluated again.

Owns: ``CheckStanding`` and ``is_due``. Pure: what is recorded and the moment are given.
"""

from __future__ import annotations

from penstock.events.values import AssetCheckEvaluation
from penstock.plan.update_checks import FRESH_UNTIL_KEY
from penstock.values import frozen


@frozen(kw_only=True)
class CheckStanding:
    """What is known of a freshness check.

    Args:
        evaluation: its latest result, None when it has none.
        updated_since: whether its asset was made or observed after that.
        own_run, other_run: whether a run that is not over evaluates it, one that the sensor asked for or
            another.
    """

    evaluation: AssetCheckEvaluation | None = None
    updated_since: bool = False
    own_run: bool = False
    other_run: bool = False


def is_due(standing: CheckStanding, now: float) -> tuple[bool, str]:
    """Whether a check is to be evaluated, and why or why not.

    Args:
        standing: of the check.
        now: in seconds since 1970.
    """
    latest = standing.evaluation
    if standing.own_run:
        return False, "a run that this sensor asked for evaluates it"
    if latest is None:
        return (False, "a run evaluates it") if standing.other_run else (True, "it was never evaluated")
    if not latest.passed:
        if standing.updated_since:
            return True, "it did not pass, and its asset was updated since"
        return False, "it did not pass, and its asset was not updated since"
    until = latest.metadata.get(FRESH_UNTIL_KEY)
    if until is None:
        return False, f"it passed, and its result does not say until when ({FRESH_UNTIL_KEY})"
    return (True, "it may no longer pass") if until.value < now else (False, "it still passes")

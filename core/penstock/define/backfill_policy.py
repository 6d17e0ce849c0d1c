"""How many partitions of an asset one run of a backfill takes.

Owns: ``BackfillPolicy``.
"""

from __future__ import annotations

from enum import Enum

from penstock.errors import InvalidDefinitionError
from penstock.values import frozen


class BackfillPolicyType(Enum):
    """Whether a backfill is one run or several."""

    SINGLE_RUN = "SINGLE_RUN"
    MULTI_RUN = "MULTI_RUN"


@frozen
class BackfillPolicy:
    """How many partitions one run takes.

    Args:
        max_partitions_per_run: at most so many, None for as many as there are.

    Raises:
        InvalidDefinitionError: when it is not at least 1.
    """

    max_partitions_per_run: int | None = 1

    def __attrs_post_init__(self) -> None:
        most = self.max_partitions_per_run
        if most is not None and (not isinstance(most, int) or isinstance(most, bool) or most < 1):  # pyright: ignore[reportUnnecessaryIsInstance] - users err
            raise InvalidDefinitionError(
                f"max_partitions_per_run is at least 1, found {most!r}. For one run that takes all partitions"
                " use BackfillPolicy.single_run()."
            )

    @staticmethod
    def single_run() -> BackfillPolicy:
        """One run takes all partitions; it sees them as a range."""
        return BackfillPolicy(None)

    @staticmethod
    def multi_run(max_partitions_per_run: int = 1) -> BackfillPolicy:
        """Each run takes so many partitions."""
        return BackfillPolicy(max_partitions_per_run)

    @property
    def policy_type(self) -> BackfillPolicyType:
        """Whether a backfill is one run or several."""
        is_single = self.max_partitions_per_run is None
        return BackfillPolicyType.SINGLE_RUN if is_single else BackfillPolicyType.MULTI_RUN

    def __str__(self) -> str:
        most = self.max_partitions_per_run
        return "all partitions in one run" if most is None else f"at most {most} partitions a run"

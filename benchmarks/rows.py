"""What a table shows: rows of samples, each beside its baseline and its budget.

Owns: ratios and verdicts. Must not know how anything was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from attrs import field, frozen


@frozen(kw_only=True)
class Budget:
    """What a row may cost.

    Args:
        limit: in the unit of the row.
        ratio: the same over the baseline; None when the baseline of the budget is not known.
        at_least: whether more is better.
    """

    limit: float
    ratio: float | None = None
    at_least: bool = False

    def allows(self, value: float) -> bool:
        """Whether a value keeps to the limit."""
        return value >= self.limit if self.at_least else value <= self.limit

    def allows_ratio(self, ratio: float | None) -> bool | None:
        """Whether a ratio keeps to the budget; None when that cannot be said."""
        if ratio is None or self.ratio is None:
            return None
        return ratio >= self.ratio if self.at_least else ratio <= self.ratio


@frozen(kw_only=True)
class Row:
    """One line of a table.

    Args:
        what: was measured.
        samples: of each repeat, in ``unit``.
        baseline: samples of the raw Python that it is compared with, in the same unit and order.
        beside: the same of Dagster.
        budget: None when there is none.
        failure: why there are no samples.
    """

    what: str
    unit: str
    samples: tuple[float, ...] = ()
    baseline: tuple[float, ...] = ()
    beside: tuple[float, ...] = ()
    budget: Budget | None = None
    failure: str | None = None

    @property
    def value(self) -> float | None:
        """The median."""
        return median(self.samples) if self.samples else None

    @property
    def ratio(self) -> float | None:
        """How many times the baseline it is."""
        return ratio(self.samples, self.baseline)

    @property
    def beside_ratio(self) -> float | None:
        """How many times this Dagster is."""
        return ratio(self.beside, self.samples)

    @property
    def verdict(self) -> str:
        """Whether the budget holds: yes, no, or only by one of its two measures."""
        if self.budget is None:
            return ""
        if self.value is None:
            return "not measured"
        absolute, relative = self.budget.allows(self.value), self.budget.allows_ratio(self.ratio)
        if relative is None or relative == absolute:
            return "yes" if absolute else "**no**"
        return "by ratio only" if relative else "by value only"


def speed(
    what: str,
    before: Sequence[float],
    after: Sequence[float],
    least: float | None,
    failure: str | None = None,
) -> Row:
    """A row that says how fast something is beside its baseline: 1 when it takes as long.

    Args:
        what: was measured.
        before, after: seconds of the baseline and of ours, by round.
        least: what is asked for at least, None for nothing.
        failure: why there are none.
    """
    return Row(
        what=what,
        unit="×",
        samples=tuple(one / other for one, other in zip(before, after, strict=True)),
        budget=None if least is None else Budget(limit=least, at_least=True),
        failure=failure,
    )


@frozen(kw_only=True)
class Section:
    """A table: a subject, what to know about it, its rows."""

    title: str
    baseline: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = field(factory=tuple[str, ...])


def ratio(samples: Sequence[float], baseline: Sequence[float]) -> float | None:
    """The ratio of samples to a baseline: of neighbours in time where there are as many of both.

    Load that comes and goes then strikes both alike.
    """
    if not samples or not baseline or not all(baseline):
        return None
    if len(samples) == len(baseline):
        return median(one / other for one, other in zip(samples, baseline, strict=True))
    return median(samples) / median(baseline)


def scaled(samples: Sequence[float], factor: float) -> tuple[float, ...]:
    """The samples in another unit."""
    return tuple(sample * factor for sample in samples)


def differences(samples: Sequence[float], baseline: Sequence[float]) -> tuple[float, ...]:
    """What samples have over the baseline of the same round."""
    return tuple(one - other for one, other in zip(samples, baseline, strict=False))

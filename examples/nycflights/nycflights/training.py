"""A linear model of delays: least squares, its error on days it never saw, and how far it can be trusted.

Pure NumPy, with no trace of Penstock. The same table gives the same bits in whatever process: chance
has a seed, and no long sum goes through BLAS, whose last bits change with its number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import pyarrow as pa

from nycflights.features import FEATURES

Numbers = np.ndarray

ENDS = (0.005, 0.995)
"""Between these shares of all draws lies the interval of a coefficient."""


@attrs.frozen(kw_only=True)
class Recipe:
    """How a model is trained.

    Args:
        held_out: the share of days that only the test sees.
        ridge: how strongly coefficients are drawn to zero, in rows of evidence against them.
        resamples: how often the days are drawn anew to see how far coefficients move; one draw in a hundred
            lies outside the interval that is told, so thousands are needed to find its ends.
        seed: of all that is drawn.
    """

    held_out: float = 0.2
    ridge: float = 1.0
    resamples: int = 10_000
    seed: Sequence[int] = (0,)


def train(flights: pa.Table, recipe: Recipe) -> dict[str, float]:
    """Learn the delay on arrival from ``FEATURES``, and test what was learned.

    Args:
        flights: ``day``, ``arr_delay`` and the columns of ``FEATURES``; no nulls, at least two days.
        recipe: how.

    Returns:
        ``trained_on`` and ``tested_on`` in flights; ``r2``, ``mae`` and ``mae_of_mean`` (of always saying
        the mean) on the days held out, in minutes; for each feature its coefficient in minutes a unit,
        and as ``<feature>_low`` and ``<feature>_high`` the interval that holds 99 % of the draws.
    """
    chance = np.random.default_rng(recipe.seed)
    day, delay = _column(flights, "day"), _column(flights, "arr_delay")
    values = np.stack([_column(flights, name) for name in FEATURES], axis=1)
    tested = _held_out(day, recipe.held_out, chance)
    learned = ~tested
    center, scale = values[learned].mean(axis=0), _spread(values[learned])
    rows = np.column_stack([np.ones(len(values)), (values - center) / scale])
    moments = day_moments(rows[learned], delay[learned], day[learned])
    weights = solve(*moments, recipe.ridge)
    ends = _interval(moments, recipe, chance)
    facts = {"trained_on": int(learned.sum()), "tested_on": int(tested.sum())}
    facts |= _scores(rows[tested], delay[tested], weights, mean=float(delay[learned].mean()))
    for suffix, found in (("", weights), ("_low", ends[0]), ("_high", ends[1])):
        names = [f"{name}{suffix}" for name in FEATURES]
        facts |= dict(zip(names, (found[1:] / scale).tolist(), strict=True))
    return facts


def day_moments(rows: Numbers, delay: Numbers, day: Numbers) -> tuple[Numbers, Numbers]:
    """What least squares need to know of each day, so that days can be weighed without their rows.

    Args:
        rows: flights × columns.
        delay: of each flight.
        day: of each flight, in any order.

    Returns:
        Sums of products, days × columns × columns, and of each column with the delay, days × columns.
    """
    days = [np.flatnonzero(day == one) for one in np.unique(day)]
    squares = [np.einsum("ni,nj->ij", rows[one], rows[one]) for one in days]
    with_delay = [np.einsum("ni,n->i", rows[one], delay[one]) for one in days]
    return np.stack(squares), np.stack(with_delay)


def solve(squares: Numbers, with_delay: Numbers, ridge: float, counts: Numbers | None = None) -> Numbers:
    """The coefficients with the least squared error over all days.

    Args:
        squares: days × columns × columns.
        with_delay: days × columns.
        ridge: added to the diagonal, but for the first column.
        counts: how often each day counts, trials × days; once each by default.

    Returns:
        Columns, or trials × columns with ``counts``.
    """
    trials = np.ones((1, len(squares))) if counts is None else counts.astype(float)
    penalty = ridge * np.eye(squares.shape[1])
    penalty[0, 0] = 0.0
    left = np.einsum("td,dij->tij", trials, squares) + penalty
    right = np.einsum("td,di->ti", trials, with_delay)
    found = np.linalg.solve(left, right[..., np.newaxis])[..., 0]
    return found[0] if counts is None else found


def _interval(moments: tuple[Numbers, Numbers], recipe: Recipe, chance: np.random.Generator) -> Numbers:
    """Draw days, not flights: the flights of a day are late together."""
    days = len(moments[0])
    counts = chance.multinomial(days, np.full(days, 1 / days), size=recipe.resamples)
    drawn = solve(*moments, recipe.ridge, counts)
    return np.quantile(drawn, ENDS, axis=0)


def _scores(rows: Numbers, delay: Numbers, weights: Numbers, *, mean: float) -> dict[str, float]:
    wrong = delay - np.einsum("ni,i->n", rows, weights)
    unexplained, all_of_it = np.square(wrong).sum(), np.square(delay - delay.mean()).sum()
    return {
        "r2": float(1 - unexplained / all_of_it),
        "mae": float(np.abs(wrong).mean()),
        "mae_of_mean": float(np.abs(delay - mean).mean()),
    }


def _held_out(day: Numbers, share: float, chance: np.random.Generator) -> Numbers:
    days = np.unique(day)
    count = min(max(1, round(len(days) * share)), len(days) - 1)
    return np.isin(day, chance.permutation(days)[:count])


def _spread(values: Numbers) -> Numbers:
    spread = values.std(axis=0)
    # A carrier with one route has one distance: its coefficient is then zero, not infinite.
    return np.where(spread > 0, spread, 1.0)


def _column(table: pa.Table, name: str) -> Numbers:
    return table[name].to_numpy().astype(float)

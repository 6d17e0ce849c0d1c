"""Least squares on flights whose delays follow a rule that is known."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from nycflights import training
from nycflights.features import FEATURES

DAYS, A_DAY = 60, 20
QUICK = training.Recipe(resamples=200, ridge=1e-6)


def flights(noise=0.0, **constant):
    """Flights that are 3 minutes late for each hour, and 100 for each inch of rain."""
    chance = np.random.default_rng(7)
    columns = {name: chance.normal(size=DAYS * A_DAY) for name in FEATURES}
    columns |= {name: np.full(DAYS * A_DAY, value) for name, value in constant.items()}
    delay = 5 + 3 * columns["hour"] + 100 * columns["precip"] + noise * chance.normal(size=DAYS * A_DAY)
    return pa.table({"day": np.repeat(np.arange(DAYS), A_DAY), "arr_delay": delay, **columns})


def test_a_rule_without_exceptions_is_found():
    found = training.train(flights(), QUICK)
    assert found["hour"] == pytest.approx(3, rel=1e-6)
    assert found["precip"] == pytest.approx(100, rel=1e-6)
    assert found["wind_speed"] == pytest.approx(0, abs=1e-5)
    assert found["r2"] == pytest.approx(1)
    assert found["mae"] == pytest.approx(0, abs=1e-4)
    assert found["mae_of_mean"] > 50


def test_least_squares_are_those_of_numpy():
    table = flights(noise=20.0)
    everything = training.train(table, QUICK)
    rows = np.column_stack([np.ones(len(table)), *(table[name].to_numpy() for name in FEATURES)])
    moments = training.day_moments(rows, table["arr_delay"].to_numpy(), table["day"].to_numpy())
    expected = np.linalg.lstsq(rows, table["arr_delay"].to_numpy(), rcond=None)[0]
    np.testing.assert_allclose(training.solve(*moments, 0.0), expected, rtol=1e-9)
    assert everything["trained_on"] + everything["tested_on"] == len(table)


def test_the_interval_holds_the_truth_and_no_more_than_it_must():
    found = training.train(flights(noise=20.0), QUICK)
    assert found["hour_low"] < 3 < found["hour_high"]
    assert found["hour_low"] < found["hour"] < found["hour_high"]
    assert found["hour_high"] - found["hour_low"] < 6


def test_whole_days_are_held_out():
    found = training.train(flights(), training.Recipe(resamples=10, held_out=0.25))
    assert found["tested_on"] == DAYS * A_DAY / 4


def test_what_never_changes_has_no_effect():
    found = training.train(flights(distance=2402.0), QUICK)
    assert [found[name] for name in ("distance", "distance_low", "distance_high")] == [0.0, 0.0, 0.0]


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    table = flights(noise=20.0)
    first, second = training.train(table, QUICK), training.train(table, QUICK)
    assert first == second
    assert first != training.train(table, training.Recipe(resamples=200, ridge=1e-6, seed=(1,)))


MANY = """
import numpy as np, pyarrow as pa
from nycflights import training
from nycflights.features import FEATURES
chance = np.random.default_rng(7)
columns = {name: chance.normal(size=60_000) for name in ("arr_delay", *FEATURES)}
flights = pa.table({"day": np.repeat(np.arange(300), 200), **columns})
found = training.train(flights, training.Recipe(resamples=1000))
print([float(value).hex() for value in found.values()])
"""


def trained_with_threads(count):
    """What training prints in a process whose NumPy has so many threads."""
    done = subprocess.run(
        [sys.executable, "-c", MANY],
        env={**os.environ, "OPENBLAS_NUM_THREADS": count, "OMP_NUM_THREADS": count},
        cwd=Path(training.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_number_of_threads_changes_no_bit():
    assert trained_with_threads("1") == trained_with_threads("2")

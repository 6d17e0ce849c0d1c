"""The config of the process pool: what it means, and all its faults at once."""

from __future__ import annotations

import pytest

from penstock.errors import InvalidConfigError
from penstock_local.settings import PoolSettings, read


def test_nothing_given_is_one_place_for_each_processor():
    assert read({}, processors=6) == PoolSettings(max_concurrent=6)
    assert read(None, processors=6) == read({"max_concurrent": None}, processors=6)


def test_zero_places_are_one_for_each_processor():
    assert read({"max_concurrent": 0}, processors=6).max_concurrent == 6


@pytest.mark.parametrize("method", ["spawn", {"spawn": {}}, {"spawn": None}])
def test_workers_may_be_spawned_in_either_spelling(method):
    assert read({"start_method": method}, processors=1).spawn


def test_modules_may_be_loaded_before_forking():
    config = {"start_method": {"forkserver": {"preload_modules": ["a", "b.c"]}}}
    found = read(config, processors=1)
    assert (found.spawn, found.preload) == (False, ("a", "b.c"))


def test_what_the_engine_answers_for_is_left_to_it():
    config = {"retries": {"enabled": {}}, "tag_concurrency_limits": [{"key": "db", "limit": 1}]}
    assert read(config, processors=2) == PoolSettings(max_concurrent=2)


def test_all_faults_come_together():
    config = {
        "max_concurrent": -1,
        "max_threads": 0,
        "max_steps_per_worker": "many",
        "max_worker_memory": 2.5,
        "max_step_memory": True,
        "start_method": {"threads": {}},
        "shelf_directory": 3,
    }
    with pytest.raises(InvalidConfigError) as caught:
        read(config, processors=1)
    assert len(caught.value.faults) == len(config)
    text = str(caught.value)
    assert "$.max_concurrent: wanted a whole number, or 0 for one per processor, found -1." in text
    assert "$.start_method: wanted" in text


@pytest.mark.parametrize(
    "method", ["thread", 3, {}, {"spawn": {}, "forkserver": {}}, {"forkserver": {"preload_modules": [1]}}]
)
def test_an_unknown_start_method_is_a_fault(method):
    with pytest.raises(InvalidConfigError):
        read({"start_method": method}, processors=1)

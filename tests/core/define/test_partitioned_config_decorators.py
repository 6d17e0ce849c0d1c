"""Each decorator gives its function the key, or the start and the end of the window."""

from __future__ import annotations

import pytest

from penstock import (
    DailyPartitionsDefinition,
    InvalidDefinitionError,
    StaticPartitionsDefinition,
    daily_partitioned_config,
    dynamic_partitioned_config,
    hourly_partitioned_config,
    monthly_partitioned_config,
    partitioned_config,
    static_partitioned_config,
    weekly_partitioned_config,
)


def words(key):
    return {"ops": {"say": {"config": key}}}


def window(start, end):
    return {"ops": {"say": {"config": f"{start.isoformat()} {end.isoformat()}"}}}


def said(config, key):
    return config.get_run_config_for_partition_key(key)["ops"]["say"]["config"]


def test_any_partitions_give_their_key():
    config = partitioned_config(DailyPartitionsDefinition("2024-01-01"))(words)
    assert said(config, "2024-01-02") == "2024-01-02"


def test_listed_partitions_give_their_key():
    config = static_partitioned_config(["x", "y"])(words)
    assert config.partitions_def == StaticPartitionsDefinition(["x", "y"])
    assert said(config, "y") == "y"


def test_partitions_of_a_function_give_their_key():
    config = dynamic_partitioned_config(lambda _now: ["p", "q"])(words)
    assert list(config.get_partition_keys()) == ["p", "q"]
    assert said(config, "q") == "q"


@pytest.mark.parametrize(
    ("decorator", "start", "key", "shown"),
    [
        (hourly_partitioned_config, "2024-01-01-00:00", "2024-01-01-05:00", "2024-01-01T05 2024-01-01T06"),
        (daily_partitioned_config, "2024-01-01", "2024-01-05", "2024-01-05T00 2024-01-06T00"),
        (weekly_partitioned_config, "2024-01-01", "2024-01-07", "2024-01-07T00 2024-01-14T00"),
        (monthly_partitioned_config, "2024-01-01", "2024-02-01", "2024-02-01T00 2024-03-01T00"),
    ],
)
def test_windows_give_their_start_and_end(decorator, start, key, shown):
    assert said(decorator(start)(window), key).replace(":00:00+00:00", "") == shown


def test_windows_know_their_time_zone():
    config = daily_partitioned_config("2024-03-01", timezone="Europe/Berlin")(window)
    assert said(config, "2024-03-31") == "2024-03-31T00:00:00+01:00 2024-04-01T00:00:00+02:00"


def test_tags_of_windows_get_start_and_end():
    config = daily_partitioned_config(
        "2024-01-01", tags_for_partition_fn=lambda start, _end: {"month": start.strftime("%b")}
    )(window)
    assert config.get_tags_for_partition_key("2024-01-05")["month"] == "Jan"


def test_both_names_for_tags_are_one_too_many():
    with pytest.raises(InvalidDefinitionError, match="two names for the same"):
        static_partitioned_config(["x"], lambda _key: {}, lambda _key: {})


def test_the_function_can_still_be_called():
    assert static_partitioned_config(["x"])(words)("z") == words("z")

"""Sensors that look at one asset, as definitions."""

from __future__ import annotations

import pytest

from penstock import (
    AssetKey,
    ConfigurableResource,
    Instance,
    InvalidInvocationError,
    RunRequest,
    SensorType,
    asset,
    asset_sensor,
    build_sensor_context,
    define_asset_job,
    materialize,
)

JOB, OTHER = define_asset_job("refill"), define_asset_job("sweep")


class Inbox(ConfigurableResource):
    size: int


@asset
def stock():
    return 1


def watch(context, event):
    """Refills."""
    return RunRequest(event.asset_key.to_user_string() if hasattr(event, "asset_key") else "k")


@pytest.mark.parametrize("given", [AssetKey("stock"), "stock", ["stock"], stock])
def test_the_asset_is_named_in_any_spelling(given):
    assert asset_sensor(given, job=JOB)(watch).asset_key == AssetKey("stock")


def test_it_is_a_sensor_with_all_that_sensors_have():
    made = asset_sensor(asset_key="stock", job=JOB, minimum_interval_seconds=5)(watch)
    assert (made.name, made.description, made.job_name) == ("watch", "Refills.", "refill")
    assert (made.minimum_interval_seconds, made.sensor_type) == (5, SensorType.ASSET)
    other = made.with_updated_job(OTHER)
    assert (other.job_name, other.asset_key, other.minimum_interval_seconds) == ("sweep", made.asset_key, 5)


def test_resources_are_named_in_both_places():
    def look(context, event, inbox: Inbox): ...

    made = asset_sensor("stock", job=JOB, required_resource_keys={"other"})(look)
    assert made.required_resource_keys == {"inbox", "other"}


def test_a_call_gives_the_answers_one_after_the_other():
    made = asset_sensor("stock", job=JOB)(watch)
    with Instance.ephemeral() as instance:
        materialize([stock], instance=instance)
        context = build_sensor_context(instance)
        assert next(made(context)).run_key == "k"
        assert len(list(made(build_sensor_context(instance)))) == 1
    assert context.cursor is not None


def test_a_call_wants_a_context():
    with pytest.raises(InvalidInvocationError, match="build_sensor_context"):
        asset_sensor("stock", job=JOB)(watch)()

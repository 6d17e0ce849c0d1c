"""Sensors that ask automation conditions ask for runs."""

from __future__ import annotations

import pytest

from penstock import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetKey,
    AssetMaterialization,
    AssetSelection,
    AssetSpec,
    AutomationCondition,
    AutomationConditionSensorDefinition,
    DefaultSensorStatus,
    Definitions,
    Instance,
    InvalidDefinitionError,
    StaticPartitionsDefinition,
    asset,
    asset_check,
    build_sensor_context,
    multi_asset,
)

LETTERS = StaticPartitionsDefinition(["a", "b"])
MISSING = AutomationCondition.missing()


@asset(automation_condition=MISSING)
def plain(): ...


@asset(automation_condition=MISSING)
def also(): ...


@asset(partitions_def=LETTERS, automation_condition=MISSING)
def letters(): ...


@asset
def silent(): ...


@pytest.fixture
def instance():
    with Instance.ephemeral() as made:
        yield made


def tick(sensor, instance, assets, *, checks=(), cursor=None):
    defs = Definitions(assets=list(assets), asset_checks=list(checks), sensors=[sensor])
    project = defs.get_repository_def()
    context = build_sensor_context(instance=instance, cursor=cursor, repository_def=project)
    return sensor.evaluate_tick(context)


def everything(**options):
    return AutomationConditionSensorDefinition("automatic", target=AssetSelection.all(), **options)


def test_assets_of_the_same_partition_are_asked_for_in_one_run(instance):
    found = tick(everything(run_tags={"team": "a"}), instance, [plain, letters, also, silent])
    asked = [
        (one.partition_key, {key.to_user_string() for key in one.asset_selection})
        for one in found.run_requests
    ]
    assert asked == [(None, {"also", "plain"}), ("a", {"letters"}), ("b", {"letters"})]
    for request in found.run_requests:
        assert request.tags["team"] == "a"
        assert request.tags["penstock/from_automation_condition"] == "true"
        assert request.tags["penstock/sensor_name"] == "automatic"


def test_the_cursor_is_what_conditions_remember(instance):
    @asset(deps=[plain], automation_condition=AutomationCondition.eager())
    def child(): ...

    sensor = AutomationConditionSensorDefinition("one", target=[child])
    first = tick(sensor, instance, [plain, child])
    assert not first.run_requests
    assert first.skip_message == "No condition asks for anything."
    instance.report_runless_asset_event(AssetMaterialization("plain"))
    second = tick(sensor, instance, [plain, child], cursor=first.cursor)
    (request,) = second.run_requests
    assert request.asset_selection == [AssetKey("child")]
    assert not tick(sensor, instance, [plain, child], cursor=second.cursor).run_requests


def test_only_the_target_is_asked_with_what_is_made_whenever_it_is(instance):
    @multi_asset(specs=[AssetSpec("left", automation_condition=MISSING), AssetSpec("right")])
    def both(): ...

    sensor = AutomationConditionSensorDefinition("one", target=AssetSelection.keys("left"))
    (request,) = tick(sensor, instance, [both, plain]).run_requests
    assert request.asset_selection == [AssetKey("left"), AssetKey("right")]


def test_a_default_condition_is_that_of_assets_without(instance):
    sensor = everything(default_condition=MISSING, use_user_code_server=True)
    (request,) = tick(sensor, instance, [silent]).run_requests
    assert request.asset_selection == [AssetKey("silent")]


def test_checks_run_with_their_asset_unless_they_have_a_condition(instance):
    @asset(
        automation_condition=MISSING,
        check_specs=[AssetCheckSpec("inside", asset="checked")],
    )
    def checked(): ...

    @asset_check(asset="checked", automation_condition=AutomationCondition.newly_updated())
    def apart():
        return AssetCheckResult(passed=True)

    (request,) = tick(everything(), instance, [checked], checks=[apart]).run_requests
    assert [key.name for key in request.asset_check_keys] == ["inside"]


def test_what_nothing_here_makes_is_not_asked_for(instance):
    outside = AssetSpec("outside", automation_condition=MISSING)
    sensor = AutomationConditionSensorDefinition("one", target=AssetSelection.keys("outside"))
    assert not tick(sensor, instance, [outside]).run_requests


def test_it_can_be_called_as_other_sensors(instance):
    sensor = everything()
    project = Definitions(assets=[plain], sensors=[sensor]).get_repository_def()
    found = sensor(build_sensor_context(instance=instance, repository_def=project))
    assert [one.asset_selection for one in found.run_requests] == [[AssetKey("plain")]]
    assert [one.key for one in found.automation_condition_evaluations] == [AssetKey("plain")]


def test_it_is_stopped_until_somebody_switches_it_on():
    sensor = everything()
    assert sensor.default_status is DefaultSensorStatus.STOPPED
    assert sensor.minimum_interval_seconds == 30
    assert Definitions(sensors=[sensor]).resolve_sensor_def("automatic") is sensor


def test_a_default_that_is_no_condition_is_refused():
    with pytest.raises(InvalidDefinitionError, match="default_condition"):
        everything(default_condition="eager")

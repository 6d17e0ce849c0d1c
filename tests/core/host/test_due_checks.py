"""The sensor for freshness checks, when it is asked."""

from __future__ import annotations

from datetime import timedelta

from penstock import (
    AssetCheckEvaluation,
    AssetCheckKey,
    AssetKey,
    AssetObservation,
    AssetSelection,
    Definitions,
    MetadataValue,
    asset,
    build_last_update_freshness_checks,
    build_sensor_context,
    build_sensor_for_freshness_checks,
    define_asset_job,
    materialize,
)
from penstock.events.runs import Run, RunStatus
from penstock.host.clock import now

HOUR = timedelta(hours=1)


@asset
def table(): ...


@asset
def other(): ...


CHECKS = build_last_update_freshness_checks(assets=[table, other], lower_bound_delta=HOUR)
LOOK = build_sensor_for_freshness_checks(freshness_checks=CHECKS, name="look", tags={"team": "data"})
DEFS = Definitions(
    assets=[table, other],
    asset_checks=CHECKS,
    sensors=[LOOK],
    jobs=[define_asset_job("checks", selection=AssetSelection.all_asset_checks())],
)


def evaluate(instance):
    DEFS.resolve_job_def("checks").execute_in_process(instance=instance)


def tick(instance):
    context = build_sensor_context(instance=instance, repository_def=DEFS.get_repository_def())
    return LOOK.evaluate_tick(context)


def asked(instance):
    """The assets whose checks are asked for."""
    requests = tick(instance).run_requests
    return [key.asset_key.to_user_string() for one in requests for key in one.asset_check_keys]


def test_checks_that_were_never_evaluated_are_one_run(instance):
    (request,) = tick(instance).run_requests
    assert [key.to_user_string() for key in request.asset_check_keys] == [
        "other:freshness_check",
        "table:freshness_check",
    ]
    assert list(request.asset_selection) == []
    assert request.tags["team"] == "data"


def test_nothing_is_asked_while_checks_pass_and_assets_stay_old(instance):
    materialize([table], instance=instance)
    evaluate(instance)
    found = tick(instance)
    assert not found.run_requests
    assert found.skip_message == "None of 2 freshness checks is due."


def test_a_check_that_did_not_pass_is_asked_again_after_an_update(instance):
    evaluate(instance)
    assert asked(instance) == []
    materialize([table], instance=instance)
    assert asked(instance) == ["table"]
    instance.report_runless_asset_event(AssetObservation("other"))
    assert asked(instance) == ["other", "table"]


def report(instance, name, until):
    metadata = {"penstock/fresh_until_timestamp": MetadataValue.timestamp(until)}
    found = AssetCheckEvaluation(
        asset_key=AssetKey(name), check_name="freshness_check", passed=True, metadata=metadata
    )
    instance.report_runless_asset_event(found)


def test_a_check_that_may_no_longer_pass_is_asked_again(instance):
    report(instance, "table", now().timestamp() - 1)
    report(instance, "other", now().timestamp() + 3600)
    assert asked(instance) == ["table"]


def test_what_a_run_evaluates_is_not_asked_for_twice(instance):
    def begin(name, **tags):
        checks = frozenset({AssetCheckKey(AssetKey(name), "freshness_check")})
        made = Run(
            run_id=name, job_name="j", status=RunStatus.STARTED, tags=tags, asset_check_selection=checks
        )
        instance.add_run(made)

    begin("table", **{"penstock/sensor_name": "look"})
    assert asked(instance) == ["other"]
    begin("other")
    assert asked(instance) == []
    for name in ("table", "other"):
        report(instance, name, now().timestamp() - 1)
    assert asked(instance) == ["other"]


def test_its_function_can_be_called(instance):
    assert LOOK(build_sensor_context(instance=instance)).asset_check_keys

"""``penstock sensor``: what is listed, and what a tick would come to."""

from __future__ import annotations

import pytest

CODE = """
    from penstock import (
        AssetKey, AssetMaterialization, AutomationConditionSensorDefinition, Definitions,
        DynamicPartitionsDefinition, RunRequest, RunStatus,
        SensorResult, SkipReason, asset, asset_sensor, define_asset_job, multi_asset_sensor,
        run_failure_sensor, run_status_sensor, sensor,
    )

    files = DynamicPartitionsDefinition(name="files")

    @asset
    def rain(): return 1

    @asset(partitions_def=files)
    def parsed(): return 1

    refill = define_asset_job("refill", selection="rain")
    parse = define_asset_job("parse", selection="parsed")

    @sensor(job=refill, minimum_interval_seconds=60)
    def counting(context):
        print("looking")
        if context.cursor == "bad":
            raise ValueError("no network")
        if context.cursor == "wrong":
            return "text"
        if context.cursor == "2":
            return SkipReason("that is all")
        context.update_cursor("2")
        return [RunRequest(run_key="one", tags={"team": "red"}), RunRequest()]

    @sensor(job=parse)
    def arriving(context):
        return SensorResult(
            [RunRequest(partition_key="a")],
            dynamic_partitions_requests=[files.build_add_request(["a"])],
            asset_events=[AssetMaterialization("rain")],
        )

    @sensor(target=[rain])
    def targeting(): ...

    @asset_sensor("rain", job=refill)
    def after_rain(context, event): return RunRequest()

    @multi_asset_sensor([AssetKey("rain"), AssetKey("parsed")], jobs=[refill, parse])
    def several(context): ...

    @run_failure_sensor(monitored_jobs=[refill])
    def alarm(context): ...

    @run_status_sensor(run_status=RunStatus.SUCCESS)
    def cheer(context): ...

    conditions = AutomationConditionSensorDefinition("conditions", target=[rain])

    defs = Definitions(
        assets=[rain, parsed], jobs=[refill, parse],
        sensors=[counting, arriving, targeting, after_rain, several, alarm, cheer, conditions],
    )
"""


@pytest.fixture
def code(write):
    write("watching.py", CODE)
    return "watching.py"


def test_sensors_are_listed_with_what_they_look_at_and_run(cli, code):
    answer = cli("sensor", "list", "-f", code)
    assert answer.code == 0
    assert answer.steady.splitlines() == [
        "SENSOR  LOOKS AT  RUNS  EVERY",
        "after_rain  asset rain  job refill  TIME",
        "alarm  runs FAILURE of refill  -  TIME",
        "arriving  what its function does  job parse  TIME",
        "cheer  runs SUCCESS  -  TIME",
        "conditions  automation conditions  what they ask for  TIME",
        "counting  what its function does  job refill  TIME",
        "several  assets rain, parsed  job refill; job parse  TIME",
        'targeting  what its function does  assets key:"rain"  TIME',
    ]
    assert cli("sensor", "list", "-f", code, "-q").out.split()[:2] == ["after_rain", "alarm"]


def test_a_list_in_json_has_everything(cli, code):
    (first, *_) = cli("sensor", "list", "-f", code, "--json").json
    assert first == {
        "name": "after_rain",
        "kind": "ASSET",
        "looks_at": "asset rain",
        "runs": "job refill",
        "jobs": ["refill"],
        "minimum_interval_seconds": 30,
        "default_status": "STOPPED",
        "description": None,
    }


def test_a_project_without_sensors_says_so(cli, write):
    write("bare.py", "from penstock import asset\n\n@asset\ndef rain(): return 1\n")
    assert "No sensors" in cli("sensor", "list", "-f", "bare.py").out


def test_a_preview_shows_requests_and_the_cursor(cli, code):
    answer = cli("sensor", "preview", "counting", "-f", code)
    assert answer.code == 0
    assert [line for line in answer.steady.splitlines() if line != "looking"] == [
        "A TICK  WITH",
        "asks for a run  job refill; key one; tags team=red",
        "asks for a run  job refill",
        "Cursor: '2', before None.",
    ]


def test_a_preview_shows_why_nothing_runs(cli, code):
    answer = cli("sensor", "preview", "counting", "-f", code, "--cursor", "2")
    assert [line for line in answer.steady.splitlines() if line != "looking"] == [
        "A TICK  WITH",
        "asks for no run  that is all",
        "Cursor: '2' as before.",
    ]


def test_what_a_function_raises_is_told(cli, code):
    answer = cli("sensor", "preview", "counting", "-f", code, "--cursor", "bad")
    assert answer.code == 1
    assert "failure  Sensor 'counting': its function raised ValueError: no network" in answer.steady
    assert cli("sensor", "preview", "counting", "-f", code, "--cursor", "bad", "--json").json["failure"]


def test_bad_input_is_refused(cli, code):
    unknown = cli("sensor", "preview", "countin", "-f", code)
    assert (unknown.code, "Did you mean 'counting'" in unknown.err) == (2, True)
    wrong = cli("sensor", "preview", "counting", "-f", code, "--cursor", "wrong")
    assert (wrong.code, "Sensor 'counting' gave 'text'" in wrong.err) == (2, True)


def test_a_preview_shows_partitions_and_facts(cli, code):
    lines = cli("sensor", "preview", "arriving", "-f", code).steady.splitlines()
    assert lines[1:-1] == [
        "adds keys  files: a",
        "records an AssetMaterialization  rain",
        "asks for a run  job parse; partition a",
    ]


def test_a_preview_stores_nothing(cli, code):
    cli("sensor", "preview", "arriving", "-f", code)
    assert cli("partition", "list", "parsed", "-f", code, "--json").json == []


def test_a_preview_in_json_has_everything(cli, code):
    assert cli("sensor", "preview", "arriving", "-f", code, "--cursor", "c", "--json").json == {
        "sensor": "arriving",
        "cursor": "c",
        "next_cursor": "c",
        "requests": [
            {
                "job": "parse",
                "run_key": None,
                "partition": "a",
                "assets": None,
                "checks": None,
                "tags": {"penstock/partition": "a", "penstock/sensor_name": "arriving"},
                "config": {},
            }
        ],
        "skip": None,
        "partitions": [{"name": "files", "change": "add", "keys": ["a"]}],
        "facts": [{"kind": "AssetMaterialization", "asset": "rain"}],
        "reactions": [],
        "failure": None,
    }


def test_a_preview_names_the_checks_that_are_asked_for(cli, write):
    write(
        "fresh.py",
        """
        from datetime import timedelta
        from penstock import (
            Definitions, asset, build_last_update_freshness_checks, build_sensor_for_freshness_checks
        )

        @asset
        def rain(): ...

        checks = build_last_update_freshness_checks(assets=[rain], lower_bound_delta=timedelta(hours=1))
        looking = build_sensor_for_freshness_checks(freshness_checks=checks, name="looking")
        defs = Definitions(assets=[rain], asset_checks=checks, sensors=[looking])
        """,
    )
    assert "checks rain:freshness_check" in cli("sensor", "preview", "looking", "-f", "fresh.py").steady
    (request,) = cli("sensor", "preview", "looking", "-f", "fresh.py", "--json").json["requests"]
    assert (request["assets"], request["checks"]) == ([], ["rain:freshness_check"])


def test_a_preview_shows_runs_that_were_seen(cli, code):
    begun = cli("sensor", "preview", "cheer", "-f", code, "--json").json["next_cursor"]
    cli("job", "run", "refill", "-f", code, "--executor", "inline")
    answer = cli("sensor", "preview", "cheer", "-f", code, "--cursor", begun)
    assert "of refill" in answer.steady.splitlines()[1]
    made = cli("sensor", "preview", "after_rain", "-f", code, "-q")
    assert made.out == "-\n"

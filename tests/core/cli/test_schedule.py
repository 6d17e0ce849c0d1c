"""``penstock schedule``: what is listed, and what ticks would ask for."""

from __future__ import annotations

import pytest

CODE = """
    from penstock import (
        DailyPartitionsDefinition, Definitions, RunRequest, ScheduleDefinition, SkipReason, asset,
        build_schedule_from_partitioned_job, define_asset_job, schedule,
    )

    @asset
    def rain() -> int: return 1

    @asset(partitions_def=DailyPartitionsDefinition("2024-01-01", timezone="Europe/Berlin"))
    def sales() -> int: return 1

    refill = define_asset_job("refill", selection="rain")
    early = ScheduleDefinition(
        name="early", target=[rain], cron_schedule=["0 6 * * *", "30 7 * * *"], tags={"team": "red"},
    )

    @schedule(cron_schedule="0 * * * *", job=refill, execution_timezone="America/New_York")
    def hourly(context):
        print("looking")
        hour = context.scheduled_execution_time.hour
        if hour == 3:
            raise ValueError("no network")
        return RunRequest(run_key=f"h{hour}") if hour != 1 else SkipReason("too early")

    by_day = build_schedule_from_partitioned_job(define_asset_job("by_day", selection="sales"), hour_of_day=3)
    defs = Definitions(assets=[rain, sales], jobs=[refill], schedules=[hourly, early, by_day])
"""


@pytest.fixture
def code(write):
    write("ticking.py", CODE)
    return "ticking.py"


def test_schedules_are_listed_with_what_they_run(cli, code):
    answer = cli("schedule", "list", "-f", code)
    assert answer.code == 0
    lines = answer.steady.splitlines()
    assert lines[0] == "SCHEDULE  RUNS  CRON  ZONE  NEXT TICK"
    assert [line.split("  ")[:4] for line in lines[1:]] == [
        ["by_day_schedule", "job by_day", "0 3 * * *", "Europe/Berlin"],
        ["early", 'assets key:"rain"', "0 6 * * *, 30 7 * * *", "UTC"],
        ["hourly", "job refill", "0 * * * *", "America/New_York"],
    ]
    assert cli("schedule", "list", "-f", code, "-q").out == "by_day_schedule\nearly\nhourly\n"
    assert cli("schedule", "list", "-f", code, "--json").json[1]["job"] == "__anonymous_asset_job_early"


def test_a_job_of_targeted_assets_is_run_by_its_schedule_and_not_listed(cli, code):
    assert "__anonymous" not in cli("job", "list", "-f", code).out
    assert cli("job", "run", "__anonymous_asset_job_early", "-f", code, "--executor", "inline").code == 0


def test_a_project_without_schedules_says_so(cli, write):
    write("bare.py", "from penstock import asset\n\n@asset\ndef rain(): return 1\n")
    assert "No schedules" in cli("schedule", "list", "-f", "bare.py").out


def test_a_preview_shows_ticks_in_their_zone_and_what_they_ask_for(cli, code):
    answer = cli("schedule", "preview", "hourly", "-f", code, "--at", "2024-03-10", "-n", "3")
    assert answer.code == 1
    assert [line for line in answer.steady.splitlines() if line != "looking"] == [
        "TICK  ASKS FOR  WITH",
        "Sun 2024-03-10 00:00 -0500  a run  key h0",
        "Sun 2024-03-10 01:00 -0500  no run  too early",
        "Sun 2024-03-10 03:00 -0400  failure  Schedule 'hourly': its function raised ValueError: no network",
    ]


def test_a_tick_at_the_very_time_is_the_first(cli, code):
    answer = cli("schedule", "preview", "early", "-f", code, "--at", "2024-01-01T06:00", "-n", "2")
    assert answer.steady.splitlines()[1:] == [
        "Mon 2024-01-01 06:00 +0000  a run  tags team=red",
        "Mon 2024-01-01 07:30 +0000  a run  tags team=red",
    ]
    assert answer.code == 0


def test_a_preview_in_json_has_everything(cli, code):
    arguments = ("by_day_schedule", "-f", code, "--at", "2024-01-05T02:00+00:00", "-n", "1", "--json")
    answer = cli("schedule", "preview", *arguments)
    assert answer.json == {
        "schedule": "by_day_schedule",
        "timezone": "Europe/Berlin",
        "ticks": [
            {
                "at": "2024-01-05T03:00:00+01:00",
                "requests": [
                    {
                        "job": "by_day",
                        "run_key": "2024-01-04",
                        "partition": "2024-01-04",
                        "assets": None,
                        "checks": None,
                        "tags": {
                            "penstock/partition": "2024-01-04",
                            "penstock/schedule_name": "by_day_schedule",
                        },
                        "config": {},
                    }
                ],
                "skip": None,
                "failure": None,
            }
        ],
    }


def test_what_user_code_prints_does_not_stand_between_json(cli, code):
    answer = cli("schedule", "preview", "hourly", "-f", code, "--at", "2024-03-12", "-n", "1", "--json")
    assert answer.json["ticks"][0]["requests"][0]["run_key"] == "h0"


def test_an_answer_that_cannot_be_is_a_failure_of_its_tick(cli, write):
    write(
        "wrong.py",
        """
        from penstock import DailyPartitionsDefinition, RunRequest, asset, schedule

        @asset(partitions_def=DailyPartitionsDefinition("2024-01-01", end_date="2024-01-02"))
        def sales() -> int: return 1

        @schedule(cron_schedule="@daily", target=sales)
        def early(context):
            return RunRequest(partition_key=f"{context.scheduled_execution_time:%Y-%m-%d}")
        """,
    )
    answer = cli("schedule", "preview", "early", "-f", "wrong.py", "--at", "2024-01-02", "-n", "1", "--json")
    assert (answer.code, answer.json["ticks"][0]["requests"]) == (1, [])
    assert "There is no partition '2024-01-02'" in answer.json["ticks"][0]["failure"]


def test_ticks_alone_are_written_when_quiet(cli, code):
    answer = cli("schedule", "preview", "early", "-f", code, "--at", "2024-01-01", "-n", "1", "-q")
    assert answer.out == "2024-01-01T06:00:00+00:00\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("hurly",), "Did you mean 'hourly'"),
        (("hourly", "--at", "noon"), "wanted a date or a time"),
        (("hourly", "--at", "9999-12-31"), "in the years 1000 to 9000"),
        (("hourly", "-n", "0"), "0 is not in the range"),
    ],
)
def test_bad_input_ends_with_2(cli, code, arguments, said):
    answer = cli("schedule", "preview", *arguments, "-f", code)
    assert (answer.code, said in answer.err) == (2, True)

"""How the command line shows freshness policies."""

from __future__ import annotations

from datetime import datetime

import pytest

PROJECT = """
    from datetime import timedelta

    from penstock import Definitions, FreshnessPolicy, asset

    @asset(freshness_policy=FreshnessPolicy.time_window(timedelta(days=2), timedelta(days=1)))
    def orders(): ...

    @asset(freshness_policy=FreshnessPolicy.cron("0 9 * * *", timedelta(hours=2)))
    def report(): ...

    @asset
    def notes(): ...

    defs = Definitions(assets=[orders, report, notes])
"""


@pytest.fixture
def project(write):
    write("late.py", PROJECT)
    return "late.py"


def test_a_list_shows_how_assets_stand_by_their_policies(cli, project):
    cli("materialize", "-f", project, "-q", "-s", "orders or notes")
    assert cli("asset", "list", "-f", project).steady.splitlines() == [
        "ASSET  GROUP  STATE  FRESHNESS  MADE  BY RUN  MADE FROM",
        "notes  default  fresh  -  TIME  RUN",
        "orders  default  fresh  passed  TIME  RUN",
        "report  default  never made  unknown  never  -",
    ]


def test_a_list_without_policies_has_no_such_column(cli, project):
    assert "FRESHNESS" not in cli("asset", "list", "-f", project, "-s", "notes").out


def test_the_state_and_how_long_it_lasts_stand_in_the_json(cli, project):
    cli("materialize", "-f", project, "-q", "-s", "orders")
    lines = {line["key"]: line for line in cli("asset", "list", "-f", project, "--json").json}
    found = lines["orders"]["freshness"]
    assert found["state"] == "PASS"
    lasts = datetime.fromisoformat(found["until"]).timestamp() - lines["orders"]["materialized_at"]
    assert lasts == pytest.approx(86_400, abs=0.001)
    assert lines["report"]["freshness"] == {"state": "UNKNOWN", "until": None}
    assert lines["notes"]["freshness"] is None


def test_an_asset_shows_its_policy_and_how_it_stands(cli, project):
    cli("materialize", "-f", project, "-q", "-s", "orders")
    said = cli("asset", "show", "orders", "-f", project).steady
    assert "to be  at most 2 d old, warned of from 1 d on" in said
    assert "freshness  passed until MOMENT" in said


def test_an_asset_that_was_never_made_is_unknown(cli, project):
    said = cli("asset", "show", "report", "-f", project).steady
    assert "to be  updated for each '0 9 * * *' (UTC), from 2 h before on" in said
    assert "freshness  unknown" in said.splitlines()


def test_an_asset_as_json_has_its_policy(cli, project):
    found = cli("asset", "show", "orders", "-f", project, "--json").json
    assert found["freshness"] == {"state": "UNKNOWN", "until": None}
    assert found["definition"]["freshness_policy"] == "at most 2 d old, warned of from 1 d on"
    assert cli("asset", "show", "notes", "-f", project, "--json").json["freshness"] is None


def test_without_definitions_nothing_is_said_of_policies(cli, project):
    cli("materialize", "-f", project, "-q", "-s", "orders")
    assert cli("asset", "show", "orders", "--json").json["freshness"] is None


def test_an_asset_that_became_too_old_failed(cli, write):
    write(
        "old.py",
        """
        from datetime import UTC, datetime, timedelta

        from penstock import Definitions, FreshnessPolicy, MaterializeResult, MetadataValue, asset

        LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC).timestamp()

        @asset(freshness_policy=FreshnessPolicy.time_window(timedelta(days=2)))
        def copied():
            return MaterializeResult(
                metadata={"penstock/last_updated_timestamp": MetadataValue.timestamp(LONG_AGO)}
            )

        defs = Definitions(assets=[copied])
        """,
    )
    cli("materialize", "-f", "old.py", "-q")
    assert cli("asset", "list", "-f", "old.py", "--json").json[0]["freshness"] == {
        "state": "FAIL",
        "until": None,
    }
    assert "freshness  failed" in cli("asset", "show", "copied", "-f", "old.py").steady

from __future__ import annotations

import pytest

from penstock.cli.causes import cause_in_words, causes_in_words, ranges_in_words
from penstock.host.planned_ranges import PlannedRange
from penstock.keys import AssetKey
from penstock.plan.staleness import StaleCause, StaleCauseKind

_DAYS = """
from penstock import DailyPartitionsDefinition, asset

days = DailyPartitionsDefinition("2013-01-01", end_date="2013-01-05")

@asset(code_version="{code}")
def airports(): ...

@asset(partitions_def=days, code_version="1", deps=["airports"])
def flights(): ...

@asset(deps=["flights"])
def report(): ...
"""


@pytest.fixture
def days(write):
    """Writes the pipeline with a code version of airports, each time under another name."""

    def write_days(code="1"):
        return write(f"days_{code}.py", _DAYS.format(code=code))

    return write_days


def make(cli, file, *days):
    assert cli("materialize", "-f", file, "-s", "airports", "-q").code == 0
    for day in days:
        assert cli("materialize", "-f", file, "-s", "flights", "--partition", day, "-q").code == 0


def test_partitions_are_planned_in_ranges(cli, days):
    file = days()
    make(cli, file, "2013-01-03")
    lines = cli("plan", "-f", file).steady.splitlines()
    assert lines[:6] == [
        "#  STEP  PARTITIONS  WHY  TOOK  AFTER",
        "1  airports  selected  TIME",
        "2  flights  2013-01-01…2013-01-02 (2)  missing  3 × TIME  1",
        "2013-01-04  missing",
        "1 more  up to date",
        "3  report  missing  -  2",
    ]


def test_causes_name_versions_and_roots(cli, days):
    make(cli, days(), "2013-01-03")
    text = cli("plan", "-f", days("2")).steady
    assert "code changed (1 → 2)" in text
    assert "2013-01-03  upstream stale: airports (code changed)" in text


def test_one_partition_is_planned_alone(cli, days):
    file = days()
    make(cli, file, "2013-01-03")
    answer = cli("plan", "-f", file, "-s", "flights", "--partition", "2013-01-03", "--json")
    (step,) = answer.json["steps"]
    assert (step["reason"], step["runs"]) == ("selected", 1)
    assert [group["status"] for group in step["partitions"]] == ["FRESH"]


def test_what_has_not_changed_is_left_out_of_the_plan(cli, days):
    file = days()
    make(cli, file, "2013-01-03")
    assert cli("plan", "-f", file, "--changed", "-q").out.split() == ["flights", "report"]
    assert cli("plan", "-f", file, "-s", "airports", "--changed").out == (
        "Nothing has changed: everything is up to date.\n"
    )


def test_json_tells_ranges_and_causes(cli, days):
    file = days()
    answer = cli("plan", "-f", file, "-s", "flights", "--json")
    (step,) = answer.json["steps"]
    (group,) = step["partitions"]
    assert group["ranges"] == [{"first": "2013-01-01", "last": "2013-01-04", "count": 4}]
    assert (group["count"], group["causes"][0]["kind"], step["runs"]) == (4, "never made", 4)


def test_only_what_has_changed_is_made(cli, shop):
    cli("materialize", "-f", shop, "-q")
    cli("materialize", "-f", shop, "-q", "-s", "revenue")
    answer = cli("materialize", "-f", shop, "--changed")
    assert "revenue" not in answer.out
    assert "1 asset made" in answer.out
    again = cli("materialize", "-f", shop, "--changed")
    assert (again.code, again.out) == (0, "Nothing has changed: all 3 assets are up to date.\n")


def test_nothing_to_do_is_a_summary_in_json(cli, shop):
    cli("materialize", "-f", shop, "-q")
    (line,) = cli("materialize", "-f", shop, "--changed", "--json").lines
    assert (line["type"], line["run_id"], line["left_out"]) == ("SUMMARY", None, [])


def test_partitions_that_do_not_fit_are_told(cli, days):
    file = days()
    answer = cli("materialize", "-f", file, "--changed")
    assert answer.code == 0
    assert answer.out.splitlines()[:3] == [
        "Left out: flights, 4 partitions: 2013-01-01…2013-01-04 (4).",
        "Left out: report, what it is made of is to be made first.",
        "To make these partitions: penstock backfill launch --asset flights --missing",
    ]
    assert "1 asset made" in answer.out
    assert (
        "Nothing that has changed can be made by this run." in cli("materialize", "-f", file, "--changed").out
    )


def test_the_last_partition_is_made_with_all_that_follows(cli, days):
    file = days()
    make(cli, file, "2013-01-01", "2013-01-02", "2013-01-04")
    assert "2 assets made" in cli("materialize", "-f", file, "--changed").out
    assert "up to date" in cli("materialize", "-f", file, "--changed").out


def test_a_partition_can_be_named(cli, days):
    file = days()
    cli("materialize", "-f", file, "-s", "airports", "-q")
    named = ("materialize", "-f", file, "-s", "flights", "--changed", "--partition", "2013-01-02")
    assert "1 asset made" in cli(*named).out
    assert cli(*named).out == "Nothing has changed: the asset is up to date.\n"


def cause(kind, **about):
    return StaleCause(kind=kind, **about)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (cause(StaleCauseKind.NEVER_MADE), "missing"),
        (cause(StaleCauseKind.CODE_CHANGED, now="2"), "code changed (none → 2)"),
        (
            cause(StaleCauseKind.UPSTREAM_NEWER, dependency=AssetKey("a"), before="v1", now="v2", at=40.0),
            "upstream newer: a (v1 → v2, 1 min ago)",
        ),
        (cause(StaleCauseKind.DEPENDENCY_ADDED, dependency=AssetKey("a")), "dependency added: a"),
        (
            cause(
                StaleCauseKind.UPSTREAM_STALE,
                dependency=AssetKey("b"),
                root=AssetKey("a"),
                root_kind=StaleCauseKind.NEVER_MADE,
            ),
            "upstream stale: a (missing), through b",
        ),
        (cause(StaleCauseKind.LAST_TRY_FAILED), "last try failed"),
    ],
)
def test_causes_have_words(given, words):
    assert cause_in_words(given, 100.0) == words


def test_many_causes_are_counted():
    many = tuple(cause(StaleCauseKind.DEPENDENCY_ADDED, dependency=AssetKey(f"a{n}")) for n in range(9))
    assert causes_in_words(many, 0.0).endswith("; and 6 more")
    assert "a8" in causes_in_words(many, 0.0, all_of_them=True)


def test_many_ranges_are_counted():
    many = [PlannedRange(str(n), str(n + 1), 2) for n in range(0, 20, 2)]
    assert list(ranges_in_words(many, 3)) == ["0…1 (2)", "2…3 (2)", "and 8 more ranges (16)"]
    assert len(list(ranges_in_words(many, None))) == 10


def test_the_list_of_assets_tells_their_state(cli, days):
    make(cli, days(), "2013-01-03")
    found = {line["key"]: line["state"] for line in cli("asset", "list", "-f", days("2"), "--json").json}
    assert found == {"airports": "code changed", "flights": "partly missing", "report": "never made"}


def test_a_job_makes_what_changed_of_its_assets(cli, write):
    file = write(
        "nightly.py",
        """
        from penstock import Definitions, asset, define_asset_job, job, op

        @asset(code_version="1")
        def a(): ...

        @asset(code_version="1", deps=[a])
        def b(): ...

        @asset
        def other(): ...

        @op
        def greet(): ...

        @job
        def greeting():
            greet()

        nightly = define_asset_job("nightly", selection=[a, b], tags={"team": "core"})
        defs = Definitions(assets=[a, b, other], jobs=[nightly, greeting])
        """,
    )
    cli("materialize", "-f", file, "-s", "a", "-q")
    assert "1 asset made" in cli("job", "run", "nightly", "-f", file, "--changed").out
    (run, _) = cli("run", "list", "--json").json
    assert (run["job_name"], run["tags"]["team"]) == ("nightly", "core")
    assert "all 2 assets are up to date" in cli("job", "run", "nightly", "-f", file, "--changed").out
    refused = cli("job", "run", "greeting", "-f", file, "--changed")
    assert (refused.code, "made of ops" in refused.err) == (2, True)

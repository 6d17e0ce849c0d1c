"""``penstock backfill`` as it is typed: what is shown, what is refused, and what stays recorded."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
    from pathlib import Path
    from penstock import (
        BackfillPolicy, Config, DailyPartitionsDefinition, Definitions, PartitionMapping,
        StaticPartitionsDefinition, AssetDep, WeeklyPartitionsDefinition, asset, job, op,
        daily_partitioned_config,
    )

    DAYS = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-22")
    WEEKS = WeeklyPartitionsDefinition("2024-01-07", end_date="2024-01-21")

    class Size(Config):
        rows: int = 1

    @asset(partitions_def=DAYS)
    def day(context, config: Size) -> int:
        if Path("fail").exists() and context.partition_key == "2024-01-09":
            raise ValueError("no day")
        return config.rows

    @asset(partitions_def=WEEKS)
    def week(day: dict[str, int]) -> int:
        return sum(day.values())

    @asset
    def plain() -> int:
        return 1

    class Raising(PartitionMapping):
        def get_upstream_mapped_partitions_result_for_partitions(self, *args, **kwargs):
            raise ZeroDivisionError("never")

    @asset(partitions_def=StaticPartitionsDefinition(["a"]))
    def letter() -> int:
        return 1

    @asset(partitions_def=StaticPartitionsDefinition(["x"]),
           deps=[AssetDep("letter", partition_mapping=Raising())])
    def raising() -> int:
        return 1

    @op
    def greet(context): ...

    @job(partitions_def=DAYS)
    def nightly():
        greet()

    defs = Definitions(assets=[day, week, plain, letter, raising], jobs=[nightly])
"""


@pytest.fixture
def backfill(cli, write):
    """A function that calls ``penstock backfill`` on a project of days, weeks and letters."""
    write("shop.py", CODE)

    def call(verb, *arguments):
        code = ("-f", "shop.py") if verb in ("launch", "resume") else ()
        return cli("backfill", verb, *code, *arguments)

    return call


def newest(backfill):
    return backfill("list", "-q").out.split()[0]


def test_a_launch_makes_everything_and_says_so(backfill):
    done = backfill("launch", "-s", "day,week", "--all")
    assert done.code == 0
    said = [
        line for line in done.out.splitlines() if not line[0].isdigit()
    ]  # how far it is, every ten seconds
    assert said == [
        f"Backfill {newest(backfill)}: 23 partitions to make.",
        "✓ done: 23 of 23 partitions made",
        f"  look at it: penstock backfill show {newest(backfill)}",
    ]


def test_a_dry_run_shows_waves_counts_and_config_and_records_nothing(backfill):
    config = '{"ops": {"day": {"config": {"rows": 2}}}}'
    shown = backfill(
        "launch", "-s", "day,week", "--from", "2024-01-08", "--dry-run", "-c", config, "-t", "team=x"
    )
    assert shown.steady.splitlines() == [
        "WAVE  MADE TOGETHER  PARTITIONS  COUNT  RUNS",
        "0  day  2024-01-08...2024-01-21  14  14",
        "1  week  2024-01-07...2024-01-14  2  2",
        f"config: {config}",
        "tags: team=x",
        "16 runs. Nothing was recorded.",
    ]
    assert backfill("list", "--json").json == []


def test_a_dry_run_in_json_has_the_same(backfill):
    (first, second) = backfill("launch", "-s", "day,week", "--all", "--dry-run", "--json").json["units"]
    assert (first["assets"], first["partitions"], first["runs"]) == (["day"], 21, 21)
    assert (second["wave"], second["ranges"]) == (1, "2024-01-07...2024-01-14")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-s", "day", "--partitions", "2024-1-9"], "2024-01-09"),
        (["-s", "day", "--partitions", "2024-02-09"], "2024-02-09"),
        (["-s", "day", "--from", "2024-01-09", "--to", "2024-01-02"], "2024-01-09"),
        (["-s", "day"], "is partitioned"),
        (["-s", "plain", "--partitions", "a"], "has no partitions"),
        (["-s", "day,letter", "--partitions", "a"], "two definitions"),
        (["-s", "letter,raising", "--partitions", "a"], "Raising"),
        (["-s", "dya", "--all"], "day"),
        (["-j", "nihgtly", "--all"], "nightly"),
        (["-s", "day", "-j", "nightly", "--all"], "either"),
        (["-s", "day", "--all", "--missing", "--failed"], "Give one"),
        (["-s", "day", "--all", "--from", "2024-01-02"], "one of"),
        (["-s", "day", "--all", "-c", '{"ops": {"dya": {}}}'], "day"),
        (["-s", "day", "--all", "-c", '{"ops": {"day": {"config": {"rows": "x"}}}}'], "rows"),
        (["-s", "day", "--all", "-t", "nothing"], "KEY=VALUE"),
        (["-s", "day", "--all", "--executor", "nobody"], "nobody"),
    ],
)
def test_what_cannot_be_ends_with_2_and_nothing_is_recorded(backfill, cli, arguments, said):
    refused = backfill("launch", *arguments)
    assert refused.code == 2, refused.out + refused.err
    assert said in refused.err
    assert backfill("list", "--json").json == []
    assert cli("run", "list", "--json").json == []


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ('DailyPartitionsDefinition("2024-02-01", end_date="2024-01-01")', "after"),
        ('DailyPartitionsDefinition("2024-02-01", timezone="Mars/Olympus")', "Mars/Olympus"),
    ],
)
def test_definitions_that_cannot_be_end_with_2(cli, write, definition, said):
    write(
        "bad.py",
        f"""
        from penstock import DailyPartitionsDefinition, asset

        @asset(partitions_def={definition})
        def day(): ...
        """,
    )
    refused = cli("backfill", "launch", "-f", "bad.py", "-s", "day", "--all")
    assert refused.code == 2
    assert said in refused.err


def test_a_failure_is_told_and_tried_again(backfill, write):
    write("fail", "")
    failed = backfill("launch", "-s", "day,week", "--all")
    assert failed.code == 1
    assert "ValueError: no day" in failed.out
    assert "✗ done, with failures: 21 of 23 partitions made, 1 failed, 1 blocked" in failed.out
    name = newest(backfill)
    shown = backfill("show", name)
    assert "2024-01-09" in shown.out
    assert "blocked" in shown.out.lower()
    assert len(backfill("show", name, "-q").out.split()) == 1
    (write("fail", "")).unlink()
    again = backfill("resume", name[:4], "--failed")
    assert again.code == 0, again.out + again.err
    assert backfill("show", name, "--json").json["counts"]["done"] == 23


def test_what_is_over_is_not_resumed(backfill):
    backfill("launch", "-s", "plain")
    refused = backfill("resume", newest(backfill))
    assert refused.code == 2
    assert "is done: nothing is left to do" in refused.err


def test_a_recorded_backfill_waits_is_paused_resumed_and_canceled(backfill):
    recorded = backfill("launch", "-s", "day", "--all", "--no-run", "-q").out.strip()
    assert backfill("list", "--json").json[0]["status"] == "REQUESTED"
    assert backfill("pause", recorded).code == 0
    assert backfill("list", "--status", "paused", "-q").out.split() == [recorded]
    assert backfill("cancel", recorded, "--json").json["status"] == "CANCELED"
    assert backfill("cancel", recorded).code == 2
    assert backfill("resume", recorded, "--json").json["counts"]["done"] == 21


def test_a_backfill_whose_process_was_killed_is_not_shown_as_running(backfill, write, tmp_path):
    write("kill.py", CODE.replace("return config.rows", "import os; os.kill(os.getpid(), 9)"))
    command = [sys.executable, "-c", "from penstock.cli.main import main; main()"]
    command += ["backfill", "launch", "-f", "kill.py", "-s", "day", "--all"]
    killed = subprocess.run(command, capture_output=True, check=False)
    assert killed.returncode == -9
    (row,) = backfill("list", "--json").json
    assert (row["status"], row["abandoned"]) == ("IN_PROGRESS", True)
    assert " abandoned " in backfill("list").out
    assert (
        f"go on    penstock backfill resume {row['backfill_id']}" in backfill("show", row["backfill_id"]).out
    )
    assert backfill("list", "-q", "--status", "abandoned").out.split() == [row["backfill_id"]]
    assert backfill("resume", row["backfill_id"]).code == 0
    assert backfill("list", "-q", "--status", "abandoned").out.split() == []
    assert (
        len(backfill("list", "-q", "--status", "abandoned", "--status", "completed_success").out.split()) == 1
    )


def test_what_is_resumed_runs_where_it_was_launched(backfill, cli):
    recorded = backfill(
        "launch", "-s", "day", "--partitions", "2024-01-02", "--no-run", "-q", "--executor", "thread"
    )
    backfill("resume", recorded.out.strip())
    assert cli("run", "list", "--json").json[0]["tags"]["penstock/executor"] == "thread"


def test_a_job_is_run_for_its_partitions(backfill, cli):
    done = backfill("launch", "-j", "nightly", "--partitions", "2024-01-02, 2024-01-05", "--json").json
    assert (done["job"], done["counts"]["done"]) == ("nightly", 2)
    tags = [run["tags"]["penstock/partition"] for run in cli("run", "list", "--json").json]
    assert sorted(tags) == ["2024-01-02", "2024-01-05"]


def test_only_what_is_missing_is_made_and_then_nothing(backfill):
    backfill("launch", "-s", "day", "--partitions", "2024-01-05")
    assert backfill("launch", "-s", "day", "--missing", "--json").json["counts"]["target"] == 20
    again = backfill("launch", "-s", "day", "--missing")
    assert (again.code, again.out) == (0, "Nothing to make: no partition fits.\n")


def test_a_list_without_backfills_says_how_to_begin(backfill):
    assert "backfill launch" in backfill("list").out


def test_a_backfill_that_is_not_there_is_told(backfill):
    for verb in ("show", "pause", "cancel", "resume"):
        refused = backfill(verb, "nope")
        assert (refused.code, "no backfill 'nope'" in refused.err) == (2, True)


def test_what_cannot_leave_the_process_is_refused_and_not_recorded(backfill, cli, write):
    write(
        "shop.py",
        """
        import threading
        from penstock import AssetDep, PartitionMapping, StaticPartitionsDefinition, asset
        from penstock.partitions.mapping import UpstreamPartitionsResult

        class Locked(PartitionMapping):
            def __init__(self):
                self.lock = threading.Lock()

            def get_upstream_mapped_partitions_result_for_partitions(self, down, _down, up, *_args):
                return UpstreamPartitionsResult(up.subset_with_all_partitions())

        @asset(partitions_def=StaticPartitionsDefinition(["a"]))
        def letter(): ...

        @asset(partitions_def=StaticPartitionsDefinition(["x"]),
               deps=[AssetDep("letter", partition_mapping=Locked())])
        def reader(): ...
        """,
    )
    refused = backfill("launch", "-s", "*", "--all", "--executor", "multiprocess")
    assert refused.code == 2, refused.out
    assert "cannot be pickled" in refused.err
    assert backfill("list", "--json").json == []
    assert cli("run", "list", "--json").json == []
    assert backfill("launch", "-s", "*", "--all").code == 0


def test_one_partition_is_counted_as_one(backfill):
    shown = backfill("launch", "-s", "day", "--partitions", "2024-01-08", "--dry-run").out
    assert "1 run. Nothing was recorded." in shown
    made = backfill("launch", "-s", "day", "--partitions", "2024-01-08").out
    assert ": 1 partition to make." in made


def test_what_has_nothing_to_make_is_no_run(backfill):
    assert backfill("launch", "-s", "day", "--all", "-q").code == 0
    shown = backfill("launch", "-s", "day,week", "--missing", "--dry-run").steady.splitlines()
    assert shown[1] == "0  day  none  0  0"


def test_faults_of_config_are_all_told_at_the_end(cli, write):
    write(
        "jobs.py",
        """
from penstock import Config, job, op, static_partitioned_config


class Rows(Config):
    rows: int


@op
def load(config: Rows): ...


@static_partitioned_config(["a", "b"])
def by_letter(key):
    return {"ops": {"load": {"config": {"rows": 1 if key == "a" else "many"}}}}


@job(config=by_letter)
def nightly():
    load()
""",
    )
    done = cli("backfill", "launch", "-f", "jobs.py", "--job", "nightly", "--all")
    assert done.code == 1
    assert "$.ops.load.config.rows: wanted Int, found 'many'" in done.out
    shown = cli("backfill", "show", cli("backfill", "list", "-q").out.strip()).out
    assert any(line.split()[:2] == ["-", "refused"] for line in shown.splitlines())

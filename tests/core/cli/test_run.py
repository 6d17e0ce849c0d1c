"""Looking at runs, deleting them, running them again."""

from __future__ import annotations

import shlex

import pytest

from penstock.cli.run_logs import Following
from penstock.events import values as v
from penstock.events.runs import Run
from penstock.store.logs import LogFolder, Stream
from penstock.store.open import open_store


@pytest.fixture
def made(cli, shop):
    """A run that made everything; its id."""
    assert cli("materialize", "-f", shop, "-t", "team=shop").code == 0
    return cli("run", "list", "-q").out.strip()


@pytest.fixture
def failed(cli, shop, write):
    """A run that failed in the middle; its id."""
    write("fail", "")
    assert cli("materialize", "-f", shop, "-t", "team=shop").code == 1
    return cli("run", "list", "-q").out.strip()


def test_an_empty_list_says_what_makes_a_run(cli):
    answer = cli("run", "list")
    assert answer.code == 0
    assert answer.out == "No runs yet. `penstock materialize` makes one.\n"
    assert "Created Penstock home at" in answer.err


def test_the_list_is_a_table_of_runs_newest_first(cli, made, failed):
    answer = cli("run", "list")
    assert answer.steady.splitlines() == [
        "RUN  OF  STATUS  STARTED  TOOK  TAGS",
        "RUN  3 assets  failed  TIME  TIME  team=shop",
        "RUN  3 assets  done  TIME  TIME  team=shop",
    ]


@pytest.mark.parametrize(
    ("arguments", "statuses"),
    [
        ([], ["FAILURE", "SUCCESS"]),
        (["--status", "failure"], ["FAILURE"]),
        (["--tag", "team=shop", "--limit", "1"], ["FAILURE"]),
        (["--tag", "team=other"], []),
        (["--job", "greeting"], []),
    ],
)
def test_the_list_can_be_narrowed(cli, shop, write, arguments, statuses):
    cli("materialize", "-f", shop, "-t", "team=shop")
    write("fail", "")
    cli("materialize", "-f", shop, "-t", "team=shop")
    assert [run["status"] for run in cli("run", "list", "--json", *arguments).json] == statuses


def test_a_run_shows_its_steps_facts_and_checks(cli, made):
    answer = cli("run", "show", made[:8])
    assert answer.code == 0
    for line in (
        f"run       {made}",
        "status    done",
        "tags      team=shop",
        "has_rows",
        "3 rows",
    ):
        assert line in answer.out
    assert "penstock/owner" not in answer.out
    assert "report.txt" not in answer.out
    assert "report.txt" in cli("run", "show", made, "-v").out


def test_a_failed_run_shows_the_failure(cli, failed):
    answer = cli("run", "show", failed)
    assert "message   1 step failed: revenue" in answer.out
    assert "✗ revenue: ValueError: no revenue today" in answer.out
    assert "core/penstock" not in answer.out


def test_a_run_as_json_has_everything(cli, failed):
    found = cli("run", "show", failed, "--json").json
    assert (found["run_id"], found["status"]) == (failed, "FAILURE")
    assert {step["step"]: step["status"] for step in found["steps"]}["revenue"] == "FAILURE"
    assert "log" not in found
    assert cli("run", "show", failed, "--json", "--events").json["log"]


def test_the_events_of_a_run_are_one_line_each(cli, made):
    lines = cli("run", "show", made, "--events").steady.splitlines()
    assert "HH:MM:SS  Started step 'orders'." in lines


def test_quiet_leaves_the_status(cli, made):
    assert cli("run", "show", made, "-q").out == "SUCCESS\n"


def test_a_run_is_named_by_the_beginning_of_its_id(cli, made):
    assert cli("run", "show", made[:6], "--json").json["run_id"] == made


def test_an_unknown_run_is_refused(cli, made):
    answer = cli("run", "show", "zz")
    assert answer.code == 2
    assert "There is no run 'zz'" in answer.err


def test_logs_show_what_steps_wrote(cli, made):
    answer = cli("run", "logs", made)
    assert answer.out == "── orders · out\nreading orders\n"
    assert cli("run", "logs", made, "--step", "orders", "--json").json == {
        "orders": {"out": "reading orders\n"}
    }


def test_steps_that_wrote_nothing_say_so(cli, made):
    assert cli("run", "logs", made, "--step", "report").out == "These steps wrote nothing.\n"


def test_logs_of_an_unknown_step_are_refused(cli, made):
    answer = cli("run", "logs", made, "--step", "ordres")
    assert answer.code == 2
    assert "Did you mean 'orders'?" in answer.err


def test_a_deleted_run_is_gone_and_what_it_made_is_known(cli, made, shop):
    assert cli("run", "delete", made[:8], "--yes").out == f"Deleted {made[:8]}.\n"
    assert cli("run", "list", "--json").json == []
    states = {line["key"]: line["state"] for line in cli("asset", "list", "-f", shop, "--json").json}
    assert states["orders"] == "fresh"


def test_deleting_asks_first(cli, made, monkeypatch):
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _prompt: "n")
    answer = cli("run", "delete", made)
    assert answer.code == 130
    assert cli("run", "list", "-q").out.strip() == made


# ---- again ------------------------------------------------------------------------------------------


def test_a_retry_runs_what_failed_and_takes_the_rest(cli, shop, failed, tmp_path):
    (tmp_path / "fail").unlink()
    answer = cli("run", "retry", failed[:8], "--from-failure", "--json")
    assert answer.code == 0, answer.err
    assert answer.lines[-1]["steps_done"] == ["revenue", "report"]
    again = cli("run", "list", "--json").json[0]
    assert (again["parent_run_id"], again["tags"]["team"]) == (failed, "shop")


def test_a_retry_may_fail_again(cli, failed):
    assert cli("run", "retry", failed).code == 1


def test_a_run_that_succeeded_has_nothing_to_retry_from(cli, made):
    answer = cli("run", "retry", made)
    assert answer.code == 2
    assert "only a failed or canceled run" in answer.err


def test_chosen_steps_run_again(cli, made):
    answer = cli("run", "retry", made, "--steps", "revenue*", "--json")
    assert answer.code == 0, answer.err
    assert answer.lines[-1]["steps_done"] == ["revenue", "report"]


def test_a_whole_run_runs_again(cli, made):
    answer = cli("run", "retry", made, "--all", "--json")
    assert answer.code == 0, answer.err
    assert "orders" in answer.lines[-1]["steps_done"]


def test_a_retry_is_of_one_kind(cli, made):
    answer = cli("run", "retry", made, "--all", "--steps", "orders")
    assert answer.code == 2
    assert "one of --from-failure, --all and --steps" in answer.err


def test_a_retry_finds_the_code_of_its_run_from_anywhere(cli, made, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert cli("run", "retry", made, "--all", "-q").code == 0
    monkeypatch.chdir(tmp_path)


def test_a_retry_keeps_config_and_selection(cli, shop, write, tmp_path):
    write("fail", "")
    config = '{"ops": {"orders": {"config": {"rows": 7}}}}'
    cli("materialize", "-f", shop, "-q", "-s", "orders or revenue", "-c", config)
    run = cli("run", "list", "-q").out.strip()
    (tmp_path / "fail").unlink()
    assert cli("run", "retry", run, "--all", "--json").lines[-1]["assets"] == ["orders", "revenue"]
    assert cli("run", "list", "--limit", "1", "--json").json[0]["parent_run_id"] == run
    newest = cli("run", "list", "-q", "--limit", "1").out.strip()
    assert cli("run", "show", newest, "--json").json["run_config"]["ops"]["orders"]["config"]["rows"] == 7


# ---- how each end looks -----------------------------------------------------------------------------


def test_a_run_show_names_rows_tries_and_what_was_not_made(cli, write):
    write(
        "tries.py",
        """
        from penstock import MaterializeResult, RetryPolicy, asset
        tries = []

        @asset(retry_policy=RetryPolicy(max_retries=1))
        def shaky():
            tries.append(1)
            if len(tries) == 1:
                raise OSError("once")
            return MaterializeResult(metadata={"penstock/row_count": 1200})

        @asset(deps=[shaky])
        def broken():
            raise ValueError("no")

        @asset(deps=[broken])
        def never(): ...
        """,
    )
    cli("materialize", "-f", "tries.py")
    run = cli("run", "list", "-q").out.strip()
    lines = cli("run", "show", run).steady.splitlines()
    assert "not made  broken, never" in lines
    assert "STEP  STATUS  TRIES  TOOK  RESULT" in lines
    assert "shaky  done  2  TIME  1,200 rows, after OSError: once" in lines
    assert "broken  failed  1  TIME  ValueError: no" in lines
    assert lines[-1] == "try again: penstock run retry RUN"
    assert cli("run", "show", run, "--json").json["not_made"] == ["broken", "never"]


def test_the_line_that_tries_again_works_when_pasted(cli, shop, write, tmp_path):
    write("fail", "")
    (tmp_path / shop).rename(tmp_path / "my shop.py")
    answer = cli("materialize", "-f", "my shop.py")
    line = answer.out.splitlines()[-1].partition("try again:")[2].split(maxsplit=1)
    assert line[1].endswith("-f 'my shop.py'")
    (tmp_path / "fail").unlink()
    assert cli(*shlex.split(line[1])).code == 0


# ---- logs while they are written ---------------------------------------------------------------------


def test_following_a_run_that_ended_shows_all_and_ends(cli, made):
    answer = cli("run", "logs", made, "--follow")
    assert answer.code == 0
    assert answer.steady.splitlines() == ["── orders · out", "reading orders", "── run RUN · done"]
    lines = cli("run", "logs", made, "--follow", "--json").lines
    assert lines == [{"step": "orders", "stream": "out", "text": "reading orders\n"}]


def test_following_reads_whole_lines_and_the_rest_when_the_step_ends(tmp_path):
    folder, store = LogFolder(tmp_path), open_store("memory:")
    run = Run(run_id="1", job_name="job")
    first = [
        v.RunQueued(at=0.0),
        v.RunStarting(at=0.0),
        v.RunStarted(at=0.0),
        v.StepStarted(at=0.0, step="a"),
    ]
    seq = store.create_run(run, first)
    writer = folder.writer("1", "a", Stream.OUT)
    writer.write("one\ntw")
    following = Following(folder, "1")
    assert list(following.news(store)) == [("a", "out", "one\n")]
    assert list(following.news(store)) == []
    writer.write("o")
    store.append("1", seq, [v.StepSucceeded(at=0.0, step="a", seconds=1.0)])
    assert list(following.news(store)) == [("a", "out", "two")]
    assert following.open == set()
    writer.close()
    store.close()


def test_a_retry_is_carried_out_by_what_carried_out_its_run(cli, shop):
    assert cli("materialize", "-f", shop, "--executor", "thread", "-q").code == 0
    (made,) = cli("run", "list", "--json").json
    assert made["tags"]["penstock/executor"] == "thread"
    assert cli("run", "retry", made["run_id"], "--all", "-q").code == 0
    again, _ = cli("run", "list", "--json").json
    assert again["tags"]["penstock/executor"] == "thread"

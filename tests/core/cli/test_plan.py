from __future__ import annotations


def reasons(answer):
    return {step["step"]: step["reason"] for step in answer.json["steps"]}


def test_what_was_never_made_is_missing(cli, shop):
    found = reasons(cli("plan", "-f", shop, "--json"))
    assert (found["orders"], found["revenue"]) == ("missing", "missing")


def test_what_is_up_to_date_is_selected_or_follows_what_runs(cli, shop):
    cli("materialize", "-f", shop, "-q")
    found = reasons(cli("plan", "-f", shop, "--json"))
    assert (found["orders"], found["revenue"], found["report"]) == (
        "selected",
        "upstream runs",
        "upstream runs",
    )


def test_a_check_runs_because_its_asset_does(cli, shop):
    cli("materialize", "-f", shop, "-q")
    assert reasons(cli("plan", "-f", shop, "--json"))["orders_has_rows"] == "upstream runs"


def test_what_a_step_of_another_name_makes_is_told(cli, write):
    write(
        "several.py",
        """
        from penstock import AssetOut, asset, multi_asset

        @multi_asset(outs={"airlines": AssetOut(), "planes": AssetOut()})
        def tables(): ...

        @asset(deps=["planes"])
        def report(): ...
        """,
    )
    assert cli("plan", "-f", "several.py").steady.splitlines()[:3] == [
        "#  STEP  WHY  TOOK  AFTER",
        "1  tables → airlines, planes  missing  -",
        "2  report  missing  -  1",
    ]


def test_a_newer_upstream_is_told(cli, shop):
    cli("materialize", "-f", shop, "-q")
    cli("materialize", "-f", shop, "-q", "-s", "revenue")
    assert reasons(cli("plan", "-f", shop, "-s", "report", "--json")) == {"report": "upstream newer"}


def test_nothing_runs(cli, shop):
    cli("plan", "-f", shop)
    assert cli("run", "list", "--json").json == []


def test_the_plan_is_a_table_in_an_order_in_which_it_can_be_done(cli, shop):
    lines = cli("plan", "-f", shop).steady.splitlines()
    assert lines[:3] == [
        "#  STEP  WHY  TOOK  AFTER",
        "1  orders  missing  -",
        "2  revenue  missing  -  1",
    ]
    assert lines[-1] == "4 steps would run; how long is not known yet."


def test_times_are_those_of_earlier_runs(cli, shop):
    cli("materialize", "-f", shop, "-q")
    answer = cli("plan", "-f", shop, "--json")
    assert all(step["seconds"] is not None for step in answer.json["steps"])
    assert answer.json["seconds"] > 0
    assert "4 steps would run, about" in cli("plan", "-f", shop).out


def test_the_steps_of_a_job_can_be_planned(cli, shop):
    assert cli("plan", "-f", shop, "--job", "greeting", "-q").out == "greet\n"


def test_a_selection_and_a_job_do_not_go_together(cli, shop):
    answer = cli("plan", "-f", shop, "--job", "greeting", "-s", "orders")
    assert answer.code == 2
    assert "either --select or --job" in answer.err

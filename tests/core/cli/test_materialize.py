from __future__ import annotations

import json
import re

import pytest


def test_a_pipe_gets_one_line_a_step_and_a_summary(cli, shop):
    answer = cli("materialize", "-f", shop)
    assert answer.code == 0
    lines = answer.steady.splitlines()
    assert [*lines[:2], *sorted(lines[2:5]), *lines[5:]] == [
        "reading orders",
        "HH:MM:SS  done  orders  TIME",
        "HH:MM:SS  done  orders_has_rows  TIME",
        "HH:MM:SS  done  report  TIME",
        "HH:MM:SS  done  revenue  TIME",
        "✓ done: 3 assets made, 1 check passed in TIME",
        "look at it: penstock run show RUN",
    ]


def test_only_what_is_selected_is_made(cli, shop):
    answer = cli("materialize", "-f", shop, "--select", "orders", "--json")
    assert answer.code == 0
    assert answer.lines[-1]["assets"] == ["orders"]


def test_json_is_one_event_a_line_and_a_summary(cli, shop):
    answer = cli("materialize", "-f", shop, "--json")
    *events, summary = answer.lines
    assert {"RUN_START", "STEP_SUCCESS", "ASSET_MATERIALIZATION", "RUN_SUCCESS"} <= {
        e["type"] for e in events
    }
    assert {event["run_id"] for event in events} == {summary["run_id"]}
    assert (summary["type"], summary["status"], summary["checks_passed"]) == ("SUMMARY", "SUCCESS", 1)
    assert "reading orders" in answer.err


def test_a_failure_shows_the_users_lines_alone_and_what_to_do(cli, shop, write):
    write("fail", "")
    answer = cli("materialize", "-f", shop)
    assert answer.code == 1
    assert "failed   revenue  ValueError: no revenue today" in answer.out
    assert re.search(r'shop\.py", line \d+, in revenue\n +raise ValueError', answer.out)
    assert "core/penstock" not in answer.out
    assert re.search(r"✗ failed: 1 asset made, \d steps done, 1 step failed, 1 step not run", answer.out)
    assert re.search(
        r"try again:  penstock run retry [0-9a-f]{8} -f shop.py$", answer.out, flags=re.MULTILINE
    )


def test_quiet_writes_failures_alone(cli, shop, write):
    assert cli("materialize", "-f", shop, "-q").out == "reading orders\n"
    write("fail", "")
    answer = cli("materialize", "-f", shop, "-q")
    assert answer.out.splitlines()[1].endswith("failed   revenue  ValueError: no revenue today")


def test_verbose_shows_what_was_made(cli, shop):
    answer = cli("materialize", "-f", shop, "-v")
    assert "made     orders" in answer.out
    assert "passed   check orders:has_rows" in answer.out


def test_config_is_json_text_or_a_file(cli, shop, write):
    config = {"ops": {"orders": {"config": {"rows": 5}}}}
    assert cli("materialize", "-f", shop, "-c", json.dumps(config)).code == 0
    write("config.json", json.dumps(config))
    assert cli("materialize", "-f", shop, "-c", "config.json").code == 0
    write("config.yaml", "ops:\n  orders:\n    config: {rows: 5}\n")
    assert cli("materialize", "-f", shop, "-c", "config.yaml").code == 0


def test_config_that_cannot_be_read_is_refused(cli, shop, write):
    write("bad.yaml", "a: [")
    write("list.json", "[]")
    for given, said in (
        ("nowhere.json", "nowhere.json cannot be read"),
        ("{1}", "the text of --config is not JSON"),
        ("bad.yaml", "bad.yaml is not YAML"),
        ("list.json", "list.json holds a list"),
    ):
        answer = cli("materialize", "-f", shop, "-c", given)
        assert (answer.code, answer.out) == (2, "")
        assert said in answer.err


def test_every_fault_of_the_config_is_told_at_once(cli, shop):
    config = {"ops": {"orders": {"config": {"rows": "many", "rosw": 1}}}, "resurces": {}}
    answer = cli("materialize", "-f", shop, "-c", json.dumps(config))
    assert answer.code == 2
    for path in ("$.ops.orders.config.rows", "$.ops.orders.config.rosw", "$.resurces"):
        assert path in answer.err


def test_an_unknown_asset_is_answered_with_the_nearest(cli, shop):
    answer = cli("materialize", "-f", shop, "-s", "ordesr")
    assert answer.code == 2
    assert "Did you mean 'orders'?" in answer.err


def test_tags_are_those_of_the_run(cli, shop):
    assert cli("materialize", "-f", shop, "-t", "team=shop", "--tag", "why=test").code == 0
    tags = cli("run", "list", "--json").json[0]["tags"]
    assert (tags["team"], tags["why"]) == ("shop", "test")


def test_a_tag_without_a_value_is_refused(cli, shop):
    answer = cli("materialize", "-f", shop, "-t", "team")
    assert answer.code == 2
    assert "wanted KEY=VALUE, found 'team'" in answer.err


def test_an_executor_is_named_as_plugins_name_it(cli, shop):
    assert cli("materialize", "-f", shop, "--executor", "in_process").code == 0
    answer = cli("materialize", "-f", shop, "--executor", "in_proces")
    assert answer.code == 2
    assert "Did you mean 'in_process'" in answer.err


@pytest.mark.parametrize("name", ["inline", "in_process_executor", "multi_or_in_process_executor"])
def test_an_executor_may_be_named_as_in_code(cli, shop, name):
    config = '{"execution": {"config": {"in_process": {}}}}' if name.startswith("multi") else "{}"
    assert cli("materialize", "-f", shop, "--executor", name, "-c", config).code == 0


def test_faulty_config_of_an_executor_that_nobody_named_is_no_reason_to_do_without_it(cli, write):
    write(
        "wide.py",
        """
        from penstock import Definitions, asset

        @asset
        def a(): ...

        @asset
        def b(): ...

        defs = Definitions([a, b])
        """,
    )
    config = '{"execution": {"config": {"multiprocess": {"max_concurrent": -1}}}}'
    refused = cli("materialize", "-f", "wide.py", "-c", config)
    assert (refused.code, "found -1" in refused.err) == (2, True)


def test_a_resource_that_cannot_be_set_up_is_a_failure_with_its_lines(cli, write):
    write(
        "res.py",
        """
        from penstock import Definitions, asset, resource

        @resource
        def warehouse(_context):
            raise ConnectionError("nobody listens")

        @asset(required_resource_keys={"warehouse"})
        def table(context): ...

        defs = Definitions(assets=[table], resources={"warehouse": warehouse})
        """,
    )
    answer = cli("materialize", "-f", "res.py")
    assert answer.code == 1
    assert "failed   resource warehouse  ConnectionError: nobody listens" in answer.out
    assert "line 6, in warehouse" in answer.out


def test_what_cannot_be_stored_is_a_failed_step_and_bad_input(cli, write):
    write("odd.py", "from penstock import asset\n@asset\ndef odd():\n    return lambda: 1\n")
    answer = cli("materialize", "-f", "odd.py")
    assert answer.code == 2
    assert "failed   odd  UnstorableValueError: Asset 'odd': a value of type function" in answer.out
    assert "io_managers/" not in answer.out


def test_another_failure_beside_what_cannot_be_stored_is_a_failed_run(cli, write):
    write(
        "odd.py",
        """
        from penstock import asset

        @asset
        def odd(): return lambda: 1

        @asset
        def broken(): raise ValueError("no")
        """,
    )
    assert cli("materialize", "-f", "odd.py").code == 1


def test_a_retried_step_says_so(cli, write):
    write(
        "again.py",
        """
        from penstock import RetryPolicy, asset
        tries = []

        @asset(retry_policy=RetryPolicy(max_retries=1))
        def shaky():
            tries.append(1)
            if len(tries) == 1:
                raise OSError("once")
            return 1
        """,
    )
    answer = cli("materialize", "-f", "again.py")
    assert answer.code == 0
    assert "retry    shaky  at once, after OSError: once" in answer.out


def test_a_check_that_warns_is_counted_apart(cli, write):
    write(
        "warns.py",
        """
        from penstock import AssetCheckResult, AssetCheckSeverity, asset, asset_check

        @asset
        def orders(): ...

        @asset_check(asset=orders)
        def few(): return AssetCheckResult(passed=False, severity=AssetCheckSeverity.WARN, description="two")

        @asset_check(asset=orders)
        def many(): return AssetCheckResult(passed=False)
        """,
    )
    answer = cli("materialize", "-f", "warns.py")
    assert "warned   check orders:few  two" in answer.out
    assert "failed   check orders:many  did not pass" in answer.out
    assert "1 check warned, 1 check failed in" in answer.out
    summary = cli("materialize", "-f", "warns.py", "--json").lines[-1]
    assert (summary["checks_warned"], summary["checks_failed"]) == (1, 1)


def test_messages_name_the_selected_assets_and_no_job(cli, write):
    write(
        "lacks.py",
        """
        from penstock import Config, asset

        class Rows(Config):
            rows: int

        @asset
        def orders(config: Rows): ...
        """,
    )
    answer = cli("materialize", "-f", "lacks.py")
    assert answer.code == 2
    assert "The run config of the selected assets has faults" in answer.err
    cli("materialize", "-f", "lacks.py", "-c", '{"ops": {"orders": {"config": {"rows": 1}}}}')
    run = cli("run", "list", "-q").out.strip()
    assert "Started the run of the selected assets." in cli("run", "show", run, "--events").out

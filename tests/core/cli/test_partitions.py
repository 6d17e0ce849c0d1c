"""Partitions on the command line: a key, a range, and what is refused before anything is recorded."""

from __future__ import annotations

import pytest

CODE = """
    from penstock import DailyPartitionsDefinition, Definitions, StaticPartitionsDefinition, asset

    DAYS = DailyPartitionsDefinition("2024-01-01")

    @asset(partitions_def=DAYS)
    def days(context) -> None: ...

    @asset(partitions_def=StaticPartitionsDefinition(["a"]))
    def letters() -> None: ...

    @asset
    def plain() -> None: ...

    defs = Definitions(assets=[days, letters, plain])
"""


@pytest.fixture
def made(cli, write):
    """A function that makes a selection, and says which partitions there are then."""
    place = write("parts.py", CODE)

    def call(selection, *options):
        answer = cli("materialize", "-f", place, "-s", selection, "--json", *options)
        events = answer.lines if answer.code == 0 else []
        facts = [event["data"]["materialization"] for event in events if "MATERIALIZATION" in event["type"]]
        return answer, [fact["partition"] for fact in facts]

    return call


def test_a_key_makes_one_partition(made):
    assert made("days", "--partition", "2024-01-02")[1] == ["2024-01-02"]


def test_a_range_makes_each_partition_in_one_run(made):
    keys = ["2024-01-02", "2024-01-03", "2024-01-04"]
    assert made("days", "--partition", "2024-01-02...2024-01-04")[1] == keys


@pytest.mark.parametrize(
    ("selection", "options", "said"),
    [
        ("days", [], "Say which partition to make"),
        ("days or letters", [], "Say which partition to make"),
        ("days or letters", ["--partition", "a"], "one definition"),
        ("plain", ["--partition", "a"], "no partitions"),
        ("letters", ["--partition", "b"], "no partition 'b'"),
        ("days", ["--partition", "2024-01-04...2024-01-02"], "wrong way round"),
        ("days", ["--partition", "2023-01-04...2024-01-02"], "2023-01-04"),
    ],
)
def test_what_cannot_be_made_is_refused_and_not_recorded(made, cli, selection, options, said):
    answer, _ = made(selection, *options)
    assert answer.code == 2
    assert said in answer.out + answer.err
    assert cli("run", "list", "--quiet").out == ""


@pytest.mark.parametrize(("asked", "code"), [("2024-01-02", 0), ("2024-01-02...2024-01-04", 0), ("x", 2)])
def test_a_plan_is_of_partitions_that_exist(cli, write, asked, code):
    place = write("parts.py", CODE)
    assert cli("plan", "-f", place, "-s", "days", "--partition", asked, "-q").code == code


def test_a_failed_range_is_tried_again_as_a_range(cli, write):
    code = CODE.replace("def days(context) -> None: ...", "def days(context) -> None: open('mended').close()")
    place = write("parts.py", code)
    failed = cli("materialize", "-f", place, "-s", "days", "--partition", "2024-01-02...2024-01-03", "--json")
    assert failed.code == 1
    write("mended", "")
    answer = cli("run", "retry", "-f", place, "--json", "--from-failure", failed.lines[-1]["run_id"])
    assert answer.code == 0, answer.err
    facts = [one["data"]["materialization"] for one in answer.lines if "MATERIALIZATION" in one["type"]]
    assert [fact["partition"] for fact in facts] == ["2024-01-02", "2024-01-03"]

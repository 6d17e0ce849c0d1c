"""What functions of schedules and sensors give, read as requests or as a reason for none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from penstock import (
    DailyPartitionsDefinition,
    InvariantViolationError,
    RunRequest,
    SkipReason,
    UnknownPartitionError,
    job,
)
from penstock.automation.ticks import (
    NOTHING_ASKED,
    Surroundings,
    insist_on_run_keys,
    read_answer,
    resolve_requests,
)
from penstock.define.targets import read_targets
from penstock.partitions.view import View

ONE, TWO = RunRequest(run_key="1"), RunRequest(run_key="2")
WHO = "Schedule 'early'"


@job(partitions_def=DailyPartitionsDefinition("2024-01-01"))
def daily(): ...


@job
def plain(): ...


def around(*jobs, **given):
    return Surroundings(who=WHO, targets=read_targets("early", "schedule", jobs=jobs), **given)


@pytest.mark.parametrize("given", [None, [], (), [None]])
def test_nothing_is_a_skip_that_says_so(given):
    assert read_answer(given, WHO) == ((), NOTHING_ASKED)


@pytest.mark.parametrize("given", [SkipReason("rest"), [SkipReason("rest")]])
def test_a_reason_is_a_skip(given):
    assert read_answer(given, WHO) == ((), "rest")


def test_a_reason_may_say_nothing():
    assert read_answer(SkipReason(), WHO) == ((), None)


@pytest.mark.parametrize(("given", "wanted"), [(ONE, (ONE,)), ([ONE, TWO], (ONE, TWO)), ((ONE,), (ONE,))])
def test_requests_are_taken_one_or_many(given, wanted):
    assert read_answer(given, WHO) == (wanted, None)


@pytest.mark.parametrize("given", [[ONE, SkipReason("x")], [SkipReason("x"), SkipReason("y")]])
def test_a_reason_among_other_answers_is_refused(given):
    with pytest.raises(InvariantViolationError, match="not both"):
        read_answer(given, WHO)


@pytest.mark.parametrize("given", [3, "now", {"ops": {}}, [ONE, None], [[ONE]]])
def test_what_asks_for_no_run_is_refused(given):
    with pytest.raises(InvariantViolationError, match="asks for no run"):
        read_answer(given, WHO)


def test_several_requests_need_run_keys():
    insist_on_run_keys([ONE, TWO], WHO)
    insist_on_run_keys([RunRequest()], WHO)
    with pytest.raises(InvariantViolationError, match="asks for 2 runs at once, and 1 of them"):
        insist_on_run_keys([ONE, RunRequest()], WHO)


def test_a_partition_brings_its_tags():
    (found,) = resolve_requests([RunRequest(partition_key="2024-01-02", tags={"a": "b"})], around(daily))
    assert found.tags == {"a": "b", "penstock/partition": "2024-01-02"}


def test_partitions_are_those_of_the_moment():
    view = View(datetime(2024, 1, 3, tzinfo=UTC))
    asked = [RunRequest(partition_key="2024-01-02")]
    assert len(resolve_requests(asked, around(daily, view=view))) == 1
    with pytest.raises(UnknownPartitionError, match="2024-01-03"):
        resolve_requests([RunRequest(partition_key="2024-01-03")], around(daily, view=view))


def test_tags_of_who_asks_come_last():
    (found,) = resolve_requests([RunRequest(tags={"who": "me"})], around(plain, tags={"who": "tick"}))
    assert found.tags == {"who": "tick"}


def test_of_several_jobs_one_must_be_named():
    with pytest.raises(InvariantViolationError, match="one of daily, plain"):
        resolve_requests([RunRequest()], around(daily, plain))
    assert resolve_requests([RunRequest(job_name="plain")], around(daily, plain))[0].job_name == "plain"


def test_a_job_that_is_not_targeted_is_refused():
    with pytest.raises(InvariantViolationError, match=r"'plan'.*Did you mean 'plain'"):
        resolve_requests([RunRequest(job_name="plan")], around(daily, plain))


def test_without_a_job_nothing_can_run():
    with pytest.raises(InvariantViolationError, match="no job to run"):
        resolve_requests([RunRequest()], around())

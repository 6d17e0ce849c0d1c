"""How many partitions one run takes."""

from __future__ import annotations

import pytest

from penstock import BackfillPolicy, BackfillPolicyType, asset
from penstock.errors import InvalidDefinitionError


def test_one_run_takes_all():
    policy = BackfillPolicy.single_run()
    assert policy.max_partitions_per_run is None
    assert policy.policy_type is BackfillPolicyType.SINGLE_RUN


def test_several_runs_take_one_each_unless_told_otherwise():
    assert BackfillPolicy.multi_run() == BackfillPolicy(1)
    assert BackfillPolicy.multi_run(10).max_partitions_per_run == 10
    assert BackfillPolicy.multi_run(10).policy_type is BackfillPolicyType.MULTI_RUN


@pytest.mark.parametrize("most", [0, -1, True, "3"])
def test_less_than_one_is_refused(most):
    with pytest.raises(InvalidDefinitionError, match="at least 1"):
        BackfillPolicy.multi_run(most)


def test_a_policy_says_what_it_does():
    shown = [str(BackfillPolicy.single_run()), str(BackfillPolicy.multi_run(3))]
    assert shown == ["all partitions in one run", "at most 3 partitions a run"]


def test_an_asset_keeps_its_policy():
    @asset(backfill_policy=BackfillPolicy.multi_run(3))
    def a(): ...

    assert a.backfill_policy == BackfillPolicy(3)

"""What a check may answer."""

from __future__ import annotations

import pytest

import penstock
from penstock.errors import InvariantViolationError


@pytest.mark.parametrize("answer", [True, None, "fine"])
def test_an_answer_that_is_no_verdict_is_named(answer):
    @penstock.asset
    def orders():
        return 1

    @penstock.asset_check(asset=orders)
    def tidy():
        return answer

    with pytest.raises(InvariantViolationError, match=r"orders_tidy.*AssetCheckResult\(passed=") as caught:
        penstock.materialize([orders, tidy])
    assert repr(answer) in str(caught.value)

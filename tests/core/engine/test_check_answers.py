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


def test_a_check_has_one_result():
    @penstock.asset
    def orders(): ...

    @penstock.asset_check(asset=orders)
    def tidy():
        yield penstock.AssetCheckResult(passed=True)
        yield penstock.AssetCheckResult(passed=False)

    with pytest.raises(InvariantViolationError, match="second result for the check orders:tidy"):
        penstock.materialize([orders, tidy])

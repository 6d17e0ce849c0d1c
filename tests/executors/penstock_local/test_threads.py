"""The thread executor: the kit, and what only it promises."""

from __future__ import annotations

import pytest

from penstock.errors import InvalidConfigError
from penstock.testing.conformance import ExecutorFeatures, ExecutorKit
from penstock_local.threads import DEFAULT_THREADS, ThreadExecutor


class TestThreadExecutor(ExecutorKit):
    features = ExecutorFeatures(
        in_process=True, reports=True, lanes=frozenset({"thread", "async"}), max_concurrent=4
    )

    def make(self):
        return ThreadExecutor({"max_concurrent": 4})


def test_there_are_32_threads_unless_told():
    assert ThreadExecutor().features.max_concurrent == DEFAULT_THREADS == 32


@pytest.mark.parametrize("number", [0, -1, True, "4", 2.5])
def test_a_wrong_number_of_threads_is_refused(number):
    with pytest.raises(InvalidConfigError, match=r"max_concurrent: wanted a number of threads"):
        ThreadExecutor({"max_concurrent": number})


def test_an_unknown_field_is_named_with_the_one_that_was_meant():
    with pytest.raises(InvalidConfigError, match="Did you mean 'max_concurrent'"):
        ThreadExecutor({"max_concurent": 4})

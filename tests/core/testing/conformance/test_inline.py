"""The inline executor, which is the reference, keeps the promises of the kit."""

from __future__ import annotations

from penstock.engine.inline import FEATURES, InlineExecutor
from penstock.testing.conformance import ExecutorKit


class TestInlineExecutor(ExecutorKit):
    features = FEATURES
    places = 0

    def make(self):
        return InlineExecutor()

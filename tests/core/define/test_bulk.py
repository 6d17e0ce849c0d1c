"""Bulk work without the cycle collector."""

from __future__ import annotations

import gc

import pytest

from penstock.define.bulk import without_collector


def test_the_collector_is_off_inside_and_on_afterwards():
    assert without_collector(gc.isenabled)() is False
    assert gc.isenabled()


def test_the_collector_comes_back_after_an_error():
    with pytest.raises(ZeroDivisionError):
        without_collector(lambda: 1 / 0)()
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off():
    gc.disable()
    try:
        without_collector(int)()
        assert not gc.isenabled()
    finally:
        gc.enable()

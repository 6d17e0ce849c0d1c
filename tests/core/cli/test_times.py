from __future__ import annotations

import re

import pytest

from penstock.cli.times import age, clock, length, moment


@pytest.mark.parametrize(
    ("past", "said"),
    [
        (0, "0 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (7200, "2 h ago"),
        (86_400 * 40, "40 d ago"),
        (-5, "0 s ago"),
    ],
)
def test_an_age_is_in_its_largest_unit(past, said):
    assert age(1_000_000_000 - past, 1_000_000_000) == said


def test_what_never_was_has_no_age():
    assert (age(None, 0), moment(None), length(None)) == ("never", "-", "-")


def test_moments_are_to_the_second():
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", moment(0))
    assert re.fullmatch(r"\d\d:\d\d:\d\d", clock(0))

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from penstock.cli.table import Cell, cut, fold, render

TEXTS = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), max_size=40)
ROWS = st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=5)


def lines(*args, **kwargs):
    return list(render(*args, **kwargs))


def test_columns_are_aligned():
    assert lines(("a", "bb"), [("long", "x"), ("s", Cell("y", "red"))]) == ["A     BB", "long  x", "s     y"]


def test_a_right_column_has_its_title_at_the_right():
    assert lines(("n", "took"), [("x", Cell("1", right=True))]) == ["N  TOOK", "x     1"]


def test_the_elastic_column_is_folded_first():
    found = lines(("a", "b"), [("keep this", "fold this long one at words")], width=27, elastic="b")
    assert found[1:] == ["keep this  fold this long", "           one at words"]


def test_a_long_name_is_folded_between_its_words():
    assert fold("weather_hours_are_unique", 14) == ["weather_hours_", "are_unique"]


def test_names_are_broken_only_when_they_do_not_fit():
    assert fold("hourly_delays, late_routes", 20) == ["hourly_delays,", "late_routes"]


def test_what_has_no_end_is_cut():
    found = lines(("a", "b"), [("x", "word " * 200)], width=30, elastic="b")
    assert len(found) == 1 + 6
    assert found[-1].endswith("…")


@given(TEXTS, st.integers(min_value=1, max_value=20))
def test_folding_loses_nothing(text, width):
    found = fold(text, width)
    assert "".join(found) == text
    assert all(len(line) <= width for line in found)


def test_colours_do_not_count_as_columns():
    found = lines(
        ("a", "b"), [(Cell("x", "red"), "y")], style=lambda text, color: f"<{text}>" if color else text
    )
    assert found[1] == "<x>  y"


@given(ROWS, st.integers(min_value=28, max_value=120))
def test_no_line_is_wider_than_the_screen(rows, width):
    assert all(len(line) <= width for line in lines(("a", "b", "c"), rows, width=width, elastic="b"))


@given(ROWS)
def test_without_a_limit_nothing_is_cut(rows):
    found = lines(("a", "b", "c"), rows)
    assert all(text in line for row, line in zip(rows, found[1:], strict=True) for text in row)


def test_what_is_cut_ends_with_an_ellipsis():
    assert (cut("abcdef", 4), cut("abc", 4), cut("abc", 0)) == ("abc…", "abc", "…")

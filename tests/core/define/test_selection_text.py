"""Quotation, escapes, and the caret beneath a fault."""

from __future__ import annotations

import pytest

from penstock.define.selection import AssetSelection
from penstock.define.selection_text import chars_of, key_of, plain, pointed, quoted, split
from penstock.errors import InvalidDefinitionError


def refused(text):
    with pytest.raises(InvalidDefinitionError) as caught:
        AssetSelection.from_string(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("a/b", ("a", "b")),
        ('"a b"/c', ("a b", "c")),
        (r'"a\/b"', ("a/b",)),
        (r'"say \"x\""', ('say "x"',)),
        (r'"\\"', ("\\",)),
        (r'"\n"', ("\\n",)),
        (r"a\/b", ("a\\", "b")),
    ],
)
def test_a_key_may_be_written_as(written, parts):
    assert key_of(chars_of(written)).parts == parts


def test_only_an_escaped_character_is_no_separator():
    assert [plain(part) for part in split(chars_of(r'a*"b*c\*d"'), "*")] == ["a", "b", "c*d"]
    assert [plain(part) for part in split(chars_of('a="b=c"'), "=", bare=True)] == ["a", "b=c"]


def test_what_is_quoted_escapes_what_has_a_meaning_there():
    assert quoted(["a", "b/c"], "/") == r'"a/b\/c"'
    assert quoted(['"*\\']) == r'"\"*\\"'


def test_carets_stand_beneath_the_word_on_its_own_line():
    assert pointed("a or\nbc d", 5, 7) == "  bc d\n  ^^"
    assert refused("a or\nb c").startswith("The selection cannot be read at line 2, column 3:")
    assert refused("a or\nb c").endswith("\n  b c\n    ^")


def test_wide_and_combining_characters_keep_the_caret_in_place():
    assert pointed("东京 x", 3, 4) == "  东京 x\n       ^"
    assert pointed("e\u0301 x", 3, 4).endswith("\n    ^")
    assert pointed("\ta", 1, 2) == "   a\n   ^"


def test_of_a_long_text_what_stands_around_the_fault_is_shown():
    message = refused("a or " * 500 + "(b c) or " + "d or " * 500 + "e")
    line, carets = message.splitlines()[-2:]
    assert len(line) < 140
    assert line[2] == line[-1] == "…"
    assert line[carets.index("^") :].startswith("c) or d or ")
    assert len(refused("a " + "b" * 10_000)) < 500


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("a &", 3, "For '&' write 'and'."),
        ("a || b", 3, "For '||' write 'or'."),
        ("a not b", 3, "Write 'and not'."),
        ("a b", 3, "Join choices with 'and', 'or' or a comma."),
        ("a)", 2, "wanted 'and', 'or', ',' or the end, found ')'"),
        ("roots(a", 8, "wanted 'and', 'or', ',' or ')', found the end"),
        ("a or tag:", 10, "wanted a value right after tag:, found the end"),
        ("a,", 3, "wanted an asset, an attribute such as group:"),
        ("++key:a", 1, "only a bare name counts plus signs"),
        ("key:<null>", 5, "wanted a value"),
        ("is:made", 4, "wanted one of external, materializable, observable"),
        ("check:tidy", 7, "Name the asset, a colon and the check."),
        ("job:nightly", 1, "penstock job run"),
        ("Group:raw", 1, "Did you mean 'group'"),
        ('a or "b', 6, "a closing quotation mark"),
    ],
)
def test_a_fault_says_what_to_do(text, column, said):
    message = refused(text)
    assert f"at column {column}: " in message
    assert said in message
    assert message.splitlines()[-1].index("^") == column + 1


@pytest.mark.parametrize(
    "text", ["(" * 500 + "a" + ")" * 500, "not " * 500 + "a", "roots(" * 500 + "a" + ")" * 500]
)
def test_what_is_nested_too_deeply_is_refused(text):
    assert "at most 100 choices inside of each other" in refused(text)


def test_a_number_of_steps_may_have_any_length():
    assert AssetSelection.from_string("9" * 5_000 + "+key:a") == AssetSelection.from_string("999999999+key:a")

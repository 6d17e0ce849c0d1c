"""Keys become paths, and never two keys the same."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from penstock_files.layout import EXTENSIONS, LONGEST, PARTITION_MARK, asset_stem, encode_segment, output_stem

PIECE = st.characters(codec=None) | st.sampled_from([*"./%~\0ab", *EXTENSIONS, PARTITION_MARK])
PART = st.lists(PIECE, max_size=5).map("".join)
LONG = st.integers(190, 310).map(lambda n: "x" * n)
KEY = st.lists(PART | LONG, min_size=1, max_size=3)
WHERE = st.tuples(KEY, st.none() | PART | LONG)


@pytest.mark.parametrize(
    ("part", "segment"),
    [
        ("orders", "orders"),
        ("work[a]", "work[a]"),
        ("2024-03-01-09:00", "2024-03-01-09:00"),
        ("red|2024-03-01", "red|2024-03-01"),
        ("0.94-to-0.95", "0.94-to-0.95"),
        ("größe", "größe"),
        ("..", "%2E."),
        (".hidden", "%2Ehidden"),
        ("a/b", "a%2Fb"),
        ("/etc/passwd", "%2Fetc%2Fpasswd"),
        ("a\\b", "a%5Cb"),
        ("nul\0", "nul%00"),
        ("100%", "100%25"),
        ("line\nbreak", "line%0Abreak"),
        ("", "%"),
        ("\ud800", "%ED%A0%80"),
        ("a.json", "a%2Ejson"),
        ("b.part", "b%2Epart"),
        (".json", "%2Ejson"),
    ],
)
def test_a_part_is_one_readable_segment(part, segment):
    assert encode_segment(part) == segment


def test_a_long_part_keeps_its_beginning_and_gets_a_hash():
    one, other = encode_segment("x" * 300), encode_segment("x" * 299)
    assert one.startswith("x" * 100)
    assert "%~" in one
    assert one != other
    assert encode_segment("x" * LONGEST) == "x" * LONGEST


def test_a_long_part_is_not_cut_inside_a_character():
    assert encode_segment("a" + "ü" * 300).startswith("aü")
    assert encode_segment("/" * 300).startswith("%2F%2F")


def test_a_partition_is_marked_in_the_folder_of_its_asset():
    assert asset_stem(["sales"], "2024-01-01") == "sales/2024-01-01.part"
    assert asset_stem(["sales", "2024-01-01"]) == "sales/2024-01-01"
    assert asset_stem(["pre", "sales"]) == "pre/sales"


def test_an_output_of_an_op_lies_under_run_and_step():
    assert output_stem("run1", "work[a]", "result") == "run1/work[a].result"
    assert output_stem("run1", "gen", "result", "a") == "run1/gen.result[a]"
    assert output_stem("run1", "outer.inner", "json") == "run1/outer.inner%2Ejson"
    assert output_stem("run1", "odd", "a.b[c]") == "run1/odd.a%252Eb%255Bc%255D"


OUTPUT = st.tuples(PART, PART, PART) | st.tuples(PART, PART, PART, PART)


@given(OUTPUT, OUTPUT)
@example(("run", "a.b", "c"), ("run", "a", "b.c"))
@example(("run", "a", "b", "c"), ("run", "a", "b[c]"))
@example(("run", "a.b[c]", "d"), ("run", "a", "b", "c].d"))
def test_two_outputs_never_share_a_path(one, other):
    assert (output_stem(*one) == output_stem(*other)) == (one == other)
    assert output_stem(*one).count("/") == 1


@given(PART | LONG)
@example("..")
@example("." * 300)
@example("\ud800" * 100)
def test_a_segment_can_be_a_file_name_everywhere(part):
    segment = encode_segment(part)
    assert segment
    assert not segment.startswith(".")
    assert not {"/", "\0", "\\"} & set(segment)
    assert len(segment.encode()) <= LONGEST
    assert PurePosixPath("/base", segment).parent == PurePosixPath("/base")


@given(WHERE, WHERE, st.sampled_from(EXTENSIONS), st.sampled_from(EXTENSIONS))
@example((["a"], "b"), (["a", "b"], None), ".json", ".json")
@example((["a.json", "b"], None), (["a"], None), ".json", ".json")
@example((["a", "b.part"], None), (["a"], "b"), ".json", ".json")
@example(([""], None), (["%"], None), ".json", ".json")
@example((["a"], ""), (["a", ""], None), ".json", ".json")
def test_different_values_never_share_a_path(one, other, extension, other_extension):
    path, other_path = asset_stem(*one) + extension, asset_stem(*other) + other_extension
    if one != other:
        assert asset_stem(*one) != asset_stem(*other)
        assert path != other_path
        # a file is never the folder of another file
        assert not other_path.startswith(f"{path}/")


@given(KEY)
def test_a_long_name_is_never_a_short_one(parts):
    long = encode_segment("x" * 250)
    assert all(encode_segment(part) != long for part in parts if part != "x" * 250)
    assert encode_segment(long) != long

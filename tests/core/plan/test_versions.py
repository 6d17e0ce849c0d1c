"""A data version follows from the code and from what it read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from penstock.events.values import CODE_VERSION_TAG, DATA_VERSION_TAG, INPUT_DATA_VERSION_PREFIX
from penstock.keys import AssetKey
from penstock.plan.versions import data_version, version_tags

versions = st.dictionaries(
    st.text("abc", min_size=1, max_size=3).map(AssetKey), st.text(max_size=5), max_size=4
)


@given(st.text(), versions)
def test_equal_code_and_inputs_give_equal_versions(code, inputs):
    reordered = dict(reversed(list(inputs.items())))
    assert data_version(code, inputs) == data_version(code, reordered)


@given(st.text(), st.text(), versions)
def test_other_code_gives_another_version(code, other, inputs):
    assert (data_version(code, inputs) == data_version(other, inputs)) == (code == other)


@given(st.text(), versions, versions)
def test_other_inputs_give_another_version(code, inputs, others):
    assert (data_version(code, inputs) == data_version(code, others)) == (inputs == others)


def test_a_version_that_the_code_gave_wins():
    assert version_tags("run", "1", {}, "mine")[DATA_VERSION_TAG] == "mine"


def test_without_a_code_version_every_run_is_new():
    one, other = version_tags("run 1", None, {}), version_tags("run 2", None, {})
    assert one[DATA_VERSION_TAG] != other[DATA_VERSION_TAG]
    assert CODE_VERSION_TAG not in one


def test_the_versions_that_were_read_are_told():
    tags = version_tags("run", "1", {AssetKey(["a", "b"]): "7"})
    assert tags[INPUT_DATA_VERSION_PREFIX + "a/b"] == "7"

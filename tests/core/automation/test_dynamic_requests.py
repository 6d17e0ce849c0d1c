"""Dynamic partitions as they will be once a tick is carried out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import DynamicPartitionsDefinition, InvariantViolationError
from penstock.automation.dynamic_requests import Changed, refuse_contradictions
from penstock.partitions.view import DynamicKeys

FILES, ROWS = DynamicPartitionsDefinition(name="files"), DynamicPartitionsDefinition(name="rows")
KEYS = st.lists(st.sampled_from("abcdef"), unique=True)


def test_keys_are_added_at_the_end_and_taken_away():
    changed = Changed(
        DynamicKeys({"files": ("a", "b")}),
        [FILES.build_add_request(["c"]), FILES.build_delete_request(["a"])],
    )
    assert changed.get_dynamic_partitions("files") == ["b", "c"]
    assert [changed.has_dynamic_partition("files", key) for key in "abc"] == [False, True, True]


def test_other_sets_stay_as_they_are():
    changed = Changed(DynamicKeys({"rows": ("r",)}), [FILES.build_add_request(["r", "s"])])
    assert changed.get_dynamic_partitions("rows") == ["r"]
    assert not changed.has_dynamic_partition("rows", "s")


def test_without_a_store_there_is_what_was_asked_for():
    changed = Changed(None, [FILES.build_add_request(["a"])])
    assert changed.get_dynamic_partitions("files") == ["a"]
    assert not changed.has_dynamic_partition("files", "b")


@given(KEYS, KEYS, KEYS)
def test_both_questions_agree(there, added, taken):
    requests = [FILES.build_add_request(added), FILES.build_delete_request(taken)]
    changed = Changed(DynamicKeys({"files": tuple(there)}), [one for one in requests if one.partition_keys])
    wanted = set(changed.get_dynamic_partitions("files"))
    found = {key for key in "abcdef" if changed.has_dynamic_partition("files", key)}
    assert found - (set(added) & set(taken)) == wanted - (set(added) & set(taken))


@pytest.mark.parametrize(
    ("requests", "said"),
    [
        ([FILES.build_add_request(["a"]), FILES.build_delete_request(["a"])], "added and to be taken away"),
        ([FILES.build_delete_request(["a"]), FILES.build_add_request(["a"])], "added and to be taken away"),
        ([FILES.build_add_request(["a"]), FILES.build_add_request(["b", "a"])], "twice"),
    ],
)
def test_a_key_is_asked_for_once(requests, said):
    with pytest.raises(InvariantViolationError, match=f"key 'a' of the dynamic partitions 'files'.*{said}"):
        refuse_contradictions(requests, "Sensor 's'")


def test_the_same_key_of_two_sets_is_no_contradiction():
    refuse_contradictions([FILES.build_add_request(["a"]), ROWS.build_delete_request(["a"])], "Sensor 's'")

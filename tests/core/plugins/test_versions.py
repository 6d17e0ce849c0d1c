from __future__ import annotations

import pytest

from penstock.plugins.versions import version_fault


@pytest.mark.parametrize("stated", ["1.0", "1.3"])
def test_the_same_major_and_an_older_minor_fit(stated):
    assert version_fault(stated, "1.3") is None


@pytest.mark.parametrize(
    ("stated", "hint"),
    [
        ("1.4", "upgrade penstock"),
        ("2.0", "upgrade penstock"),
        ("0.9", "install a newer version of the plugin"),
    ],
)
def test_another_version_does_not_fit_and_says_who_must_move(stated, hint):
    fault = version_fault(stated, "1.3")
    assert fault is not None
    assert fault[1] == hint


@pytest.mark.parametrize("stated", [None, 1.0, "one", "1", ""])
def test_what_is_no_version_is_a_fault(stated):
    assert version_fault(stated, "1.3") is not None

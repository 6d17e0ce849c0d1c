"""The names of a folder are known until somebody else changes it."""

from __future__ import annotations

import os
from pathlib import Path

from penstock_files.listing import MOST_NAMES, Listing, stamp_of


def listing_of(folder: Path) -> Listing:
    return Listing(str(folder), [path.name for path in folder.iterdir()], stamp_of(str(folder)))


def test_a_file_of_another_format_is_known(tmp_path):
    (tmp_path / "a.txt").touch()
    listing = listing_of(tmp_path)
    assert listing.may_have_others("a", ".json")
    assert not listing.may_have_others("a", ".txt")
    assert not listing.may_have_others("b", ".json")


def test_our_own_files_are_known_once_they_are_accepted(tmp_path):
    listing = listing_of(tmp_path)
    listing.expect("a.txt")
    (tmp_path / "a.txt").touch()
    os.utime(tmp_path, ns=(1, 1))
    listing.accept()
    assert listing.is_current()
    assert listing.may_have_others("a", ".json")
    assert not listing.may_have_others("b", ".json")


def test_nothing_is_known_any_more_once_somebody_else_changed_the_folder(tmp_path):
    listing = listing_of(tmp_path)
    os.utime(tmp_path, ns=(1, 1))
    assert listing.may_have_others("a", ".json")
    listing.expect("b.json")
    listing.accept()
    assert not listing.is_current()
    assert listing.may_have_others("b", ".json")


def test_a_folder_that_is_gone_is_not_known(tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    listing = listing_of(folder)
    folder.rmdir()
    assert stamp_of(str(folder)) is None
    assert not listing.is_current()


def test_of_a_crowd_no_names_are_kept(tmp_path):
    crowd = [f"{number}.json" for number in range(MOST_NAMES + 1)]
    assert not Listing(str(tmp_path), crowd, stamp_of(str(tmp_path))).is_current()

"""Where the code of an asset stands, as metadata."""

from __future__ import annotations

from pathlib import Path

import pytest

import penstock
from penstock.errors import InvalidDefinitionError


@penstock.asset
def harvest():
    return 1


def references(asset):
    (spec,) = asset.specs
    return penstock.CodeReferencesMetadataSet.extract(spec.metadata).code_references.code_references


def test_an_asset_tells_the_file_and_line_of_its_function():
    (placed,) = penstock.with_source_code_references([harvest])
    (place,) = references(placed)
    assert place.file_path.endswith("test_code_references.py")
    line = Path(__file__).read_text().splitlines()[place.line_number - 1]
    assert line in {"@penstock.asset", "def harvest():"}


def test_specs_come_back_as_they_are():
    spec = penstock.AssetSpec("outside")
    assert penstock.with_source_code_references([spec]) == [spec]


@pytest.mark.parametrize(
    ("url", "start"),
    [
        ("https://github.com/o/r", "https://github.com/o/r/tree/main/src/"),
        ("https://gitlab.com/o/r/", "https://gitlab.com/o/r/-/tree/main/src/"),
    ],
)
def test_local_places_become_links(url, start):
    mapping = penstock.AnchorBasedFilePathMapping(Path(__file__).parent, "src")
    placed = penstock.with_source_code_references([harvest])
    (linked,) = penstock.link_code_references_to_git(placed, url, "main", mapping)
    (link,) = references(linked)
    assert link.url.startswith(f"{start}test_code_references.py#L")


def test_a_file_beside_the_anchor_is_found_by_going_up():
    mapping = penstock.AnchorBasedFilePathMapping(Path("/work/pkg/a.py"), "repo/pkg/a.py")
    assert mapping.convert_to_git_path(Path("/work/pkg/sub/b.py")) == "repo/pkg/sub/b.py"


def test_a_file_far_from_the_anchor_is_refused():
    mapping = penstock.AnchorBasedFilePathMapping(Path("/work/pkg"), "pkg")
    with pytest.raises(InvalidDefinitionError, match="elsewhere"):
        mapping.convert_to_git_path(Path("/elsewhere/b.py"))


def test_an_unknown_forge_is_refused():
    with pytest.raises(InvalidDefinitionError, match=r"sourcehut.*platform"):
        penstock.link_code_references_to_git(
            [harvest], "https://sourcehut.org/r", "main", penstock.AnchorBasedFilePathMapping(Path(), "")
        )


def test_a_relative_path_is_seen_from_the_source_file():
    assert penstock.file_relative_path("/a/b/c.py", "data/x.csv") == "/a/b/data/x.csv"

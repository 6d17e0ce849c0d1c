"""The reference names everything that there is, and links lead somewhere."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from penstock import MetadataValue, errors
from penstock.events.kinds import TYPE_OF
from penstock.host.settings_shape import KEYS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def page(name):
    return (DOCS / "reference" / name).read_text(encoding="utf-8")


def test_every_setting_and_its_variable_are_documented():
    text = page("settings.md")
    missing = [
        key.name for key in KEYS.values() if f"| `{key.name}` | `{key.env}` | {key.wants} |" not in text
    ]
    assert not missing


def test_the_tree_of_errors_is_the_one_in_the_source():
    tree = [line.strip() for line in errors.__doc__.splitlines() if "─" in line]
    shown = [line.strip() for line in page("errors.md").splitlines() if "─" in line]
    assert shown == tree


def test_every_error_stands_in_the_tree():
    classes = [
        name for name, found in inspect.getmembers(errors, inspect.isclass) if issubclass(found, errors.Error)
    ]
    missing = [name for name in classes if not re.search(rf"\b{name}\b", page("errors.md"))]
    assert not missing


def test_every_event_that_is_written_is_documented():
    missing = [name for name in TYPE_OF.values() if f"| `{name}` |" not in page("events.md")]
    assert not missing


def test_every_kind_of_metadata_is_documented():
    makers = [name for name, found in inspect.getmembers(MetadataValue, inspect.isfunction) if name[0] != "_"]
    assert "md" in makers
    missing = [name for name in makers if f"| `MetadataValue.{name}(" not in page("metadata.md")]
    assert not missing


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(path):
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link and not link.startswith("data:")]
    missing = [link for link in local if link.endswith(".md") and not (path.parent / link).exists()]
    assert not missing

"""What folders say of installed distributions must be what ``importlib.metadata`` says."""

from __future__ import annotations

import sys
import zipfile
from importlib.metadata import MetadataPathFinder, entry_points

import pytest

from penstock.plugins.announced import announced
from penstock.plugins.discovery import GROUP, installed


@pytest.fixture(autouse=True)
def only_python(monkeypatch):
    """No finder but Python's own, whatever the test run has put there."""
    finders = [one for one in sys.meta_path if "importlib" in str(getattr(one, "__module__", ""))]
    monkeypatch.setattr(sys, "meta_path", finders)


def seen(points):
    return sorted((p.name, p.value, p.module, (*p.extras,), p.dist.name, p.dist.version) for p in points)


def test_all_of_this_environment_is_seen_as_python_sees_it(site):
    site.install("acme-tools", version="2.1", points={"a": "acme.one", "b": "acme.two [x,y]"}, modules={})
    found = announced(GROUP)
    assert ("b", "acme.two [x,y]", "acme.two", ("x", "y"), "acme-tools", "2.1") in seen(found)
    assert seen(found) == seen(entry_points(group=GROUP))
    assert seen(announced("console_scripts")) == seen(entry_points(group="console_scripts"))


def test_a_distribution_in_development_is_seen(site):
    info = site.folder / "acme.egg-info"
    info.mkdir()
    (info / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 0.1\n\nName: none\n")
    (info / "entry_points.txt").write_text("[other]\nx = y\n\n[penstock.plugins]\n# mine\na=acme:plugin\n")
    assert ("a", "acme:plugin", "acme", (), "acme", "0.1") in seen(announced(GROUP))


def test_what_comes_first_on_the_path_counts(site, tmp_path, monkeypatch):
    site.install("acme-tools", points={"old": "acme"}, modules={})
    later = site.folder
    site.folder = tmp_path / "first"
    site.folder.mkdir()
    site.install("acme-tools", version="2.0", points={"new": "acme"}, modules={})
    monkeypatch.setattr(sys, "path", [str(site.folder), str(later)])
    assert [point.name for point in announced(GROUP)] == ["new"]


def test_a_value_of_no_form_has_no_module(site, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(site.folder)])
    site.install("acme-tools", points={"a": "no module!"}, modules={})
    (point,) = announced(GROUP)
    with pytest.raises(AttributeError):
        _ = point.module


def test_archives_are_left_to_python(tmp_path, monkeypatch):
    archive = tmp_path / "acme.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("acme-1.0.dist-info/METADATA", "Name: acme\nVersion: 1.0\n")
        zipped.writestr("acme-1.0.dist-info/entry_points.txt", "[penstock.plugins]\nzipped = acme\n")
    monkeypatch.syspath_prepend(str(archive))
    assert announced(GROUP) is None
    assert "zipped" in {point.name for point in installed()}
    MetadataPathFinder().invalidate_caches()  # which keep the archive open


def test_finders_that_bring_distributions_are_left_to_python(monkeypatch):
    class Finder:
        find_spec = staticmethod(lambda *_: None)
        find_distributions = staticmethod(lambda *_: [])

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])
    assert announced(GROUP) is None


def test_folders_that_are_not_there_are_passed_over(monkeypatch):
    monkeypatch.setattr(sys, "path", ["/nowhere/at/all"])
    assert announced(GROUP) == []

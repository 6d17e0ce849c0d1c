"""What pyproject.toml says about each package: nobody is forgotten when one is added."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("core", "executors", "io_managers", "integrations")
PACKAGES = sorted(
    f"{folder}/{path.parent.name}"
    for folder in FOLDERS
    for path in (ROOT / folder).glob("penstock*/__init__.py")
)
PLUGINS = [package.split("/")[1] for package in PACKAGES if not package.startswith("core/")]


@pytest.fixture(scope="module")
def settings():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def contract(settings, wanted):
    (found,) = [item for item in settings["tool"]["importlinter"]["contracts"] if item["id"] == wanted]
    return found


def test_the_wheel_holds_each_package(settings):
    assert sorted(settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == PACKAGES


def test_the_import_contracts_know_each_package(settings):
    roots = settings["tool"]["importlinter"]["root_packages"]
    assert sorted(roots) == sorted(package.split("/")[1] for package in PACKAGES)
    assert sorted(contract(settings, "core")["forbidden_modules"]) == sorted(PLUGINS)
    assert sorted(contract(settings, "no-circles")["ancestors"]) == sorted(roots)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_with_a_manifest_is_announced(plugin, settings):
    (folder,) = [ROOT / package for package in PACKAGES if package.endswith(f"/{plugin}")]
    announced = settings["project"]["entry-points"]["penstock.plugins"].values()
    modules = {value.partition(" ")[0] for value in announced}
    assert (folder / "plugin.py").exists() == (f"{plugin}.plugin" in modules)


def test_each_extra_of_an_entry_point_exists(settings):
    extras = settings["project"]["optional-dependencies"]
    for value in settings["project"]["entry-points"]["penstock.plugins"].values():
        named = value.partition("[")[2].rstrip("]")
        assert not named or set(named.split(",")) <= extras.keys()


def test_all_holds_each_extra_that_a_user_may_want(settings):
    extras = settings["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    named = set(everything.partition("[")[2].rstrip("]").split(","))
    assert named == extras.keys() - {"all", "dev", "docs", "examples", "test"}


def test_each_rule_that_is_ignored_has_a_reason():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = text.partition("\nignore = [")[2].partition("\n]")[0]
    assert not [line for line in block.splitlines() if line.strip().startswith('"') and "#" not in line]

"""Each hook: answered by a plugin and heard by the host, and documented with its exact signature."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from penstock.plugins.manager import SIGNATURES, PluginManager, shown
from penstock.plugins.problems import Origin
from penstock.spi.entry import (
    AssetLoaderEntry,
    CommandEntry,
    ExecutorEntry,
    IOManagerEntry,
    ObserverEntry,
    ResourceEntry,
    TypeHandlerEntry,
)
from penstock.spi.hooks import hookimpl

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "hooks.md"


class Plugin:
    """Answers every hook once."""

    @hookimpl
    def penstock_executors(self):
        return [ExecutorEntry(name="e", target="m:e")]

    @hookimpl
    def penstock_observers(self):
        return [ObserverEntry(name="o", target="m:o")]

    @hookimpl
    def penstock_io_managers(self):
        return (IOManagerEntry(name="i", target="m:i", speaks="arrow"),)

    @hookimpl
    def penstock_type_handlers(self):
        yield TypeHandlerEntry(name="pkg.Frame", target="m:t")

    @hookimpl
    def penstock_resources(self):
        return [ResourceEntry(name="r", target="m:r", config="m:C")]

    @hookimpl
    def penstock_asset_loaders(self):
        return [AssetLoaderEntry(name="a", target="m:a")]

    @hookimpl
    def penstock_commands(self):
        return [CommandEntry(name="c", target="m:c", summary="Do it.")]


@pytest.fixture
def manager():
    made = PluginManager()
    assert made.register(Plugin(), Origin(name="all", distribution="acme"))
    return made


def heard(claims):
    return [(claim.entry.name, claim.origin.distribution) for claim in claims]


def test_penstock_executors(manager):
    assert heard(manager.executors()) == [("e", "acme")]


def test_penstock_observers(manager):
    assert heard(manager.observers()) == [("o", "acme")]


def test_penstock_io_managers(manager):
    (claim,) = manager.io_managers()
    assert claim.entry.speaks == "arrow"


def test_penstock_type_handlers(manager):
    assert heard(manager.type_handlers()) == [("pkg.Frame", "acme")]


def test_penstock_resources(manager):
    (claim,) = manager.resources()
    assert claim.entry.config == "m:C"


def test_penstock_asset_loaders(manager):
    assert heard(manager.asset_loaders()) == [("a", "acme")]


def test_penstock_commands(manager):
    (claim,) = manager.commands()
    assert claim.entry.summary == "Do it."


def test_each_hook_is_asked_once(manager):
    calls = []

    class Counting:
        @hookimpl
        def penstock_commands(self):
            calls.append(1)
            return []

    manager.register(Counting(), Origin(name="counting"))
    manager.commands()
    manager.commands()
    assert calls == [1]


@pytest.mark.parametrize("hook", SIGNATURES)
def test_each_hook_has_a_test(hook):
    assert f"test_{hook}" in globals()


@pytest.mark.parametrize("hook", SIGNATURES)
def test_each_hook_has_a_heading_with_its_exact_signature(hook):
    headings = re.findall(r"^### `(.+)`$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert shown(hook, SIGNATURES[hook]) in headings


def test_the_page_documents_no_hook_that_does_not_exist():
    headings = re.findall(r"^### `(penstock_\w+)", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert set(headings) == set(SIGNATURES)

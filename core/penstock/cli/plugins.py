"""``penstock plugins``: what is installed, what it offers, and what is wrong with it."""

from __future__ import annotations

import os
from typing import Any

import click

from penstock.cli.options import answering, examples
from penstock.cli.screen import Screen
from penstock.cli.table import Cell
from penstock.host.registry import open_registry
from penstock.host.settings import load_settings
from penstock.plugins.registry import PluginInfo

_COLORS = {"ready": "green", "incomplete": "yellow", "faulty": "yellow", "disabled": "red"}


@click.command(
    "plugins",
    epilog=examples("penstock plugins", "penstock plugins -v", "PENSTOCK_PLUGINS=none penstock plugins"),
)
@answering
def command(screen: Screen) -> None:
    """List every plugin: name, distribution, version, state and what it offers.

    A plugin is ready, incomplete (a library of its extra is not installed), faulty (a part of it cannot be
    used), disabled (nothing of it can be used) or not selected by PENSTOCK_PLUGINS.
    """
    registry = open_registry(load_settings().plugins, os.environ)
    plugins = registry.plugins()
    if screen.as_json:
        screen.document([_plain(plugin) for plugin in plugins])
    elif screen.quiet:
        screen.names([plugin.origin.name for plugin in plugins])
    else:
        _show(screen, plugins)


def _show(screen: Screen, plugins: tuple[PluginInfo, ...]) -> None:
    rows = [
        (
            plugin.origin.name,
            plugin.origin.distribution,
            plugin.origin.version or "-",
            Cell(plugin.state, _COLORS.get(plugin.state)),
            _offers(plugin, whole=screen.verbose > 0),
        )
        for plugin in plugins
    ]
    screen.table(("name", "distribution", "version", "state", "offers"), rows, elastic="offers")
    for plugin in plugins:
        if plugin.reason:
            hint = f" → {plugin.hint}" if plugin.hint else ""
            screen.say(f"\n{screen.style(plugin.origin.name, bold=True)}: {plugin.reason}{hint}")


def _offers(plugin: PluginInfo, *, whole: bool) -> str:
    if whole:
        return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in plugin.provides.items())
    counts = [
        f"{kind} {''.join(names)}" if len(names) == 1 else f"{len(names)} {kind}s"
        for kind, names in plugin.provides.items()
    ]
    return ", ".join(counts).replace("_", " ")


def _plain(plugin: PluginInfo) -> dict[str, Any]:
    return {
        "name": plugin.origin.name,
        "distribution": plugin.origin.distribution,
        "version": plugin.origin.version,
        "state": plugin.state,
        "extras": list(plugin.origin.extras),
        "provides": {kind: list(names) for kind, names in plugin.provides.items()},
        "reason": plugin.reason,
        "hint": plugin.hint,
    }

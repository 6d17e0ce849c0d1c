"""The group of all commands: names and help lines from entries, code on first call.

Owns: how a command is found. What is built in comes first; plugins are looked at when a name is not
built in, or when all commands are listed. Lazy: a command's module is imported when it is called.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import Any

import click

from penstock.errors import PluginError, SettingsError, suggest
from penstock.host.registry import open_registry
from penstock.host.settings import load_settings
from penstock.plugins.manager import Claim
from penstock.plugins.registry import Registry


class PenstockGroup(click.Group):
    """Commands as the registry knows them."""

    @cached_property
    def registry(self) -> Registry:
        """Every plugin that offers a command, as the settings choose.

        Where the settings are faulty all are taken: the command itself then tells the faults.
        """
        try:
            selection = load_settings().plugins
        except SettingsError:
            selection = None
        return open_registry(selection, os.environ)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name, what is built in first, in its own order."""
        return [*self.registry.names("command")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now; None when there is none."""
        try:
            claim = self.registry.entry("command", cmd_name)
        except PluginError:
            return None
        return self._loaded(claim)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names.

        Raises:
            UsageError: when there is none; says which was perhaps meant.
        """
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None and not name.startswith("-"):
            names = self.list_commands(ctx)
            raise click.UsageError(f"There is no command {name!r}.{suggest(name, names)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write names and help lines without importing a command; those of plugins apart."""
        claims = self.registry.names("command")
        own = [(name, claim.entry.summary) for name, claim in claims.items() if claim.origin.builtin]
        others = [
            (name, f"{claim.entry.summary} ({claim.origin.distribution})".strip())
            for name, claim in claims.items()
            if not claim.origin.builtin
        ]
        for title, rows in (("Commands", own), ("Commands of plugins", others)):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def _loaded(self, claim: Claim[Any]) -> click.Command:
        found = self.registry.load(claim)
        if not isinstance(found, click.Command):
            raise PluginError(
                f"Command {claim.entry.name!r} of {claim.origin.title} is {found!r}, wanted a click command."
            )
        return found

"""A group whose commands are imported when they are called.

Owns: ``LazyGroup``. Help lines of such commands stand beside their targets, as those of plugins do.
Lazy: imports targets by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """Commands of its own, and others by ``name → ("module:attribute", help line)``.

    Args:
        targets: the commands that are imported when they are called.
    """

    def __init__(self, *args: Any, targets: Mapping[str, tuple[str, str]] | None = None, **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.targets = dict(targets or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name, sorted."""
        return sorted({*super().list_commands(ctx), *self.targets})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now when it is one of the targets."""
        if cmd_name in self.targets and cmd_name not in self.commands:
            module, _, attribute = self.targets[cmd_name][0].partition(":")
            self.add_command(getattr(import_module(module), attribute), cmd_name)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write names and help lines without importing a target."""
        rows = [(name, self._line(name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _line(self, name: str) -> str:
        if name in self.targets:
            return self.targets[name][1]
        return self.commands[name].get_short_help_str(limit=80)

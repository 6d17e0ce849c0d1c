from __future__ import annotations

import sys

import click
import pytest

from penstock.cli.lazy import LazyGroup
from penstock.cli.main import cli
from penstock.cli.run import TARGETS, command

NOWHERE = {"far": ("penstock_nowhere:command", "Is not imported for help.")}


def test_help_imports_no_target():
    group = LazyGroup("g", targets=NOWHERE)
    assert "far  Is not imported for help." in group.get_help(click.Context(group, info_name="g"))
    assert "penstock_nowhere" not in sys.modules


def test_a_target_that_is_not_there_is_an_error_when_it_is_called():
    group = LazyGroup("g", targets=NOWHERE)
    with pytest.raises(ModuleNotFoundError):
        group.get_command(click.Context(group), "far")


@pytest.mark.parametrize("name", TARGETS)
def test_the_help_line_is_the_first_of_the_commands_own(name):
    context = click.Context(command, parent=click.Context(cli))
    found = command.get_command(context, name)
    assert found.get_short_help_str(limit=100) == TARGETS[name][1]

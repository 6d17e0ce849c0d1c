"""Loading the user's code for a command, as ``-m``, ``-f`` or the settings say.

Lazy: the definitions are imported when a command needs them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from penstock.cli.options import CodeChoice
from penstock.host.code import Code, load_code, source_of
from penstock.host.settings import load_settings
from penstock.host.user_code import CodeSource


def load(choice: CodeChoice) -> Code:
    """The user's definitions.

    Raises:
        CodeLocationError: when they cannot be found or loaded.
    """
    return load_code(source_named(choice))


def source_named(choice: CodeChoice) -> CodeSource:
    """Where the user's definitions are.

    Raises:
        CodeLocationError: when nothing says so.
    """
    return source_of(load_settings(), module=choice.module, file=choice.file, folder=Path.cwd())


def load_or_none(choice: CodeChoice) -> Code | None:
    """The user's definitions, or None when nothing says where they are.

    Raises:
        CodeLocationError: when something says where, and they cannot be loaded.
    """
    settings = load_settings()
    if (choice.module, choice.file, settings.module, settings.file) == (None, None, None, None):
        return None
    return load(choice)


def read_config(given: str | None) -> Any:
    """Run config from the command line: JSON, or a file of JSON or YAML.

    Args:
        given: text that begins with ``{``, or a path; None for none.

    Raises:
        BadParameter: when it can be neither read nor parsed.
    """
    if given is None:
        return None
    if given.lstrip().startswith("{"):
        return _parsed(given, "the text of --config", is_yaml=False)
    path = Path(given)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:  # the latter when it is no text, or no path either
        reason = getattr(error, "strerror", None) or str(error)
        raise click.BadParameter(
            f"wanted JSON text or a file of JSON or YAML, but {given} cannot be read: {reason}",
            param_hint="--config",
        ) from error
    return _parsed(text, given, is_yaml=path.suffix in {".yaml", ".yml"})


def _parsed(text: str, what: str, *, is_yaml: bool) -> Any:
    try:
        found = _yaml(text) if is_yaml else json.loads(text)
    except ValueError as error:
        kind = "YAML" if is_yaml else "JSON"
        raise click.BadParameter(f"{what} is not {kind}: {error}", param_hint="--config") from error
    if not isinstance(found, dict):
        wanted = f"{what} holds a {type(found).__name__}, wanted an object with ops, resources and so on"
        raise click.BadParameter(wanted, param_hint="--config")
    return found  # pyright: ignore[reportUnknownVariableType]  # what a file holds


def _yaml(text: str) -> Any:
    import yaml  # noqa: PLC0415 - lazy, as the docstring says

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error

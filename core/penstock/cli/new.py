"""``penstock new``: begin something that works at once.

Owns: where templates go and what their names are. The templates stand in ``templates``.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from pathlib import Path

import click

from penstock.cli.options import answering, examples
from penstock.cli.screen import Screen
from penstock.cli.templates import PROJECT
from penstock.errors import SettingsError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


@click.group("new")
def command() -> None:
    """Begin a project that works at once."""


@command.command(
    "project", epilog=examples("penstock new project my-shop", "penstock new project my-shop --in ~/work")
)
@click.argument("name")
@click.option(
    "--in", "folder", type=click.Path(path_type=Path), default=".", help="The folder it is made in."
)
@answering
def project(screen: Screen, name: str, folder: Path) -> None:
    """Write a small project: definitions, a test, and a pyproject.toml that says where they are."""
    package = package_name(name)
    place = folder / name
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise SettingsError(f"{place} is there already. Choose another name, or remove it.")
    files = written(PROJECT, name=name, package=package)
    for path, text in files.items():
        target = place / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    if screen.as_json:
        screen.document({"project": name, "folder": str(place), "files": sorted(files)})
        return
    screen.say(f"Made {place} with {len(files)} files. Next:")
    for line in (f"cd {place}", "penstock materialize", "penstock asset list"):
        screen.say(f"  {screen.style(line, 'cyan')}")


def package_name(name: str) -> str:
    """The import name of a project.

    Raises:
        BadParameter: when no import name can be made of it.
    """
    package = name.replace("-", "_").lower()
    if not _NAME.fullmatch(name) or keyword.iskeyword(package) or package == "penstock":
        raise click.BadParameter(
            f"wanted letters, digits, - and _, a letter first, and no word of Python; found {name!r}",
            param_hint="NAME",
        )
    return package


def written(templates: Mapping[str, str], *, name: str, package: str) -> dict[str, str]:
    """Paths and texts of a project, with its names in them."""
    return {
        path.replace("PACKAGE", package): text.replace("PACKAGE", package).replace("PROJECT", name)
        for path, text in templates.items()
    }

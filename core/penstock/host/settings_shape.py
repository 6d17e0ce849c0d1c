"""Which settings there are, and how a written value becomes a setting.

Owns: the table of keys with their environment variables and meanings, the reading of each kind of
value, and the sentences about what is wrong. Pure: files and the environment are given as mappings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from penstock.errors import suggest
from penstock.values import frozen


@frozen(kw_only=True)
class Layer:
    """Settings as one place has them.

    Args:
        origin: the place as people know it: a file, ``"the environment"`` or ``"the arguments"``.
        path: where in the file they stand, such as ``"tool.penstock"``.
        values: what is written there; nested for the tables of a file.
        folder: what relative paths are relative to.
    """

    origin: str
    path: str = ""
    values: Mapping[str, Any]
    folder: Path


@frozen(kw_only=True)
class Key:
    """One setting.

    Args:
        name: its key in files; a dot stands for a table.
        env: its environment variable, None when it has none.
        wants: what a value must be, for messages and the reference.
        read: the value from what is written, or None when it cannot be one.
        meaning: one sentence for the reference.
    """

    name: str
    env: str | None
    wants: str
    read: Callable[[Any, Path], Any]
    meaning: str


@frozen
class Found:
    """A setting that was read, and where it was written."""

    value: Any
    origin: str


def read_layer(layer: Layer, keys: Mapping[str, Key]) -> tuple[dict[str, Found], list[str]]:
    """Read what one place has.

    Args:
        layer: the place.
        keys: every setting there is, by name.

    Returns:
        The settings by name, and one sentence for each fault.
    """
    found: dict[str, Found] = {}
    faults: list[str] = []
    for name, written in _flat(layer.values, keys).items():
        where = ".".join(part for part in (layer.path, name) if part)
        key = keys.get(name)
        if key is None:
            faults.append(f"{layer.origin}: {where}: there is no such setting.{suggest(name, keys)}")
            continue
        value = key.read(written, layer.folder)
        if value is None:
            faults.append(f"{layer.origin}: {where}: wanted {key.wants}, found {written!r}.")
        else:
            found[name] = Found(value, f"{layer.origin}: {where}")
    return found, faults


def from_environment(environ: Mapping[str, str], keys: Mapping[str, Key], folder: Path) -> Layer:
    """The settings that the environment has; variables that are no settings are left alone."""
    names = {key.env: name for name, key in keys.items() if key.env}
    values = {names[variable]: text for variable, text in environ.items() if variable in names and text}
    return Layer(origin="the environment", values=values, folder=folder)


def _flat(values: Mapping[str, Any], keys: Mapping[str, Key], prefix: str = "") -> dict[str, Any]:
    """Tables as dotted names, down to where a setting or nothing known stands."""
    tables = {name.rpartition(".")[0] for name in keys}
    flat: dict[str, Any] = {}
    for name, value in values.items():
        dotted = f"{prefix}{name}"
        if isinstance(value, Mapping) and dotted in tables:
            flat.update(_flat(cast("Mapping[str, Any]", value), keys, f"{dotted}."))
        else:
            flat[dotted] = value
    return flat


def _text(written: Any, _folder: Path) -> str | None:
    return written.strip() or None if isinstance(written, str) else None


def _path(written: Any, folder: Path) -> Path | None:
    if isinstance(written, Path):
        return folder / written.expanduser()
    text = _text(written, folder)
    return None if text is None else folder / Path(text).expanduser()


def _place(written: Any, folder: Path) -> str | None:
    """A folder, or a URL that is kept as it is."""
    if isinstance(written, str) and "://" in written:
        return written.strip()
    path = _path(written, folder)
    return None if path is None else str(path)


def _flag(written: Any, _folder: Path) -> bool | None:
    if isinstance(written, bool):
        return written
    words = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    return words.get(written.strip().lower()) if isinstance(written, str) else None


def _days(written: Any, _folder: Path) -> float | None:
    number = _number(written)
    return number if number is not None and number > 0 else None


def _count(written: Any, _folder: Path) -> int | None:
    number = _number(written)
    return int(number) if number is not None and number >= 0 and number == int(number) else None


def _number(written: Any) -> float | None:
    if isinstance(written, bool):
        return None
    try:
        number = float(written)
    except (TypeError, ValueError):
        return None
    return number if abs(number) != float("inf") and number == number else None  # noqa: PLR0124  # not NaN


def _names(written: Any, _folder: Path) -> tuple[str, ...] | None:
    """Names as a list or separated by commas; ``"none"`` is the empty selection."""
    if isinstance(written, str):
        if written.strip().lower() == "none":
            return ()
        written = [part.strip() for part in written.split(",") if part.strip()]
    if not isinstance(written, (list, tuple)):
        return None
    names = cast("list[Any]", written)
    return tuple(names) if all(isinstance(name, str) and name for name in names) else None


def _slots(written: Any, _folder: Path) -> tuple[tuple[str, int], ...] | None:
    """Slots by pool: a table, or ``db=3,api=10``."""
    if isinstance(written, str):
        parts = [part.partition("=") for part in written.split(",") if part.strip()]
        written = {name: slots for name, _, slots in parts}
    if not isinstance(written, Mapping):
        return None
    table = cast("Mapping[Any, Any]", written)
    found = {str(name).strip(): _number(slots) for name, slots in table.items()}
    if any(slots is None or slots < 1 or slots != int(slots) for slots in found.values()):
        return None
    return tuple((name, int(slots)) for name, slots in sorted(found.items()) if slots is not None)


def _key(
    name: str, wants: str, read: Callable[[Any, Path], Any], meaning: str, *, env: str | None = None
) -> Key:
    variable = env if env is not None else f"PENSTOCK_{name.upper().replace('.', '_')}"
    return Key(name=name, env=variable or None, wants=wants, read=read, meaning=meaning)


_PATH, _NAME = "a path", "a name"

KEYS: Mapping[str, Key] = {
    key.name: key
    for key in (
        _key("home", _PATH, _path, "The folder where Penstock keeps everything of its own."),
        _key("store", "a URL", _text, "The database; by default penstock.db in the home folder."),
        _key("log_dir", _PATH, _path, "Where the logs of steps go; by default logs in the home folder."),
        _key(
            "storage_dir", "a path or URL", _place, "Where files of assets and ops go unless told otherwise."
        ),
        _key("module", "the dotted name of a module", _text, "The module with your definitions."),
        _key("file", _PATH, _path, "The Python file with your definitions."),
        _key(
            "attribute",
            _NAME,
            _text,
            "The variable in it that holds the definitions, where there are several.",
        ),
        _key("executor", "the name of an executor", _text, "Carries out steps where a job does not say."),
        _key("pools", "slots by name (db=3)", _slots, "How many steps of a pool run at once within a run."),
        _key("plugins", "a list of names, or none", _names, "Load only these plugins; by default all."),
        _key("allow_network_fs", "true or false", _flag, "Take a database on a network file system."),
        _key(
            "retention.runs_days", "a number of days above 0", _days, "Delete finished runs older than this."
        ),
        _key(
            "retention.runs_keep",
            "a whole number",
            _count,
            "Keep the newest so many finished runs of each job.",
        ),
        _key(
            "retention.logs_days", "a number of days above 0", _days, "Delete logs of steps older than this."
        ),
    )
}
"""Every setting there is, by name."""

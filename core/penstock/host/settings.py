"""Settings: where home, store, code and logs are, from files, environment and arguments.

Later places win: defaults, ``penstock.toml`` in the home folder, ``[tool.penstock]`` of the nearest
``pyproject.toml``, the environment (``PENSTOCK_*``), arguments. Owns: that order, the reading of
those places, the home folder, and the one look at the environment (``environment``). Lazy: the TOML
reader is imported when a file is there. Must not know what is done with a setting.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attrs import field

from penstock.errors import SettingsError
from penstock.host.settings_shape import KEYS, Found, Layer, from_environment, read_layer
from penstock.values import frozen

DEFAULT_HOME = "~/.penstock"
HOME_FILE = "penstock.toml"
_SECTION = "penstock"


@frozen(kw_only=True)
class Retention:
    """How long is kept what runs leave behind; facts about assets are kept for ever.

    Args:
        runs_days: finished runs older than this many days may go; None sets no age.
        runs_keep: the newest so many finished runs of each job stay; None sets no number.
            Where both are given a run goes when both let it; where neither is, every run stays.
        logs_days: delete logs of steps older than this many days; None keeps them.
    """

    runs_days: float | None = None
    runs_keep: int | None = None
    logs_days: float | None = 30.0


@frozen(kw_only=True)
class Settings:
    """What was decided about this installation.

    Args:
        home: the folder of everything; None for an instance that leaves nothing behind.
        store: the URL of the database; None for the file in ``home``, or memory without one.
        log_dir: where logs of steps go; None for ``logs`` in ``home``.
        storage_dir: path or URL where the default I/O manager stores; None for ``storage`` in ``home``.
        module, file, attribute: where the user's definitions are.
        executor: the name of what carries out steps where a job does not say; None for the usual: what the
            command line runs goes to worker processes where steps can run side by side.
        pools: how many steps of a pool run at once within a run.
        plugins: the names of plugins to load; None for all.
        allow_network_fs: take a database on a network file system.
        origins: where each setting was written, by name; defaults are not named.
    """

    home: Path | None = None
    store: str | None = None
    log_dir: Path | None = None
    storage_dir: str | None = None
    module: str | None = None
    file: Path | None = None
    attribute: str | None = None
    executor: str | None = None
    pools: tuple[tuple[str, int], ...] = ()
    plugins: tuple[str, ...] | None = None
    allow_network_fs: bool = False
    retention: Retention = Retention()
    origins: Mapping[str, str] = field(factory=dict[str, str], eq=False, repr=False)


def environment() -> Mapping[str, str]:
    """The environment of this process as it is now: the only place that looks at it."""
    return os.environ


def load_settings(
    arguments: Mapping[str, Any] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Settings:
    """Read all places and decide.

    Args:
        arguments: settings by name (``{"home": …, "retention": {…}}``); a value of None is not given.
        environ: the environment; None for that of this process.
        folder: where to begin looking for ``pyproject.toml``; None for the current folder.

    Raises:
        SettingsError: listing everything that is wrong in all places.
    """
    folder = (folder or Path.cwd()).absolute()
    surroundings = environment() if environ is None else environ
    faults: list[str] = []
    project = _project_layer(folder, faults)
    above = [
        *([] if project is None else [project]),
        from_environment(surroundings, KEYS, folder),
        Layer(origin="the arguments", values=_given(arguments), folder=folder),
    ]
    decided = _merged(above, faults)
    home = decided["home"].value if "home" in decided else Path(DEFAULT_HOME).expanduser()
    own = _home_layer(home, faults)
    if own is not None:
        decided = _put_above(_merged([own], faults), decided)
    if faults:
        raise SettingsError(_listing(faults))
    return _settings(home, decided)


def settings_of(home: Path | None, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Settings that look at no file and no environment.

    Args:
        home: the folder of everything, None for none.
        overrides: settings by name; relative paths are taken from ``home``.

    Raises:
        SettingsError: listing everything that is wrong in the overrides.
    """
    if not overrides:
        return Settings(home=home)
    faults: list[str] = []
    layer = Layer(origin="the overrides", values=_given(overrides), folder=home or Path.cwd())
    decided = _merged([layer], faults)
    if faults:
        raise SettingsError(_listing(faults))
    return _settings(decided["home"].value if "home" in decided else home, decided)


def prepare_home(home: Path, say: Callable[[str], None] | None = None) -> None:
    """Make the home folder when it is missing, and say so once.

    Args:
        home: the folder.
        say: told one line when the folder was made; None prints it to standard error.

    Raises:
        SettingsError: when it cannot be made or written to.
    """
    try:
        made = _make_folder(home)
    except OSError as error:
        reason = f"{home} is a file" if home.is_file() else error.strerror
        raise SettingsError(
            f"Penstock wants to keep its runs in {home}, but cannot make that folder: {reason}."
            " Set PENSTOCK_HOME to a folder that you can write to."
        ) from error
    if not os.access(home, os.W_OK | os.X_OK):
        raise SettingsError(
            f"Penstock wants to keep its runs in {home}, but may not write there."
            " Check who owns it, or set PENSTOCK_HOME to a folder that you can write to."
        )
    if made:
        (say or _say)(f"Created Penstock home at {home}")


def _make_folder(folder: Path) -> bool:
    """Whether it is new; of several processes that make it at once only one is told so."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        if folder.is_dir():
            return False
        raise
    return True


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


# ---- the places ----------------------------------------------------------------------------------


def _home_layer(home: Path, faults: list[str]) -> Layer | None:
    path = home / HOME_FILE
    values = _read_toml(path, faults)
    if values is not None and "home" in values:
        faults.append(
            f"{path}: home: the file lies in the home folder and cannot move it. Set PENSTOCK_HOME."
        )
        values = {name: value for name, value in values.items() if name != "home"}
    return None if values is None else Layer(origin=str(path), values=values, folder=home)


def _project_layer(folder: Path, faults: list[str]) -> Layer | None:
    for place in (folder, *folder.parents):
        path = place / "pyproject.toml"
        if path.is_file():
            values = _read_toml(path, faults, mention=_SECTION.encode())
            table = values.get("tool", {}).get(_SECTION) if values else None
            if not isinstance(table, Mapping):
                return None
            return Layer(origin=str(path), path=f"tool.{_SECTION}", values=table, folder=place)  # pyright: ignore[reportUnknownArgumentType]  # TOML tables
    return None


def _read_toml(path: Path, faults: list[str], mention: bytes = b"") -> dict[str, Any] | None:
    """A TOML file, None when it is missing, broken, or does not mention a word."""
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        faults.append(f"{path}: cannot be read: {error.strerror}.")
        return None
    if mention not in text:
        return None
    import tomllib  # noqa: PLC0415  # lazy, as the docstring of this module says

    try:
        return tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(f"{path}: is not TOML: {error}.")
        return None


# ---- deciding ------------------------------------------------------------------------------------


def _given(arguments: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (arguments or {}).items() if value is not None}


def _merged(layers: list[Layer], faults: list[str]) -> dict[str, Found]:
    decided: dict[str, Found] = {}
    for layer in layers:
        found, wrong = read_layer(layer, KEYS)
        faults.extend(wrong)
        if "module" in found and "file" in found:
            faults.append(
                f"{found['file'].origin}: the definitions are either in a module or in a file, found both."
                " Strike out one."
            )
        decided = _put_above(decided, found)
    return decided


def _put_above(lower: dict[str, Found], upper: dict[str, Found]) -> dict[str, Found]:
    """Both, where the upper wins; code named above is not mixed with code named below."""
    if "module" in upper or "file" in upper:
        lower = {name: found for name, found in lower.items() if name not in {"module", "file", "attribute"}}
    return {**lower, **upper}


def _settings(home: Path | None, decided: Mapping[str, Found]) -> Settings:
    flat = {name: found.value for name, found in decided.items() if "." not in name and name != "home"}
    retention = {
        name.removeprefix("retention."): found.value
        for name, found in decided.items()
        if name.startswith("retention.")
    }
    origins = {name: found.origin for name, found in decided.items()}
    return Settings(home=home, **flat, retention=Retention(**retention), origins=origins)


def _listing(faults: list[str]) -> str:
    if len(faults) == 1:
        return f"The settings cannot be used: {faults[0]}"
    return "\n".join(
        [f"The settings cannot be used, {len(faults)} faults:", *(f"  {fault}" for fault in faults)]
    )

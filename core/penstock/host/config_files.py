"""Run config from YAML: files and texts merged into one dict.

Owns: reading and merging; later ones win, entry by entry. Lazy: the YAML library is imported here only
when something is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from glob import glob
from pathlib import Path
from typing import Any, cast

from penstock.errors import InvalidConfigError, SettingsError


def config_from_files(config_files: Sequence[str]) -> dict[str, Any]:
    """The run config that YAML files say together.

    Args:
        config_files: paths, with ``*`` and ``**`` for several; each must fit at least one file.

    Raises:
        SettingsError: when a path fits no file.
        InvalidConfigError: when a file is no YAML or holds no mapping; names file, line and column.
    """
    paths: list[str] = []
    for pattern in config_files:
        found = sorted(glob(pattern, recursive=True))  # noqa: PTH207  # patterns may be absolute
        if not found:
            raise SettingsError(f"No file fits {pattern!r}. Check the path, seen from {Path.cwd()}.")
        paths.extend(found)
    return _merged((path, Path(path).read_text(encoding="utf-8")) for path in paths)


def config_from_yaml_strings(yaml_strings: Sequence[str]) -> dict[str, Any]:
    """The run config that YAML texts say together.

    Args:
        yaml_strings: each a mapping.

    Raises:
        InvalidConfigError: when a text is no YAML or no mapping.
    """
    return _merged((f"text {number}", text) for number, text in enumerate(yaml_strings, start=1))


def _merged(sources: Iterable[tuple[str, str]]) -> dict[str, Any]:
    import yaml  # noqa: PLC0415  # lazy: costs more than all of this module

    merged: dict[str, Any] = {}
    for name, text in sources:
        try:
            said = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise InvalidConfigError(f"{name} is no YAML: {error}") from error
        if said is None:
            continue
        if not isinstance(said, Mapping):
            raise InvalidConfigError(
                f"{name} wants a mapping such as 'ops: ...', found {type(said).__name__}."
            )
        _merge(merged, cast("Mapping[str, Any]", said))
    return merged


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        known = into.get(key)
        if isinstance(known, dict) and isinstance(value, Mapping):
            _merge(cast("dict[str, Any]", known), cast("Mapping[str, Any]", value))
        else:
            into[key] = value

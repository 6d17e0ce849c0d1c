"""From what a user writes as base folder to the ``Folder`` that stores there.

Owns: telling local paths from URLs. A folder is opened once per process and shared, so that many
steps flush together.
"""

from __future__ import annotations

import os
from functools import lru_cache
from importlib import import_module
from urllib.parse import unquote, urlsplit

from penstock.errors import InvalidConfigError, suggest
from penstock_files.folder import Folder
from penstock_files.local import DURABILITIES, LocalFolder


def open_folder(base_dir: str | os.PathLike[str], durability: str = "batched") -> Folder:
    """The folder of a base directory.

    Args:
        base_dir: a local path (``~`` and relative ones are made absolute), or a URL of any scheme
            that ``pyarrow.fs`` or fsspec knows.
        durability: one of ``local.DURABILITIES``; other file systems keep their own.

    Raises:
        InvalidConfigError: when the durability is none of them.
        PluginError: when nobody knows the scheme.
    """
    if durability not in DURABILITIES:
        raise InvalidConfigError(
            f"FilesystemIOManager: durability is one of {', '.join(map(repr, DURABILITIES))},"
            f" found {durability!r}.{suggest(str(durability), DURABILITIES)}"
        )
    text = os.fspath(base_dir)
    if "://" in text and not text.startswith("file://"):
        return _open_remote(text)
    path = unquote(urlsplit(text).path) if text.startswith("file://") else text
    return _open_local(os.path.abspath(os.path.expanduser(path)), durability)


@lru_cache(maxsize=256)
def _open_local(root: str, durability: str) -> Folder:
    return LocalFolder(root.rstrip("/"), durability)


@lru_cache(maxsize=256)
def _open_remote(url: str) -> Folder:
    folder: Folder = import_module("penstock_files.remote").open_remote(url)
    return folder

"""Where a value lies: from keys to a relative path, without looking at any disk.

Owns: the layout, and that two values never share a file. The last part of a key is a file, named
``<part><extension>``; the parts before it are folders, so an asset ``a`` (``a.json``) and an asset
``a/b`` (``a/b.json``) stand side by side. A partition is a file in the folder named after its asset,
with ``.part`` before the extension (``sales/2024-01-01.part.parquet``), so it is never taken for the
asset ``sales/2024-01-01``, and ``sales/*.part.parquet`` is all of ``sales``. The output of an op is a file
in the folder of its run (``<run>/load.result.json``; the item ``a`` of a dynamic one
``<run>/load.result[a].json``): a folder for each step cost more than the file in it. The extension is
the record of the format.

One part of a key is always one segment: what a file system cannot hold, or could misread, is
percent-encoded, and a name over 200 bytes becomes its beginning and its SHA-256.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256

EXTENSIONS = (".parquet", ".json", ".txt", ".bin", ".pickle")
PARTITION_MARK = ".part"
LONGEST = 200
"""Bytes that a segment may have without its extension; common file systems allow 255 with it."""

_KEPT_OF_LONG = 120
_PLAIN = re.compile(r"[A-Za-z0-9_\-=+,@ \[\]()](?:[A-Za-z0-9_\-=+,@ \[\]()|:.]*)", re.ASCII)
_MARKS = re.compile(r"[.\[\]%]")
_ALWAYS = frozenset('%/\\\0<>"*?') | {chr(code) for code in (*range(32), 127)}
_TAILS = (*EXTENSIONS, PARTITION_MARK)


@lru_cache(maxsize=8192)
def encode_segment(part: str) -> str:
    """One part of a key as one name in a folder; different parts give different names.

    Args:
        part: any text, the empty one and lone surrogates included.
    """
    if _PLAIN.fullmatch(part) and len(part) <= LONGEST and not part.endswith(_TAILS):
        return part
    encoded = _encode(part) if part else "%"
    if len(encoded.encode()) <= LONGEST:
        return encoded
    kept = re.sub(r"%.?$", "", encoded.encode()[:_KEPT_OF_LONG].decode(errors="ignore"))
    return f"{kept}%~{sha256(part.encode(errors='surrogatepass')).hexdigest()}"


def asset_stem(parts: Sequence[str], partition: str | None = None) -> str:
    """The path of an asset below the base folder, without extension.

    Args:
        parts: the parts of its key.
        partition: the partition key of an asset that has partitions.
    """
    path = "/".join(map(encode_segment, parts))
    return path if partition is None else f"{path}/{encode_segment(partition)}{PARTITION_MARK}"


def output_stem(run: str, step: str, output: str, item: str | None = None) -> str:
    """The path of an op's output below the base folder, without extension.

    Args:
        run: the id of the run.
        step: the key of the step; it may hold dots and brackets.
        output: the name of the output.
        item: the mapping key of an item of a dynamic output.
    """
    name = f"{step}.{_without_marks(output)}"
    if item is not None:
        name = f"{name}[{_without_marks(item)}]"
    return f"{encode_segment(run)}/{encode_segment(name)}"


def _without_marks(name: str) -> str:
    """Names of users have none; without them the last dot and the brackets at the end are always ours."""
    return _MARKS.sub(lambda mark: f"%{ord(mark[0]):02X}", name)


def _encode(part: str) -> str:
    encoded = "".join(map(_encode_character, part))
    if encoded.startswith("."):
        encoded = f"%2E{encoded[1:]}"
    for tail in _TAILS:
        if encoded.endswith(tail):
            return f"{encoded[: -len(tail)]}%2E{tail[1:]}"
    return encoded


def _encode_character(character: str) -> str:
    if character not in _ALWAYS and not "\ud800" <= character <= "\udfff":
        return character
    return "".join(f"%{byte:02X}" for byte in character.encode(errors="surrogatepass"))

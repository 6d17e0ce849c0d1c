"""Identifiers: asset keys, check keys, and the ways a user may spell them.

Owns: what a key is, how it is written and parsed. Knows nothing of definitions or stores.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import total_ordering
from typing import Any, NamedTuple

from penstock.errors import InvalidDefinitionError

_SEPARATOR = "/"


@total_ordering
class AssetKey:
    """The identity of an asset: one or several parts, outermost first.

    Args:
        path: one part as a string (slashes are kept: ``AssetKey("a/b")`` has one part), or
            several parts as a sequence of strings.

    Raises:
        InvalidDefinitionError: when there is no part, or a part is not a string.
    """

    __slots__ = ("_hash", "parts")
    parts: tuple[str, ...]

    def __init__(self, path: str | Sequence[str] | AssetKey) -> None:
        if type(path) is str:
            parts: tuple[str, ...] = (path,)
        elif isinstance(path, AssetKey):
            parts = path.parts
        else:
            parts = tuple(path)
        if not parts or not all(isinstance(part, str) for part in parts):
            raise InvalidDefinitionError(
                f"An asset key is a string or a list of strings, found {path!r}."
                " Write AssetKey('name') or AssetKey(['prefix', 'name'])."
            )
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "_hash", hash(parts))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"AssetKey is immutable, cannot set {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        return (AssetKey, (self.parts,))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssetKey) and self.parts == other.parts

    def __lt__(self, other: AssetKey) -> bool:
        return self.parts < other.parts

    def __hash__(self) -> int:
        return self._hash  # type: ignore[attr-defined]  # set in __init__ past __setattr__

    def __repr__(self) -> str:
        return f"AssetKey({list(self.parts)!r})"

    def __str__(self) -> str:
        return self.to_user_string()

    @property
    def path(self) -> list[str]:
        """The parts as a new list, outermost first."""
        return list(self.parts)

    def to_user_string(self) -> str:
        """The parts joined by slashes, as users write keys on the command line."""
        return _SEPARATOR.join(self.parts)

    def to_escaped_user_string(self) -> str:
        """Like ``to_user_string``, with slashes inside parts escaped by a backslash."""
        return _SEPARATOR.join(part.replace(_SEPARATOR, "\\" + _SEPARATOR) for part in self.parts)

    def to_python_identifier(self, suffix: str | None = None) -> str:
        """The parts joined by two underscores: the name of the asset's op and step."""
        path = self.parts if suffix is None else (*self.parts, suffix)
        return "__".join(path).replace("-", "_").replace(".", "_")

    def with_prefix(self, prefix: str | Sequence[str]) -> AssetKey:
        """The same key below more parts."""
        return AssetKey((*as_parts(prefix), *self.parts))

    def has_prefix(self, prefix: Sequence[str]) -> bool:
        """Whether the first parts are these."""
        return self.parts[: len(prefix)] == tuple(prefix)

    @staticmethod
    def from_user_string(text: str) -> AssetKey:
        """Read a key as users write it: ``"a/b"`` has two parts.

        Args:
            text: parts joined by slashes.
        """
        return AssetKey(text.split(_SEPARATOR))


class AssetCheckKey(NamedTuple):
    """The identity of a check: its asset and its name."""

    asset_key: AssetKey
    name: str

    def to_user_string(self) -> str:
        """``"asset/key:check_name"``."""
        return f"{self.asset_key.to_user_string()}:{self.name}"

    @staticmethod
    def from_user_string(text: str) -> AssetCheckKey:
        """Read a key as users write it: ``"a/b:c"`` is the check ``c`` of the asset ``a/b``.

        Args:
            text: the asset's key and the check's name, joined by a colon.

        Raises:
            InvalidDefinitionError: when there is no colon.
        """
        asset, colon, name = text.rpartition(":")
        if not colon:
            raise InvalidDefinitionError(
                f"Check key wants 'asset/key:check_name', found {text!r} without a colon."
            )
        return AssetCheckKey(AssetKey.from_user_string(asset), name)

    def with_asset_key_prefix(self, prefix: str | Sequence[str]) -> AssetCheckKey:
        """The same check on the prefixed asset."""
        return AssetCheckKey(self.asset_key.with_prefix(prefix), self.name)


CoercibleToAssetKey = AssetKey | str | Sequence[str]
CoercibleToAssetKeyPrefix = str | Sequence[str]


def as_parts(prefix: str | Sequence[str] | None) -> tuple[str, ...]:
    """A prefix as a tuple of parts; None is no part."""
    if prefix is None:
        return ()
    return (prefix,) if isinstance(prefix, str) else tuple(prefix)


def as_asset_key(key: CoercibleToAssetKey) -> AssetKey:
    """A key from any spelling: a key, one part as a string, or several parts."""
    return key if isinstance(key, AssetKey) else AssetKey(key)


def user_strings(keys: Iterable[AssetKey]) -> list[str]:
    """The keys as users write them, sorted."""
    return sorted(key.to_user_string() for key in keys)

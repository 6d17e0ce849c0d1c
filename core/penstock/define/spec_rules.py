"""What keys, groups, owners, tags and kinds may look like.

Owns: the spelling rules of everything that is said about an asset, and their messages. Pure string
work without regular expressions: it runs for every asset of a project.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from keyword import iskeyword

from penstock.errors import InvalidDefinitionError, suggest
from penstock.keys import AssetKey, as_asset_key

KIND_PREFIX = "penstock/kind/"
IO_MANAGER_KEY = "penstock/io_manager_key"
COMPUTE_KIND_TAG = "penstock/compute_kind"
"""The metadata entry of an external asset that names the I/O manager which reads it."""
DEFAULT_GROUP = "default"

_LONGEST_PART = 255
_LONGEST_TAG = 63
_RESERVED = frozenset(
    {"bool", "conf", "config", "context", "dict", "float", "input", "int", "meta", "output", "str", "type"}
)
_DOTS = frozenset({"", ".", ".."})
# Names that passed once: a project says the same groups, tags and owners thousands of times.
_fine_groups: set[str] = {DEFAULT_GROUP}
_fine_owners: set[str] = set()
_fine_tags: set[tuple[str, str]] = set()


@lru_cache(maxsize=1 << 17)
def key_named(name: str) -> AssetKey:
    """The key of one part, the same object each time: every argument of a function names one."""
    return AssetKey(name)


def checked_key(key: object) -> AssetKey:
    """A key from any spelling, refused when no store could keep it.

    Raises:
        InvalidDefinitionError: a part is empty, ``.``, ``..``, longer than 255 characters, or holds
            a control character.
    """
    made = as_asset_key(key)  # type: ignore[arg-type]  # it checks what users wrote
    for part in made.parts:
        if not part.isidentifier() or len(part) > _LONGEST_PART:
            _check_part(part, made)
    return made


def _check_part(part: str, key: AssetKey) -> None:
    shown = repr(part if len(part) <= 80 else f"{part[:80]}…")
    if part in _DOTS:
        raise InvalidDefinitionError(
            f"The asset key {key!r} has the part {shown}, which cannot name a stored thing."
            " Give every part of a key a name."
        )
    if len(part) > _LONGEST_PART:
        raise InvalidDefinitionError(
            f"A part of an asset key has at most {_LONGEST_PART} characters,"
            f" found {len(part)} in {shown}. Shorten it, or split the key into several parts."
        )
    if not part.isprintable():
        raise InvalidDefinitionError(
            f"The part {shown} of an asset key holds a character that cannot be printed. Remove it."
        )


def check_name(name: str, what: str = "asset") -> str:
    """A name that the user may give to an asset, check or job.

    Args:
        name: letters, digits and ``_``, also ``-`` and ``.``; no Python keyword or reserved name.
        what: what is being named, for the message.

    Raises:
        InvalidDefinitionError: when it is not such a name.
    """
    if iskeyword(name) or name in _RESERVED:
        raise InvalidDefinitionError(
            f"{name!r} cannot name an {what}: it is reserved by Python or Penstock. Choose another name."
        )
    if not _is_word(name.replace("-", "_").replace(".", "_")):
        raise InvalidDefinitionError(
            f"{name!r} cannot name an {what}: wanted letters, digits, '_', '-' and '.'. Rename it,"
            " or give a key of several parts: key=['prefix', 'name']."
        )
    return name


def op_name_of(key: AssetKey) -> str:
    """The name of the op that makes an asset.

    Raises:
        InvalidDefinitionError: when the key has characters that an op name cannot have.
    """
    name = key.to_python_identifier()
    if not _is_word(name):
        raise InvalidDefinitionError(
            f"The asset key {key.to_user_string()!r} cannot be made by a function here: its parts may"
            " have letters, digits, '_', '-' and '.'. Rename it; for several parts write"
            " key=['prefix', 'name']."
        )
    return name


def _is_word(name: str) -> bool:
    return name.isascii() and name.replace("_", "a").isalnum()


def check_group(group: str | None) -> str | None:
    """A group name: one or several words joined by slashes; None is not given.

    Raises:
        InvalidDefinitionError: when it is not such a name.
    """
    if group is None or group in _fine_groups:
        return group
    if not all(_is_word(part) for part in group.split("/")):
        raise InvalidDefinitionError(
            f"{group!r} is no group name: wanted words of letters, digits and '_', joined by '/'."
            " Leave group_name out for the group 'default'."
        )
    _fine_groups.add(group)
    return group


def check_owners(owners: Iterable[str], whose: AssetKey | str) -> tuple[str, ...]:
    """Owners: e-mail addresses or ``team:name``.

    Raises:
        InvalidDefinitionError: when one is neither.
    """
    found = tuple(owners)
    for owner in found:
        if owner in _fine_owners:
            continue
        if not _is_owner(owner):
            raise InvalidDefinitionError(
                f"{owner!r} cannot own {_owned(whose)}: wanted an e-mail address or"
                f" 'team:name'. Write for instance 'team:{owner}'."
            )
        _fine_owners.add(owner)
    return found


def _owned(whose: AssetKey | str) -> str:
    return whose if isinstance(whose, str) else f"asset {whose.to_user_string()!r}"


def _is_owner(owner: object) -> bool:
    if not isinstance(owner, str):
        return False
    if owner.startswith("team:"):
        return len(owner) > len("team:")
    name, at, host = owner.partition("@")
    _, dot, domain = host.rpartition(".")
    return bool(name and at and dot and len(domain) >= 2 and " " not in owner and "@" not in host)


def check_tags(tags: Mapping[str, str], key: AssetKey) -> dict[str, str]:
    """Tags: keys of words with an optional namespace, values of words.

    Raises:
        InvalidDefinitionError: when one does not fit.
    """
    for pair in tags.items():
        if pair in _fine_tags:
            continue
        _check_tag(pair, key)
        _fine_tags.add(pair)
    return dict(tags)


def _check_tag(pair: tuple[str, str], key: AssetKey) -> None:
    name, value = pair
    where = f"of asset {key.to_user_string()!r}"
    if not isinstance(name, str) or not _is_tag_name(name):
        raise InvalidDefinitionError(
            f"The tag {name!r} {where} has no valid name: wanted up to {_LONGEST_TAG} letters, digits,"
            " '_', '-' and '.', with an optional namespace before a '/'."
        )
    if not isinstance(value, str) or (value and not _is_tag_word(value)):
        raise InvalidDefinitionError(
            f"The tag {name!r} {where} has the value {value!r}: wanted a text of up to {_LONGEST_TAG}"
            " letters, digits, '_', '-' and '.'. Keep longer facts in metadata."
        )


def _is_tag_name(name: str) -> bool:
    if name.startswith(KIND_PREFIX):
        return len(name) > len(KIND_PREFIX)
    namespace, slash, word = name.rpartition("/")
    return _is_tag_word(word) and (not slash or _is_tag_word(namespace))


def _is_tag_word(word: str) -> bool:
    plain = word.replace("_", "a").replace("-", "a").replace(".", "a")
    return len(word) <= _LONGEST_TAG and plain.isascii() and plain.isalnum()


def check_options(given: Iterable[str], known: Iterable[str], function: str) -> None:
    """Refuse keyword arguments that a function does not have.

    Raises:
        InvalidDefinitionError: naming the unknown one and what is near.
    """
    for name in given:
        if name not in known:
            raise InvalidDefinitionError(f"{function} has no argument {name!r}.{suggest(name, known)}")

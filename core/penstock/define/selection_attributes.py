"""Choosing assets by what their definitions say: ``group:``, ``tag:``, ``key:`` with wildcards and so on.

Owns: these nodes, how each is written, and ``leaf``, which makes a node of any attribute of the language.
What must be asked of a store is ``selection_facts``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import NoReturn

from attrs import evolve, field

from penstock.define.asset_graph import AssetGraph
from penstock.define.selection_facts import Asked
from penstock.define.selection_grammar import ATTRIBUTES, NULL, STATUSES, UNKNOWABLE
from penstock.define.selection_nodes import AllChecks, ByCheck, ByKey, Checks, Keys, Node, checks_of, mapped
from penstock.define.selection_text import Chars, Mark, Word, chars_of, fault, key_of, plain, quoted, split
from penstock.define.spec_rules import DEFAULT_GROUP, KIND_PREFIX
from penstock.define.specs import AssetSpec
from penstock.errors import suggest
from penstock.keys import AssetCheckKey, AssetKey
from penstock.values import frozen

#: A text; the name and value of a tag; the parts of a key; the texts between wildcards; None for "has none".
Value = str | tuple[str, ...] | None
Test = Callable[[AssetKey, AssetSpec], bool]

_NULLABLE = frozenset({"group", "tag", "kind", "owner", "code_version", "column", "column_tag", "table_name"})


@frozen
class Matching:
    """The assets with an attribute in their definition, or ``all``; ``mark`` is where it stands in a text."""

    attribute: str
    value: Value = None
    include_sources: bool = False
    mark: Mark | None = field(default=None, eq=False, repr=False)
    is_term = True

    def keys(self, graph: AssetGraph, *, allow_missing: bool) -> Keys:
        """The assets it chooses."""
        if self.attribute == "is":
            return set(_IS[str(self.value)](graph))
        among = self._among(graph)
        if self.attribute == "all":
            return set(among)
        if self.attribute == "group" and not isinstance(self.value, tuple):
            return set(graph.keys_by_group.get(self.value or DEFAULT_GROUP, ())).intersection(among)
        matches = _MATCHES[self.attribute](self.value)
        return {key for key in among if matches(key, graph.by_key[key].specs_by_key[key])}

    def _among(self, graph: AssetGraph) -> AbstractSet[AssetKey]:
        if self.attribute == "key":  # a key names an asset, whoever makes it
            return graph.by_key.keys() - graph.undeclared.keys()
        return graph.by_key.keys() if self.include_sources else graph.materializable_asset_keys

    def checks(self, graph: AssetGraph, *, allow_missing: bool) -> Checks:
        """The checks it chooses."""
        return checks_of(self.keys(graph, allow_missing=allow_missing), graph)

    def __str__(self) -> str:
        written = (
            "*" if self.attribute == "all" else f"{self.attribute}:{_written(self.attribute, self.value)}"
        )
        return f"include_sources({written})" if self.include_sources else written


def with_sources(node: Node) -> Node:
    """The same choice with every attribute finding external assets too."""

    def widened(one: Node) -> Node:
        return evolve(one, include_sources=True) if isinstance(one, Matching | Asked) else one

    return mapped(node, widened)


def _written(attribute: str, value: Value) -> str:
    if value is None:
        return NULL
    if isinstance(value, str):
        return quoted([value], special="*") if attribute == "group" else quoted([value])
    if attribute == "tag":
        name, wanted = value
        return f"{quoted([name])}={quoted([wanted])}" if wanted else quoted([name])
    return quoted(value, "/") if attribute == "key_prefix" else quoted(value, "*")


def _by_tag(value: Value) -> Test:
    if not isinstance(value, tuple):
        return lambda _key, spec: all(tag.startswith(KIND_PREFIX) for tag in spec.tags)
    name, wanted = value
    return lambda _key, spec: spec.tags.get(name) == wanted


def _by_kind(value: Value) -> Test:
    return lambda _key, spec: value in spec.kinds if value is not None else not spec.kinds


def _by_owner(value: Value) -> Test:
    return lambda _key, spec: value in spec.owners if value is not None else not spec.owners


def _by_code_version(value: Value) -> Test:
    return lambda _key, spec: spec.code_version == value


def _by_prefix(value: Value) -> Test:
    return lambda key, _spec: key.has_prefix(tuple(value or ()))


def _by_substring(value: Value) -> Test:
    return lambda key, _spec: str(value) in key.to_user_string()


def _by_wildcard(value: Value) -> Test:
    pattern = _pattern(tuple(value or ()))
    return lambda key, _spec: pattern.fullmatch(key.to_user_string()) is not None


def _by_group(value: Value) -> Test:
    pattern = _pattern(tuple(value or ()))
    return lambda _key, spec: pattern.fullmatch(spec.group_name or DEFAULT_GROUP) is not None


@lru_cache(maxsize=256)
def _pattern(pieces: tuple[str, ...]) -> re.Pattern[str]:
    # Each piece is taken where it comes first and never given back: long patterns cannot take for ever.
    first, *rest = map(re.escape, pieces)
    *middle, last = rest or [""]
    between = "".join(f"(?>.*?{piece})" for piece in middle if piece)
    return re.compile(f"{first}{between}.*{last}" if rest else first, re.DOTALL)


_MATCHES: dict[str, Callable[[Value], Test]] = {
    "tag": _by_tag,
    "kind": _by_kind,
    "owner": _by_owner,
    "code_version": _by_code_version,
    "key": _by_wildcard,
    "group": _by_group,
    "key_prefix": _by_prefix,
    "key_substring": _by_substring,
}
_IS: dict[str, Callable[[AssetGraph], AbstractSet[AssetKey]]] = {
    "external": lambda graph: graph.external_asset_keys,
    "materializable": lambda graph: graph.materializable_asset_keys,
    "observable": lambda graph: graph.executable_asset_keys - graph.materializable_asset_keys,
}


# ---- from the language -----------------------------------------------------------------------------


def leaf(text: str, attribute: Word | None, value: Word) -> Node:
    """The node of an attribute.

    Args:
        text: the whole selection.
        attribute: as it stands there, with its colon; None for a bare name or one in quotation marks.
        value: as it stands there.

    Raises:
        InvalidDefinitionError: when there is no such attribute, or it has no such value.
    """
    name = "key" if attribute is None else attribute.text[:-1].rstrip()
    if attribute is not None and name not in ATTRIBUTES:
        _refuse(text, attribute, name)
    if value.text == NULL and attribute is not None:
        if name not in _NULLABLE:
            raise fault(text, value, f"a value: each asset has something for {name}:")
        return Asked(name, None) if name in _ASKED else Matching(name, None)
    chars = chars_of(value.text)
    if name in _ASKED:
        return Asked(name, _ASKED[name](text, value, chars))
    return _made(name, chars, Mark(text, value))


def _refuse(text: str, attribute: Word, name: str) -> NoReturn:
    word = Word(name, attribute.start)
    if name in UNKNOWABLE:
        raise fault(text, word, "an attribute that is known here", f" {UNKNOWABLE[name]}", f"{name}:")
    near = suggest(name.lower(), ATTRIBUTES)
    raise fault(text, word, "an attribute: " + ", ".join(ATTRIBUTES), near)


def _made(name: str, chars: Chars, mark: Mark) -> Node:
    """The node of an attribute that definitions answer."""
    pieces = tuple(map(plain, split(chars, "*")))
    if name == "key":
        key = key_of(chars)
        return ByKey((key,), {key: mark}) if len(pieces) == 1 else Matching("key", pieces, mark=mark)
    if name == "check":
        return _check(chars, mark)
    if name == "key_prefix":
        return Matching(name, key_of(chars).parts, mark=mark)
    if name == "group" and len(pieces) > 1:
        return Matching(name, pieces, mark=mark)
    if name == "tag":
        return Matching(name, _tag(chars), mark=mark)
    value = plain(chars)
    if name == "is" and value not in _IS:
        raise fault(mark.text, mark.word, "one of " + ", ".join(_IS), suggest(value, _IS))
    return Matching(name, value, mark=mark)


def _check(chars: Chars, mark: Mark) -> Node:
    if plain(chars) == "*" and len(split(chars, "*")) > 1:
        return AllChecks()
    *asset, name = split(chars, ":")
    if not asset:
        raise fault(mark.text, mark.word, "asset:name or '*'", " Name the asset, a colon and the check.")
    last = len(chars) - len(name) - 1
    key = AssetCheckKey(key_of(chars[:last]), plain(name))
    return ByCheck((key,), {key: mark})


def _tag(chars: Chars) -> tuple[str, str]:
    """A tag's name and value; only an equals sign outside of quotation marks parts them."""
    name, *rest = split(chars, "=", bare=True)
    return plain(name), "=".join(map(plain, rest))


def _status(text: str, word: Word, chars: Chars) -> str:
    value = plain(chars).lower().replace(" ", "_").replace("-", "_")
    if value not in STATUSES:
        raise fault(text, word, "one of " + ", ".join(STATUSES), suggest(value, STATUSES))
    return value


_ASKED: dict[str, Callable[[str, Word, Chars], str | tuple[str, str]]] = {
    "status": _status,
    "column": lambda _text, _word, chars: plain(chars),
    "column_tag": lambda _text, _word, chars: _tag(chars),
    "table_name": lambda _text, _word, chars: plain(chars),
    "code_location": lambda _text, _word, chars: plain(chars),
}

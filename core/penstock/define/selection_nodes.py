"""What a selection of assets is made of: frozen nodes, each resolved by a pure function of the graph.

Owns: the nodes behind ``AssetSelection``, what each chooses, and how each is written in the selection
language. Reading that language is ``selection_reading``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import translate
from functools import lru_cache
from re import compile as compiled
from typing import Any, Protocol

from penstock.define.asset_graph import AssetGraph
from penstock.define.spec_rules import DEFAULT_GROUP, KIND_PREFIX
from penstock.define.specs import AssetSpec
from penstock.errors import InvalidSubsetError, suggest
from penstock.keys import AssetCheckKey, AssetKey, user_strings
from penstock.values import frozen

Keys = set[AssetKey]
Checks = set[AssetCheckKey]


class Node(Protocol):
    """A choice of assets and checks; ``str`` writes it in the selection language."""

    def keys(self, graph: AssetGraph, *, allow_missing: bool) -> Keys:
        """The assets it chooses.

        Raises:
            InvalidSubsetError: when it names what does not exist, unless that is allowed.
        """
        ...

    def checks(self, graph: AssetGraph, *, allow_missing: bool) -> Checks:
        """The checks it chooses: those of its assets, unless it says otherwise."""
        ...


def _checks_of(keys: Keys, graph: AssetGraph) -> Checks:
    by_asset = graph.checks_by_asset
    return {check for key in keys for check in by_asset.get(key, ())} if by_asset else set()


@frozen
class ByKey:
    """The assets of these keys, which must exist."""

    chosen: tuple[AssetKey, ...]

    def keys(self, graph: AssetGraph, *, allow_missing: bool) -> Keys:
        """The assets it chooses."""
        missing = [key for key in self.chosen if key not in graph.by_key or key in graph.undeclared]
        if missing and not allow_missing:
            raise InvalidSubsetError(_missing_message(missing, graph))
        return set(self.chosen).difference(missing) if missing else set(self.chosen)

    def checks(self, graph: AssetGraph, *, allow_missing: bool) -> Checks:
        """The checks it chooses."""
        return _checks_of(self.keys(graph, allow_missing=allow_missing), graph)

    def __str__(self) -> str:
        return " or ".join(f"key:{_quoted('/'.join(key.parts))}" for key in self.chosen) or "not *"


def _missing_message(missing: Iterable[AssetKey], graph: AssetGraph) -> str:
    names = user_strings(missing)
    known = user_strings(key for key in graph.by_key if key not in graph.undeclared)
    hints = [f"{name!r}.{suggest(name, known)}" for name in names]
    what = "is no asset" if len(names) == 1 else "are no assets"
    return f"The selection names what {what} here: {' '.join(hints)} {_some(known)}"


def _some(known: list[str]) -> str:
    if not known:
        return "There are none."
    more = f" and {len(known) - 8} more" if len(known) > 8 else ""
    return f"Known are: {', '.join(known[:8])}{more}."


@frozen
class Matching:
    """The assets with an attribute: ``all``, ``group``, ``tag``, ``kind``, ``owner`` or by their key.

    ``value`` None means that the asset has none of these.
    """

    attribute: str
    value: str | None = None
    include_sources: bool = False

    def keys(self, graph: AssetGraph, *, allow_missing: bool) -> Keys:
        """The assets it chooses."""
        among = graph.by_key.keys() if self.include_sources else graph.materializable_asset_keys
        if self.attribute == "all":
            return set(among)
        if self.attribute == "group":
            return set(graph.keys_by_group.get(self.value or DEFAULT_GROUP, ())).intersection(among)
        matches = _MATCHES[self.attribute](self.value)
        return {key for key in among if matches(key, graph.by_key[key].specs_by_key[key])}

    def checks(self, graph: AssetGraph, *, allow_missing: bool) -> Checks:
        """The checks it chooses."""
        return _checks_of(self.keys(graph, allow_missing=allow_missing), graph)

    def __str__(self) -> str:
        if self.attribute == "all":
            return "*"
        if self.value is None:
            return f"{self.attribute}:<null>"
        if self.attribute == "tag" and "=" in self.value:
            name, _, value = self.value.partition("=")
            return f"tag:{_quoted(name)}={_quoted(value)}"
        return f"{self.attribute}:{_quoted(self.value)}"


Test = Callable[[AssetKey, AssetSpec], bool]


def _by_tag(value: str | None) -> Test:
    if value is None:
        return lambda _key, spec: all(tag.startswith(KIND_PREFIX) for tag in spec.tags)
    name, _, wanted = value.partition("=")
    return lambda _key, spec: spec.tags.get(name) == wanted


def _by_kind(value: str | None) -> Test:
    return lambda _key, spec: value in spec.kinds if value is not None else not spec.kinds


def _by_owner(value: str | None) -> Test:
    return lambda _key, spec: value in spec.owners if value is not None else not spec.owners


def _by_prefix(value: str | None) -> Test:
    parts = (value or "").split("/")
    return lambda key, _spec: key.has_prefix(parts)


def _by_substring(value: str | None) -> Test:
    return lambda key, _spec: (value or "") in key.to_user_string()


def _by_wildcard(value: str | None) -> Test:
    matches = _wildcard(value or "")
    return lambda key, _spec: matches(key.to_user_string()) is not None


@lru_cache(maxsize=256)
def _wildcard(pattern: str) -> Any:
    # Only the star is special: brackets and question marks stand for themselves.
    plain = pattern.replace("[", "[[]").replace("?", "[?]")
    return compiled(translate(plain)).match


_MATCHES: dict[str, Callable[[str | None], Test]] = {
    "tag": _by_tag,
    "kind": _by_kind,
    "owner": _by_owner,
    "key": _by_wildcard,
    "key_prefix": _by_prefix,
    "key_substring": _by_substring,
}


@frozen
class ByCheck:
    """These checks, which must exist, and no asset."""

    chosen: tuple[AssetCheckKey, ...]

    def keys(self, graph: AssetGraph, *, allow_missing: bool) -> Keys:
        """The assets it chooses."""
        return set()

    def checks(self, graph: AssetGraph, *, allow_missing: bool) -> Checks:
        """The checks it chooses."""
        missing = [key.to_user_string() for key in self.chosen if key not in graph.by_check]
        if missing and not allow_missing:
            known = sorted(key.to_user_string() for key in graph.by_check)
            hints = " ".join(f"{name!r}.{suggest(name, known)}" for name in missing)
            raise InvalidSubsetError(f"The selection names checks that do not exist: {hints} {_some(known)}")
        return {key for key in self.chosen if key in graph.by_check}

    def __str__(self) -> str:
        return " or ".join(f"check:{_quoted(key.to_user_string())}" for key in self.chosen) or "not *"


@frozen
class AllChecks:
    """Every check, and no asset."""

    def keys(self, graph: AssetGraph, *, allow_missing: bool) -> Keys:
        """The assets it chooses."""
        return set()

    def checks(self, graph: AssetGraph, *, allow_missing: bool) -> Checks:
        """The checks it chooses."""
        return set(graph.by_check)

    def __str__(self) -> str:
        return 'check:"*"'


@frozen
class Walk:
    """What is above (``upstream``) or below (``downstream``) the assets of another choice."""

    direction: str
    child: Node
    depth: int | None = None
    include_self: bool = True

    def keys(self, graph: AssetGraph, *, allow_missing: bool) -> Keys:
        """The assets it chooses."""
        start = self.child.keys(graph, allow_missing=allow_missing)
        if self.direction == "downstream":
            found = graph.downstream(start, self.depth)
        else:
            found = graph.upstream(start, self.depth)
            found -= graph.external_asset_keys - start
        return found if self.include_self else found - start

    def checks(self, graph: AssetGraph, *, allow_missing: bool) -> Checks:
        """The checks it chooses."""
        return _checks_of(self.keys(graph, allow_missing=allow_missing), graph)

    def __str__(self) -> str:
        depth, inner = "" if self.depth is None else str(self.depth), _operand(self.child)
        walked = f"{depth}+{inner}" if self.direction == "upstream" else f"{inner}+{depth}"
        return walked if self.include_self else f"{walked} and not {inner}"


@frozen
class Part:
    """A part of another choice, or what belongs to it: named as the method that makes it."""

    what: str
    child: Node

    def keys(self, graph: AssetGraph, *, allow_missing: bool) -> Keys:
        """The assets it chooses."""
        return _PARTS[self.what](self.child.keys(graph, allow_missing=allow_missing), graph)

    def checks(self, graph: AssetGraph, *, allow_missing: bool) -> Checks:
        """The checks it chooses."""
        if self.what == "without_checks":
            return set()
        if self.what == "checks_for_assets":
            return self.child.checks(graph, allow_missing=allow_missing)
        return _checks_of(self.keys(graph, allow_missing=allow_missing), graph)

    def __str__(self) -> str:
        return f"{self.what}({self.child})"


def _roots(keys: Keys, graph: AssetGraph) -> Keys:
    below = {child for key in keys for child in graph.children(key)}
    return keys - graph.downstream(below)


def _sinks(keys: Keys, graph: AssetGraph) -> Keys:
    above = {parent for key in keys for parent in graph.parents(key)}
    return keys - graph.upstream(above)


def _neighbors(keys: Keys, graph: AssetGraph) -> Keys:
    whole = {id(one): one for one in map(graph.definition, keys) if not one.can_subset}
    return keys.union(*(one.specs_by_key for one in whole.values()))


def _sources(keys: Keys, graph: AssetGraph) -> Keys:
    return graph.upstream(keys) & graph.external_asset_keys


def _materializable(keys: Keys, graph: AssetGraph) -> Keys:
    return keys & graph.materializable_asset_keys


_PARTS: dict[str, Callable[[Keys, AssetGraph], Keys]] = {
    "roots": _roots,
    "sinks": _sinks,
    "materializable": _materializable,
    "upstream_source_assets": _sources,
    "required_multi_asset_neighbors": _neighbors,
    "without_checks": lambda keys, _graph: keys,
    "checks_for_assets": lambda _keys, _graph: set(),
}


@frozen
class AnyOf:
    """What any of several choices chooses."""

    parts: tuple[Node, ...]

    def keys(self, graph: AssetGraph, *, allow_missing: bool) -> Keys:
        """The assets it chooses."""
        return {key for part in self.parts for key in part.keys(graph, allow_missing=allow_missing)}

    def checks(self, graph: AssetGraph, *, allow_missing: bool) -> Checks:
        """The checks it chooses."""
        return {key for part in self.parts for key in part.checks(graph, allow_missing=allow_missing)}

    def __str__(self) -> str:
        return " or ".join(map(str, self.parts)) or "not *"


@frozen
class AllOf:
    """What all of several choices choose."""

    parts: tuple[Node, ...]

    def keys(self, graph: AssetGraph, *, allow_missing: bool) -> Keys:
        """The assets it chooses."""
        first, *rest = (part.keys(graph, allow_missing=allow_missing) for part in self.parts)
        return first.intersection(*rest)

    def checks(self, graph: AssetGraph, *, allow_missing: bool) -> Checks:
        """The checks it chooses."""
        first, *rest = (part.checks(graph, allow_missing=allow_missing) for part in self.parts)
        return first.intersection(*rest)

    def __str__(self) -> str:
        return " and ".join(map(_operand, self.parts))


@frozen
class Minus:
    """What one choice chooses and another does not."""

    left: Node
    right: Node

    def keys(self, graph: AssetGraph, *, allow_missing: bool) -> Keys:
        """The assets it chooses."""
        right = self.right.keys(graph, allow_missing=allow_missing)
        return self.left.keys(graph, allow_missing=allow_missing) - right

    def checks(self, graph: AssetGraph, *, allow_missing: bool) -> Checks:
        """The checks it chooses."""
        right = self.right.checks(graph, allow_missing=allow_missing)
        return self.left.checks(graph, allow_missing=allow_missing) - right

    def __str__(self) -> str:
        return f"{_operand(self.left)} and not {_operand(self.right)}"


def any_of(parts: Iterable[Node]) -> Node:
    """What any of these chooses: flat, and keys joined into one node, so that long lists stay shallow."""
    flat = [one for part in parts for one in (part.parts if isinstance(part, AnyOf) else (part,))]
    keys = [key for one in flat if isinstance(one, ByKey) for key in one.chosen]
    rest = [one for one in flat if not isinstance(one, ByKey)]
    joined = [ByKey(tuple(dict.fromkeys(keys))), *rest] if keys else rest
    return joined[0] if len(joined) == 1 else AnyOf(tuple(joined))


def all_of(parts: Iterable[Node]) -> Node:
    """What all of these choose, flat."""
    flat = [one for part in parts for one in (part.parts if isinstance(part, AllOf) else (part,))]
    return flat[0] if len(flat) == 1 else AllOf(tuple(flat))


def _quoted(text: str) -> str:
    escaped = text.replace('"', '\\"')
    return f'"{escaped}"'


def _operand(part: Node) -> str:
    """A choice as an operand of ``and``, ``not`` and ``+``: in parentheses unless it is one term."""
    one_term = isinstance(part, Part | AllChecks) or (isinstance(part, Matching) and part.attribute != "all")
    if isinstance(part, ByKey | ByCheck):
        one_term = len(part.chosen) == 1
    return str(part) if one_term else f"({part})"

"""Choosing assets of a graph: the algebra behind ``AssetSelection``.

Owns: frozen selection nodes, each resolved by a pure function of the graph, and how they are written.
The language is read by ``selection_parse``. Must not know jobs or runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import translate
from functools import lru_cache
from re import compile as compiled
from typing import Any, cast

from attrs import frozen

from penstock.define.asset_graph import AssetGraph
from penstock.define.assets import AssetsDefinition
from penstock.define.selection_parse import Combined, Leaf, Tree, Walked, parse
from penstock.define.spec_rules import DEFAULT_GROUP, KIND_PREFIX
from penstock.define.specs import AssetSpec, keys_of
from penstock.errors import InvalidDefinitionError, InvalidSubsetError, suggest
from penstock.keys import AssetCheckKey, AssetKey, CoercibleToAssetKeyPrefix, as_parts, user_strings

Keys = set[AssetKey]
Checks = set[AssetCheckKey]


class AssetSelection:
    """A choice among the assets of a project, made before the project is complete.

    Combine with ``|``, ``&`` and ``-``. Whatever chooses an asset chooses its checks.
    """

    __slots__ = ()

    # ---- where to start -------------------------------------------------------------------------

    @staticmethod
    def all(include_sources: bool = False) -> AssetSelection:
        """Every asset that a run can make; on demand external ones too."""
        return Matching("all", None, include_sources)

    @staticmethod
    def assets(*assets_defs: Any) -> AssetSelection:
        """These assets: definitions, specs, keys, lists of parts, or texts such as ``"marts/orders"``."""
        return ByKey(tuple(dict.fromkeys(key for one in assets_defs for key in _named_keys(one))))

    @staticmethod
    def keys(*asset_keys: Any) -> AssetSelection:
        """The assets of these keys, in any spelling."""
        return AssetSelection.assets(*asset_keys)

    @staticmethod
    def groups(*group_strs: str, include_sources: bool = False) -> AssetSelection:
        """The assets of any of these groups."""
        return any_of([Matching("group", group, include_sources) for group in group_strs])

    @staticmethod
    def tag(key: str, value: str, include_sources: bool = False) -> AssetSelection:
        """The assets that have this tag with this value."""
        return Matching("tag", f"{key}={value}" if value else key, include_sources)

    @staticmethod
    def tag_string(string: str, include_sources: bool = False) -> AssetSelection:
        """The assets that have a tag written ``key=value``, or ``key`` for an empty value."""
        return Matching("tag", string, include_sources)

    @staticmethod
    def kind(kind: str | None, include_sources: bool = False) -> AssetSelection:
        """The assets of this kind; None for those of no kind."""
        return Matching("kind", kind, include_sources)

    @staticmethod
    def owner(owner: str | None) -> AssetSelection:
        """The assets of this owner; None for those that nobody owns."""
        return Matching("owner", owner)

    @staticmethod
    def key_prefixes(
        *key_prefixes: CoercibleToAssetKeyPrefix, include_sources: bool = False
    ) -> AssetSelection:
        """The assets whose key begins with any of these lists of parts."""
        texts = ["/".join(as_parts(prefix)) for prefix in key_prefixes]
        return any_of([Matching("key_prefix", text, include_sources) for text in texts])

    @staticmethod
    def key_substring(key_substring: str, include_sources: bool = False) -> AssetSelection:
        """The assets whose written key contains this text."""
        return Matching("key_substring", key_substring, include_sources)

    @staticmethod
    def checks(*assets_defs_or_check_keys: Any) -> AssetSelection:
        """These checks alone: check keys, or every check of a checks definition."""
        return ByCheck(
            tuple(
                key
                for one in assets_defs_or_check_keys
                for key in ((one,) if isinstance(one, AssetCheckKey) else sorted(one.check_keys))
            )
        )

    @staticmethod
    def checks_for_assets(*assets_defs: Any) -> AssetSelection:
        """Every check of these assets, without the assets."""
        return Part("checks_for_assets", AssetSelection.assets(*assets_defs))

    @staticmethod
    def all_asset_checks() -> AssetSelection:
        """Every check, without any asset."""
        return AllChecks()

    @staticmethod
    def from_string(string: str, include_sources: bool = False) -> AssetSelection:
        """Read a selection as users write it: ``"group:raw and not tag:pii"``.

        Args:
            string: in the selection language, see ``selection_parse``.
            include_sources: whether external assets can be chosen by attributes.

        Raises:
            InvalidDefinitionError: naming the column where it cannot be read.
        """
        return _from_tree(parse(string), include_sources)

    @staticmethod
    def from_coercible(selection: Any) -> AssetSelection:
        """Any spelling of a selection: a selection, a text, a key, an asset, or a list of these.

        Raises:
            InvalidDefinitionError: when it is none of these.
        """
        if isinstance(selection, AssetSelection):
            return selection
        if isinstance(selection, str):
            return AssetSelection.from_string(selection)
        if isinstance(selection, AssetCheckKey | AssetsDefinition | AssetSpec | AssetKey):
            return _of_definition(selection)
        if isinstance(selection, Iterable):
            return any_of([_of_entry(one) for one in cast("Iterable[Any]", selection)])
        raise InvalidDefinitionError(
            f"A selection of assets was wanted, found {selection!r} ({type(selection).__name__})."
            " Give a text, an AssetSelection, or a list of assets or keys."
        )

    # ---- what to make of it ---------------------------------------------------------------------

    def upstream(self, depth: int | None = None, include_self: bool = True) -> AssetSelection:
        """What these assets depend on, directly or over several steps; external assets are left out.

        Args:
            depth: how many steps, None for all.
            include_self: whether these assets stay chosen.
        """
        return Walk("upstream", self, depth, include_self)

    def downstream(self, depth: int | None = None, include_self: bool = True) -> AssetSelection:
        """What depends on these assets.

        Args:
            depth: how many steps, None for all.
            include_self: whether these assets stay chosen.
        """
        return Walk("downstream", self, depth, include_self)

    def roots(self) -> AssetSelection:
        """Those of these assets that depend on none of the others, however indirectly."""
        return Part("roots", self)

    def sources(self) -> AssetSelection:
        """The older name of ``roots``."""
        return self.roots()

    def sinks(self) -> AssetSelection:
        """Those of these assets on which none of the others depends, however indirectly."""
        return Part("sinks", self)

    def materializable(self) -> AssetSelection:
        """Those of these assets that a run can make."""
        return Part("materializable", self)

    def upstream_source_assets(self) -> AssetSelection:
        """The external assets on which these assets depend, however indirectly."""
        return Part("upstream_source_assets", self)

    def without_checks(self) -> AssetSelection:
        """These assets, and none of their checks."""
        return Part("without_checks", self)

    def required_multi_asset_neighbors(self) -> AssetSelection:
        """These assets, and those that the same functions make and cannot leave out."""
        return Part("required_multi_asset_neighbors", self)

    # ---- what it comes to -----------------------------------------------------------------------

    def resolve(self, all_assets: Any, allow_missing: bool = False) -> Keys:
        """The assets that are chosen.

        Args:
            all_assets: an ``AssetGraph``, or the assets of the project.
            allow_missing: whether keys that nobody defines are left out instead of refused.

        Raises:
            InvalidSubsetError: when a chosen key is not defined.
        """
        return set(self._keys(_as_graph(all_assets), allow_missing))

    def resolve_checks(self, asset_graph: Any, allow_missing: bool = False) -> Checks:
        """The checks that are chosen; arguments as of ``resolve``."""
        return set(self._checks(_as_graph(asset_graph), allow_missing))

    def to_selection_str(self) -> str:
        """The selection as users write it; reading that gives an equal selection."""
        return str(self)

    def _keys(self, graph: AssetGraph, allow_missing: bool) -> Keys:
        raise NotImplementedError

    def _checks(self, graph: AssetGraph, allow_missing: bool) -> Checks:
        by_asset = graph.checks_by_asset
        if not by_asset:
            return set()
        return {check for key in self._keys(graph, allow_missing) for check in by_asset.get(key, ())}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __or__(self, other: Any) -> AssetSelection:
        return any_of([self, AssetSelection.from_coercible(other)])

    def __and__(self, other: Any) -> AssetSelection:
        return all_of([self, AssetSelection.from_coercible(other)])

    def __sub__(self, other: Any) -> AssetSelection:
        return Minus(self, AssetSelection.from_coercible(other))


def _as_graph(assets: Any) -> AssetGraph:
    return assets if isinstance(assets, AssetGraph) else AssetGraph.from_assets(assets)


def _named_keys(thing: Any) -> tuple[AssetKey, ...]:
    # In a selection a text is a key as people write it: "a/b" has two parts.
    return (AssetKey.from_user_string(thing),) if isinstance(thing, str) else keys_of(thing)


def _of_definition(thing: Any) -> AssetSelection:
    if isinstance(thing, AssetCheckKey):
        return ByCheck((thing,))
    if isinstance(thing, AssetsDefinition) and thing.kind == "check":
        return AssetSelection.checks(thing)
    return AssetSelection.assets(thing)


def _of_entry(thing: Any) -> AssetSelection:
    """One entry of a list: as a selection of its own, save that a list is a key of several parts."""
    if isinstance(thing, list | tuple) and not isinstance(thing, AssetCheckKey):
        return AssetSelection.assets(thing)
    return AssetSelection.from_coercible(thing)


@frozen(repr=False)
class ByKey(AssetSelection):
    """The assets of these keys, which must exist."""

    chosen: tuple[AssetKey, ...]

    def _keys(self, graph: AssetGraph, allow_missing: bool) -> Keys:
        missing = [key for key in self.chosen if key not in graph.by_key or key in graph.undeclared]
        if missing and not allow_missing:
            raise InvalidSubsetError(_missing_message(missing, graph))
        return set(self.chosen).difference(missing) if missing else set(self.chosen)

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
        return "There are no assets."
    more = f" and {len(known) - 8} more" if len(known) > 8 else ""
    return f"Known are: {', '.join(known[:8])}{more}."


@frozen(repr=False)
class Matching(AssetSelection):
    """The assets with an attribute: ``all``, ``group``, ``tag``, ``kind``, ``owner`` or by their key.

    ``value`` None means that the asset has none of these.
    """

    attribute: str
    value: str | None = None
    include_sources: bool = False

    def _keys(self, graph: AssetGraph, allow_missing: bool) -> Keys:
        among = graph.by_key.keys() if self.include_sources else graph.materializable_asset_keys
        if self.attribute == "all":
            return set(among)
        if self.attribute == "group":
            return set(graph.keys_by_group.get(self.value or DEFAULT_GROUP, ())).intersection(among)
        matches = _MATCHES[self.attribute](self.value)
        return {key for key in among if matches(key, graph.by_key[key].specs_by_key[key])}

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
        return lambda _key, spec: not any(not tag.startswith(KIND_PREFIX) for tag in spec.tags)
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


@frozen(repr=False)
class ByCheck(AssetSelection):
    """These checks, which must exist, and no asset."""

    chosen: tuple[AssetCheckKey, ...]

    def _keys(self, graph: AssetGraph, allow_missing: bool) -> Keys:
        return set()

    def _checks(self, graph: AssetGraph, allow_missing: bool) -> Checks:
        missing = [key.to_user_string() for key in self.chosen if key not in graph.by_check]
        if missing and not allow_missing:
            known = sorted(key.to_user_string() for key in graph.by_check)
            hints = " ".join(f"{name!r}.{suggest(name, known)}" for name in missing)
            raise InvalidSubsetError(f"The selection names checks that do not exist: {hints} {_some(known)}")
        return {key for key in self.chosen if key in graph.by_check}

    def __str__(self) -> str:
        return " or ".join(f"check:{_quoted(key.to_user_string())}" for key in self.chosen) or "not *"


@frozen(repr=False)
class AllChecks(AssetSelection):
    """Every check, and no asset."""

    def _keys(self, graph: AssetGraph, allow_missing: bool) -> Keys:
        return set()

    def _checks(self, graph: AssetGraph, allow_missing: bool) -> Checks:
        return set(graph.by_check)

    def __str__(self) -> str:
        return 'check:"*"'


@frozen(repr=False)
class Walk(AssetSelection):
    """What is above or below the assets of another selection."""

    direction: str
    child: AssetSelection
    depth: int | None = None
    include_self: bool = True

    def _keys(self, graph: AssetGraph, allow_missing: bool) -> Keys:
        start = self.child._keys(graph, allow_missing)  # noqa: SLF001  # nodes of one tree
        if self.direction == "downstream":
            found = graph.downstream(start, self.depth)
        else:
            found = graph.upstream(start, self.depth)
            found -= graph.external_asset_keys - start
        return found if self.include_self else found - start

    def __str__(self) -> str:
        depth = "" if self.depth is None else str(self.depth)
        inner = _walkable(self.child)
        if isinstance(self.child, Walk):
            inner = f"({self.child})"
        walked = f"{depth}+{inner}" if self.direction == "upstream" else f"{inner}+{depth}"
        return walked if self.include_self else f"{walked} and not {_walkable(self.child)}"


@frozen(repr=False)
class Part(AssetSelection):
    """A part of another selection, or what belongs to it: see the methods of ``AssetSelection``."""

    what: str
    child: AssetSelection

    def _keys(self, graph: AssetGraph, allow_missing: bool) -> Keys:
        return _PARTS[self.what](self.child._keys(graph, allow_missing), graph)  # noqa: SLF001  # as above

    def _checks(self, graph: AssetGraph, allow_missing: bool) -> Checks:
        if self.what == "without_checks":
            return set()
        if self.what == "checks_for_assets":
            return self.child._checks(graph, allow_missing)  # noqa: SLF001  # as above
        return super()._checks(graph, allow_missing)

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


_PARTS: dict[str, Callable[[Keys, AssetGraph], Keys]] = {
    "roots": _roots,
    "sinks": _sinks,
    "materializable": lambda keys, graph: keys & graph.materializable_asset_keys,
    "upstream_source_assets": lambda keys, graph: graph.upstream(keys) & graph.external_asset_keys,
    "required_multi_asset_neighbors": _neighbors,
    "without_checks": lambda keys, _graph: keys,
    "checks_for_assets": lambda _keys, _graph: set(),
}


@frozen(repr=False)
class AnyOf(AssetSelection):
    """What any of several selections chooses."""

    parts: tuple[AssetSelection, ...]

    def _keys(self, graph: AssetGraph, allow_missing: bool) -> Keys:
        return set[AssetKey]().union(*(part._keys(graph, allow_missing) for part in self.parts))  # noqa: SLF001  # as above

    def _checks(self, graph: AssetGraph, allow_missing: bool) -> Checks:
        return set[AssetCheckKey]().union(*(part._checks(graph, allow_missing) for part in self.parts))  # noqa: SLF001  # as above

    def __str__(self) -> str:
        return (
            " or ".join(f"({part})" if isinstance(part, AnyOf) else str(part) for part in self.parts)
            or "not *"
        )


@frozen(repr=False)
class AllOf(AssetSelection):
    """What all of several selections choose."""

    parts: tuple[AssetSelection, ...]

    def _keys(self, graph: AssetGraph, allow_missing: bool) -> Keys:
        return set.intersection(*(part._keys(graph, allow_missing) for part in self.parts))  # noqa: SLF001  # as above

    def _checks(self, graph: AssetGraph, allow_missing: bool) -> Checks:
        return set.intersection(*(part._checks(graph, allow_missing) for part in self.parts))  # noqa: SLF001  # as above

    def __str__(self) -> str:
        return " and ".join(map(_factor, self.parts))


@frozen(repr=False)
class Minus(AssetSelection):
    """What one selection chooses and another does not."""

    left: AssetSelection
    right: AssetSelection

    def _keys(self, graph: AssetGraph, allow_missing: bool) -> Keys:
        return self.left._keys(graph, allow_missing) - self.right._keys(graph, allow_missing)  # noqa: SLF001  # as above

    def _checks(self, graph: AssetGraph, allow_missing: bool) -> Checks:
        return self.left._checks(graph, allow_missing) - self.right._checks(graph, allow_missing)  # noqa: SLF001  # as above

    def __str__(self) -> str:
        return f"{_factor(self.left)} and not {_walkable(self.right)}"


def any_of(parts: Iterable[AssetSelection]) -> AssetSelection:
    """What any of these chooses: flat, and keys joined into one node, so that long lists stay shallow."""
    flat = [one for part in parts for one in (part.parts if isinstance(part, AnyOf) else (part,))]
    keys = [key for one in flat if isinstance(one, ByKey) for key in one.chosen]
    rest = [one for one in flat if not isinstance(one, ByKey)]
    joined = [ByKey(tuple(dict.fromkeys(keys))), *rest] if keys else rest
    return joined[0] if len(joined) == 1 else AnyOf(tuple(joined))


def all_of(parts: Iterable[AssetSelection]) -> AssetSelection:
    """What all of these choose, flat."""
    return AllOf(tuple(one for part in parts for one in (part.parts if isinstance(part, AllOf) else (part,))))


# ---- writing and reading -------------------------------------------------------------------------


def _quoted(text: str) -> str:
    escaped = text.replace('"', '\\"')
    return f'"{escaped}"'


def _factor(part: AssetSelection) -> str:
    """A selection as an operand of ``and``."""
    several = isinstance(part, AnyOf | Minus | AllOf) or (isinstance(part, ByKey) and len(part.chosen) != 1)
    several = several or (isinstance(part, ByCheck) and len(part.chosen) != 1)
    hidden = isinstance(part, Walk) and not part.include_self
    return f"({part})" if several or hidden else str(part)


def _walkable(part: AssetSelection) -> str:
    """A selection as the operand of ``not`` and ``+``."""
    if isinstance(part, Walk) or (isinstance(part, Matching) and part.attribute == "all"):
        return f"({part})"
    return _factor(part)


def _from_tree(tree: Tree, include_sources: bool) -> AssetSelection:
    if isinstance(tree, Leaf):
        return _from_leaf(tree, include_sources)
    if isinstance(tree, Walked):
        inner = _from_tree(tree.inner, include_sources)
        up = inner.upstream(tree.up) if tree.up != 0 else None
        down = inner.downstream(tree.down) if tree.down != 0 else None
        return any_of([one for one in (up, down) if one is not None])
    parts = [_from_tree(part, include_sources) for part in tree.parts if not _is_negated(part)]
    if tree.how == "or":
        return any_of(_from_tree(part, include_sources) for part in tree.parts)
    if tree.how == "not":
        return Minus(AssetSelection.all(include_sources), _from_tree(tree.parts[0], include_sources))
    if tree.how != "and":
        return Part(tree.how, _from_tree(tree.parts[0], include_sources))
    left = all_of(parts) if len(parts) > 1 else parts[0] if parts else AssetSelection.all(include_sources)
    for part in tree.parts:
        if isinstance(part, Combined) and part.how == "not":
            left = Minus(left, _from_tree(part.parts[0], include_sources))
    return left


def _is_negated(tree: Tree) -> bool:
    return isinstance(tree, Combined) and tree.how == "not"


def _from_leaf(leaf: Leaf, include_sources: bool) -> AssetSelection:
    value = leaf.value
    if leaf.attribute == "all":
        return AssetSelection.all(include_sources)
    if leaf.attribute == "check" and value is not None:
        asset, _, name = value.rpartition(":")
        return (
            AllChecks() if value == "*" else ByCheck((AssetCheckKey(AssetKey.from_user_string(asset), name),))
        )
    if leaf.attribute in {"key", "name"} and value is not None and "*" not in value:
        return AssetSelection.assets(value)
    return Matching(leaf.attribute, value, include_sources)

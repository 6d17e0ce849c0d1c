"""Choosing assets of a graph: ``AssetSelection``.

Owns: the public face of selections. What a selection is made of and what it chooses: ``selection_nodes``;
the written language: ``selection_grammar``. Must not know jobs or runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from penstock.define.asset_graph import AssetGraph
from penstock.define.assets import AssetsDefinition
from penstock.define.selection_attributes import Matching
from penstock.define.selection_facts import Facts, asks_facts, with_facts
from penstock.define.selection_nodes import (
    AllChecks,
    ByCheck,
    ByKey,
    Checks,
    Keys,
    Node,
    Part,
    Walk,
    all_of,
    any_of,
    minus,
)
from penstock.define.selection_parse import one_term
from penstock.define.selection_reading import read_selection
from penstock.define.specs import AssetSpec, keys_of
from penstock.errors import InvalidDefinitionError
from penstock.keys import AssetCheckKey, AssetKey, CoercibleToAssetKeyPrefix, as_parts
from penstock.values import frozen


@frozen(repr=False, eq=False)
class AssetSelection:
    """A choice among the assets of a project, made before the project is complete.

    Combine with ``|``, ``&`` and ``-``. Whatever chooses an asset chooses its checks. ``str`` writes it in
    the selection language, and reading that gives a selection that chooses the same.
    """

    given: Node | str | tuple[Any, ...]

    # ---- where to start -------------------------------------------------------------------------

    @staticmethod
    def all(include_sources: bool = False) -> AssetSelection:
        """Every asset that a run can make; on demand external ones too."""
        return AssetSelection(Matching("all", None, include_sources))

    @staticmethod
    def assets(*assets_defs: Any) -> AssetSelection:
        """These assets: definitions, specs, keys, lists of parts, or texts such as ``"marts/orders"``."""
        return AssetSelection(
            ByKey(tuple(dict.fromkeys(key for one in assets_defs for key in _named_keys(one))))
        )

    @staticmethod
    def keys(*asset_keys: Any) -> AssetSelection:
        """The assets of these keys, in any spelling."""
        return AssetSelection.assets(*asset_keys)

    @staticmethod
    def groups(*group_strs: str, include_sources: bool = False) -> AssetSelection:
        """The assets of any of these groups."""
        return AssetSelection(any_of([Matching("group", group, include_sources) for group in group_strs]))

    @staticmethod
    def tag(key: str, value: str, include_sources: bool = False) -> AssetSelection:
        """The assets that have this tag with this value."""
        return AssetSelection(Matching("tag", (key, value), include_sources))

    @staticmethod
    def tag_string(string: str, include_sources: bool = False) -> AssetSelection:
        """The assets that have a tag written ``key=value``, or ``key`` for an empty value."""
        key, _, value = string.partition("=")
        return AssetSelection.tag(key, value, include_sources)

    @staticmethod
    def kind(kind: str | None, include_sources: bool = False) -> AssetSelection:
        """The assets of this kind; None for those of no kind."""
        return AssetSelection(Matching("kind", kind, include_sources))

    @staticmethod
    def owner(owner: str | None) -> AssetSelection:
        """The assets of this owner; None for those that nobody owns."""
        return AssetSelection(Matching("owner", owner))

    @staticmethod
    def key_prefixes(
        *key_prefixes: CoercibleToAssetKeyPrefix, include_sources: bool = False
    ) -> AssetSelection:
        """The assets whose key begins with any of these lists of parts."""
        parts = [
            tuple(prefix.split("/")) if isinstance(prefix, str) else as_parts(prefix)
            for prefix in key_prefixes
        ]
        return AssetSelection(any_of([Matching("key_prefix", one, include_sources) for one in parts]))

    @staticmethod
    def key_substring(key_substring: str, include_sources: bool = False) -> AssetSelection:
        """The assets whose written key contains this text."""
        return AssetSelection(Matching("key_substring", key_substring, include_sources))

    @staticmethod
    def checks(*assets_defs_or_check_keys: Any) -> AssetSelection:
        """These checks alone: check keys, or every check of a checks definition."""
        return AssetSelection(
            ByCheck(
                tuple(
                    key
                    for one in assets_defs_or_check_keys
                    for key in ((one,) if isinstance(one, AssetCheckKey) else sorted(one.check_keys))
                )
            )
        )

    @staticmethod
    def checks_for_assets(*assets_defs: Any) -> AssetSelection:
        """Every check of these assets, without the assets."""
        return AssetSelection(Part("checks_for_assets", AssetSelection.assets(*assets_defs).node))

    @staticmethod
    def all_asset_checks() -> AssetSelection:
        """Every check, without any asset."""
        return AssetSelection(AllChecks())

    @staticmethod
    def from_string(string: str, include_sources: bool = False) -> AssetSelection:
        """Read a selection as users write it: ``"group:raw and not tag:pii"``.

        Args:
            string: in the selection language, see its grammar in ``selection_grammar``.
            include_sources: whether external assets can be chosen by attributes.

        Raises:
            InvalidDefinitionError: naming the column where it cannot be read.
        """
        return AssetSelection(read_selection(string, include_sources=include_sources))

    @staticmethod
    def from_coercible(selection: Any) -> AssetSelection:
        """Any spelling of a selection: a selection, a text, a key, an asset, or a list of these.

        A text that is more than one term is read when it is first used: definitions load without a parser.

        Raises:
            InvalidDefinitionError: when it is none of these.
        """
        if isinstance(selection, AssetSelection):
            return selection
        if _is_text(selection):
            return AssetSelection(selection if isinstance(selection, str) else tuple(selection))
        return AssetSelection(_node_of(selection))

    # ---- what to make of it ---------------------------------------------------------------------

    def upstream(self, depth: int | None = None, include_self: bool = True) -> AssetSelection:
        """What these assets depend on, directly or over several steps; external assets are left out.

        Args:
            depth: how many steps, None for all.
            include_self: whether these assets stay chosen.
        """
        return AssetSelection(Walk("upstream", self.node, depth, include_self))

    def downstream(self, depth: int | None = None, include_self: bool = True) -> AssetSelection:
        """What depends on these assets.

        Args:
            depth: how many steps, None for all.
            include_self: whether these assets stay chosen.
        """
        return AssetSelection(Walk("downstream", self.node, depth, include_self))

    def roots(self) -> AssetSelection:
        """Those of these assets that depend on none of the others, however indirectly."""
        return AssetSelection(Part("roots", self.node))

    sources = roots

    def sinks(self) -> AssetSelection:
        """Those of these assets on which none of the others depends, however indirectly."""
        return AssetSelection(Part("sinks", self.node))

    def materializable(self) -> AssetSelection:
        """Those of these assets that a run can make."""
        return AssetSelection(Part("materializable", self.node))

    def upstream_source_assets(self) -> AssetSelection:
        """The external assets on which these assets depend, however indirectly."""
        return AssetSelection(Part("upstream_source_assets", self.node))

    def without_checks(self) -> AssetSelection:
        """These assets, and none of their checks."""
        return AssetSelection(Part("without_checks", self.node))

    def required_multi_asset_neighbors(self) -> AssetSelection:
        """These assets, and those that the same functions make and cannot leave out."""
        return AssetSelection(Part("required_multi_asset_neighbors", self.node))

    # ---- what it comes to -----------------------------------------------------------------------

    @property
    def node(self) -> Node:
        """What it is made of.

        Raises:
            InvalidDefinitionError: when it was given as a text that cannot be read.
        """
        return _node_of(self.given) if isinstance(self.given, str | tuple) else self.given

    def resolve(self, all_assets: Any, allow_missing: bool = False, facts: Facts | None = None) -> Keys:
        """The assets that are chosen.

        Args:
            all_assets: an ``AssetGraph``, or the assets of the project.
            allow_missing: whether keys that nobody defines are left out instead of refused.
            facts: what is known beyond definitions, for ``status:`` and the like.

        Raises:
            InvalidSubsetError: when a chosen key is not defined, or a question needs facts.
        """
        graph = _as_graph(all_assets)
        return _answered(self.node, graph, facts).keys(graph, allow_missing=allow_missing)

    def resolve_checks(
        self, asset_graph: Any, allow_missing: bool = False, facts: Facts | None = None
    ) -> Checks:
        """The checks that are chosen; arguments as of ``resolve``."""
        graph = _as_graph(asset_graph)
        return _answered(self.node, graph, facts).checks(graph, allow_missing=allow_missing)

    def to_selection_str(self) -> str:
        """The selection as users write it."""
        return str(self.node)

    def __str__(self) -> str:
        return str(self.node)

    def __repr__(self) -> str:
        return f"AssetSelection({str(self.node)!r})"

    def __eq__(self, other: object) -> bool:
        return self.node == other.node if isinstance(other, AssetSelection) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.node)

    def __or__(self, other: Any) -> AssetSelection:
        return AssetSelection(any_of([self.node, _node_of(other)]))

    def __and__(self, other: Any) -> AssetSelection:
        return AssetSelection(all_of([self.node, _node_of(other)]))

    def __sub__(self, other: Any) -> AssetSelection:
        return AssetSelection(minus(self.node, _node_of(other)))


def needs_facts(selection: AssetSelection) -> bool:
    """Whether a selection asks what definitions do not say."""
    return asks_facts(selection.node)


def with_answers(selection: AssetSelection, graph: AssetGraph, facts: Facts) -> AssetSelection:
    """The same selection, with all that it asks answered once and for all.

    Args:
        selection: that may ask for statuses and the like.
        graph: of all assets.
        facts: what is known beyond definitions.

    Raises:
        InvalidSubsetError: when it asks for another code location.
    """
    return AssetSelection(with_facts(selection.node, graph, facts))


def _answered(node: Node, graph: AssetGraph, facts: Facts | None) -> Node:
    return node if facts is None else with_facts(node, graph, facts)


def _is_text(selection: Any) -> bool:
    """Whether reading a selection takes the parser."""
    if isinstance(selection, list | tuple) and not isinstance(selection, AssetCheckKey):
        return any(_is_text(one) for one in cast("list[Any]", selection) if isinstance(one, str))
    return isinstance(selection, str) and one_term(selection) is None


def _as_graph(assets: Any) -> AssetGraph:
    return assets if isinstance(assets, AssetGraph) else AssetGraph.from_assets(assets)


def _node_of(selection: Any) -> Node:
    """Any spelling of a selection as a node."""
    if isinstance(selection, AssetSelection):
        return selection.node
    if isinstance(selection, str):
        return read_selection(selection)
    if isinstance(selection, AssetCheckKey):
        return ByCheck((selection,))
    if isinstance(selection, AssetsDefinition) and selection.kind == "check":
        return AssetSelection.checks(selection).node
    if isinstance(selection, AssetsDefinition | AssetSpec | AssetKey):
        return ByKey(_named_keys(selection))
    if isinstance(selection, Iterable):
        return any_of([_node_of_entry(one) for one in cast("Iterable[Any]", selection)])
    raise InvalidDefinitionError(
        f"A selection of assets was wanted, found {selection!r} ({type(selection).__name__})."
        " Give a text, an AssetSelection, or a list of assets or keys."
    )


def _node_of_entry(thing: Any) -> Node:
    """One entry of a list: a selection of its own, save that a list is a key of several parts."""
    if isinstance(thing, list | tuple) and not isinstance(thing, AssetCheckKey):
        return ByKey(_named_keys(thing))
    return _node_of(thing)


def _named_keys(thing: Any) -> tuple[AssetKey, ...]:
    # In a selection a text is a key as people write it: "a/b" has two parts.
    return (AssetKey.from_user_string(thing),) if isinstance(thing, str) else keys_of(thing)

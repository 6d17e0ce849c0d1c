"""Selections as users write them, made into nodes.

Owns: what each construct of the selection language means. The grammar is ``selection_parse``.
"""

from __future__ import annotations

from penstock.define.selection_nodes import (
    AllChecks,
    ByCheck,
    ByKey,
    Matching,
    Minus,
    Node,
    Part,
    Walk,
    all_of,
    any_of,
)
from penstock.define.selection_parse import Combined, Leaf, Tree, Walked, parse
from penstock.keys import AssetCheckKey, AssetKey


def read_selection(text: str, *, include_sources: bool = False) -> Node:
    """Read a selection.

    Args:
        text: in the selection language.
        include_sources: whether external assets can be chosen by attributes.

    Raises:
        InvalidDefinitionError: naming the column where it cannot be read.
    """
    return _node(parse(text), include_sources)


def _node(tree: Tree, sources: bool) -> Node:
    if isinstance(tree, Leaf):
        return _leaf(tree, sources)
    if isinstance(tree, Walked):
        inner = _node(tree.inner, sources)
        up = [Walk("upstream", inner, tree.up)] if tree.up != 0 else []
        down = [Walk("downstream", inner, tree.down)] if tree.down != 0 else []
        return any_of([*up, *down])
    if tree.how == "or":
        return any_of(_node(part, sources) for part in tree.parts)
    if tree.how == "and":
        return _both(tree, sources)
    inner = _node(tree.parts[0], sources)
    return Minus(Matching("all", None, sources), inner) if tree.how == "not" else Part(tree.how, inner)


def _both(tree: Combined, sources: bool) -> Node:
    """``a and not b`` is what a chooses without b; other parts are intersected."""
    negated = [part.parts[0] for part in tree.parts if isinstance(part, Combined) and part.how == "not"]
    plain = [part for part in tree.parts if not (isinstance(part, Combined) and part.how == "not")]
    found = all_of(_node(part, sources) for part in plain) if plain else Matching("all", None, sources)
    for part in negated:
        found = Minus(found, _node(part, sources))
    return found


def _leaf(leaf: Leaf, sources: bool) -> Node:
    value = leaf.value
    if leaf.attribute == "all":
        return Matching("all", None, sources)
    if leaf.attribute == "check" and value is not None:
        asset, _, name = value.rpartition(":")
        key = AssetCheckKey(AssetKey.from_user_string(asset), name)
        return AllChecks() if value == "*" else ByCheck((key,))
    if leaf.attribute in {"key", "name"} and value is not None and "*" not in value:
        return ByKey((AssetKey.from_user_string(value),))
    return Matching(leaf.attribute, value, sources)

"""Why a selection chooses nothing, and names in it that nobody has: for those who wrote it as text.

Owns: the words for both. A selection in Python may name a group that is still empty; who types one on
a command line mistook it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from penstock.define.asset_graph import AssetGraph
from penstock.define.selection import AssetSelection
from penstock.define.selection_attributes import Matching, with_sources
from penstock.define.selection_nodes import Node, leaves
from penstock.define.spec_rules import DEFAULT_GROUP, KIND_PREFIX
from penstock.errors import InvalidSubsetError, suggest
from penstock.keys import user_strings

_SHOWN = 8


def refuse_unknown_groups(selection: AssetSelection, graph: AssetGraph) -> None:
    """Refuse groups that no asset is in; wildcards pass.

    Args:
        selection: as somebody typed it.
        graph: of all assets.

    Raises:
        InvalidSubsetError: naming them, where they stand, and what is near.
    """
    groups = [one for one in _attributes(selection.node) if one.attribute == "group"]
    unknown = [one for one in groups if isinstance(one.value, str) and _is_vain(one, graph)]
    if unknown:
        said = " ".join(_sentence(one, graph) for one in unknown)
        known = sorted(graph.keys_by_group)
        more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
        drawn = [one.mark.drawn() for one in unknown if one.mark is not None]
        raise InvalidSubsetError(
            "\n".join([f"{said} Groups are: {', '.join(known[:_SHOWN])}{more}.", *drawn])
        )


def why_empty(selection: AssetSelection, graph: AssetGraph) -> str:
    """Why a selection chooses nothing, in sentences that follow another one; empty when it cannot be said.

    Args:
        selection: that chooses nothing.
        graph: of all assets.
    """
    vain = [one for one in _attributes(selection.node) if _is_vain(one, graph)]
    return "".join(f" {_sentence(one, graph)}" for one in dict.fromkeys(vain))


def _attributes(node: Node) -> list[Matching]:
    return [one for one in leaves(node) if isinstance(one, Matching) and one.value is not None]


def _is_vain(one: Matching, graph: AssetGraph) -> bool:
    return not with_sources(one).keys(graph, allow_missing=True)


def _sentence(one: Matching, graph: AssetGraph) -> str:
    known = _KNOWN.get(one.attribute)
    text = "=".join(one.value) if isinstance(one.value, tuple) else str(one.value)
    near = "" if known is None else suggest(text.removesuffix("="), known(graph))
    return f"No asset has {str(one).removeprefix('include_sources(')}.{near}"


def _said(graph: AssetGraph, *fields: str) -> list[str]:
    return sorted({one for spec in graph.specs for field in fields for one in getattr(spec, field)})


def _tags(graph: AssetGraph) -> Iterable[str]:
    pairs = {
        pair for spec in graph.specs for pair in spec.tags.items() if not pair[0].startswith(KIND_PREFIX)
    }
    return sorted("=".join(pair) if pair[1] else pair[0] for pair in pairs)


_KNOWN: dict[str, Callable[[AssetGraph], Iterable[str]]] = {
    "group": lambda graph: sorted({DEFAULT_GROUP, *graph.keys_by_group}),
    "kind": lambda graph: _said(graph, "kinds"),
    "owner": lambda graph: _said(graph, "owners"),
    "tag": _tags,
    "key": lambda graph: user_strings(graph.by_key),
}

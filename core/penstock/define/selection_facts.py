"""Choosing assets by what is known beyond their definitions: ``status:``, ``column:`` and so on.

Owns: ``Facts``, what a selection may ask of whoever keeps records, and the node that asks. Pure: a selection
never looks for facts, it is given them; ``with_facts`` turns each question into the keys that answer it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from penstock.define.asset_graph import AssetGraph
from penstock.define.selection_grammar import NULL
from penstock.define.selection_nodes import ByKey, Checks, Keys, Node, checks_of, leaves, mapped
from penstock.define.selection_text import quoted
from penstock.errors import InvalidSubsetError, suggest
from penstock.keys import AssetKey
from penstock.metadata.value import MetadataValue
from penstock.values import frozen

# Names of metadata.sets.TableMetadataSet, which would cost each program milliseconds when it is loaded.
_SCHEMA, _TABLE = "penstock/column_schema", "penstock/table_name"
_STORED = frozenset({"status", "code_location"})

Wanted = str | tuple[str, str] | None
Metadata = Mapping[str, Any]


class Facts(Protocol):
    """What is known of assets beyond their definitions."""

    def locations(self) -> Sequence[str]:
        """Every name of the code location that the assets are defined in, its usual one first."""
        ...

    def having(self, status: str, keys: Collection[AssetKey], graph: AssetGraph) -> Collection[AssetKey]:
        """Those of the assets for which a word of ``selection_grammar.STATUSES`` holds."""
        ...

    def metadata(self, keys: Collection[AssetKey]) -> Mapping[AssetKey, Metadata]:
        """The metadata of the latest materialization of each asset that was ever made."""
        ...


@frozen
class Asked:
    """The assets for which an attribute holds that is not (or not only) in definitions.

    ``value`` None means that the asset has none of these.
    """

    attribute: str
    value: Wanted
    include_sources: bool = False
    is_term = True

    def keys(self, graph: AssetGraph, *, allow_missing: bool) -> Keys:
        """The assets it chooses, as far as definitions tell."""
        if self.attribute in _STORED:
            raise InvalidSubsetError(
                f"{self} asks what is not in definitions. It is answered by penstock materialize, plan and"
                " asset list with --select, and by materialize(..., instance=...); a job is fixed before"
                " anybody can be asked. Who resolves it gives facts: selection.resolve(graph, facts=...)."
            )
        return self._described(graph, {})

    def checks(self, graph: AssetGraph, *, allow_missing: bool) -> Checks:
        """The checks it chooses."""
        return checks_of(self.keys(graph, allow_missing=allow_missing), graph)

    def answer(self, graph: AssetGraph, facts: Facts) -> Keys:
        """The assets it chooses.

        Args:
            graph: of all assets.
            facts: what is known of them.

        Raises:
            InvalidSubsetError: when it names a code location that is not this one.
        """
        among = self._among(graph)
        if self.attribute == "code_location":
            _refuse_other_location(str(self.value), facts.locations())
            return among
        if self.attribute == "status":
            return among.intersection(facts.having(str(self.value), among, graph))
        return self._described(graph, facts.metadata(among))

    def _among(self, graph: AssetGraph) -> Keys:
        return set(graph.by_key if self.include_sources else graph.materializable_asset_keys)

    def _described(self, graph: AssetGraph, made: Mapping[AssetKey, Metadata]) -> Keys:
        holds = _HOLDS[self.attribute]
        said = ((key, {**graph.spec(key).metadata, **made.get(key, {})}) for key in self._among(graph))
        return {key for key, metadata in said if holds(self.value, metadata)}

    def __str__(self) -> str:
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        pieces = [NULL if value is None else quoted([value]) for value in values]
        written = (
            f"{self.attribute}:{'='.join(pieces) if values[-1] != '' or len(values) == 1 else pieces[0]}"
        )
        return f"include_sources({written})" if self.include_sources else written


def with_facts(node: Node, graph: AssetGraph, facts: Facts) -> Node:
    """The same choice, each question that facts answer exchanged for the keys that they give.

    Args:
        node: the choice.
        graph: of all assets.
        facts: what is known of them.
    """

    def answered(one: Node) -> Node:
        return ByKey(tuple(sorted(one.answer(graph, facts)))) if isinstance(one, Asked) else one

    return mapped(node, answered)


def asks_facts(node: Node) -> bool:
    """Whether facts may change what is chosen."""
    return any(isinstance(one, Asked) for one in leaves(node))


def _refuse_other_location(wanted: str, known: Sequence[str]) -> None:
    if wanted in known:
        return
    near = suggest(wanted, known, limit=1)
    here = near or (f" It is called {known[0]!r}." if known else " It has no name.")
    raise InvalidSubsetError(f"There is one code location here, and it is not {wanted!r}.{here}")


def _payload(value: Any) -> Any:
    return value.value if isinstance(value, MetadataValue) else value


def _columns(metadata: Metadata) -> list[Any]:
    return list(getattr(_payload(metadata.get(_SCHEMA)), "columns", ()))


def _has_column(wanted: Wanted, metadata: Metadata) -> bool:
    names = [column.name for column in _columns(metadata)]
    return wanted in names if wanted is not None else not names


def _has_column_tag(wanted: Wanted, metadata: Metadata) -> bool:
    tags = [tag for column in _columns(metadata) for tag in column.tags.items()]
    return wanted in tags if wanted is not None else not tags


def _has_table_name(wanted: Wanted, metadata: Metadata) -> bool:
    return _payload(metadata.get(_TABLE)) == wanted


_HOLDS: dict[str, Callable[[Wanted, Metadata], bool]] = {
    "column": _has_column,
    "column_tag": _has_column_tag,
    "table_name": _has_table_name,
}

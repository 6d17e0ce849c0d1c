"""What staleness is judged from: the facts of each asset, and what each asset reads.

Owns: ``Fact``, ``Known``, ``Subject`` and ``Edge``, and how subjects come from the graph of assets. Pure: who
reads a log is ``query``; a history that is rarely needed comes as a function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from attrs import field

from penstock.define.asset_graph import AssetGraph
from penstock.define.assets import AssetsDefinition
from penstock.events.values import CODE_VERSION_TAG, DATA_VERSION_TAG, INPUT_DATA_VERSION_PREFIX
from penstock.keys import AssetKey
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.mapping import IdentityPartitionMapping, PartitionMapping
from penstock.partitions.mapping_rules import mapping_between
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.time_mapping import TimeWindowPartitionMapping
from penstock.plan.partitions import partitions_of
from penstock.values import frozen

_AS_IT_IS = (IdentityPartitionMapping(), TimeWindowPartitionMapping())


class Fact(NamedTuple):
    """The latest materialization, or observation, of an asset or of one partition.

    ``id`` is its place in the log; ``run_id`` is empty, and ``step`` None, for what was reported.
    """

    id: int
    at: float
    run_id: str
    step: str | None
    tags: Mapping[str, str]

    @property
    def version(self) -> str | None:
        """The data version."""
        return self.tags.get(DATA_VERSION_TAG)

    @property
    def code(self) -> str | None:
        """The code version of what made it."""
        return self.tags.get(CODE_VERSION_TAG)

    @property
    def tells_inputs(self) -> bool:
        """Whether it says what it was made from: facts that were reported do not."""
        return DATA_VERSION_TAG in self.tags

    def read_of(self, name: str) -> str | None:
        """The version of an upstream asset, by its name, that it was made from."""
        return self.tags.get(INPUT_DATA_VERSION_PREFIX + name)

    def is_with(self, other: Fact) -> bool:
        """Whether both came from one step."""
        return bool(self.run_id) and (self.run_id, self.step) == (other.run_id, other.step)


def _no_facts() -> Mapping[str, Fact]:
    return {}


def _no_history() -> Mapping[str, Sequence[Fact]]:
    return {}


@frozen(kw_only=True, eq=False)
class Known:
    """What is known of one asset.

    Args:
        fact: the latest of it as a whole, None when nothing is known.
        is_made: whether that is a materialization; an asset may be observed that was never made.
        is_failed: whether the last run that was to make it failed to.
        by_partition: the latest fact of each partition.
        there: the partitions that there are, None when it has none.
        made: those of them that were made.
        failed: those of them that the last run that was to make them failed to.
        history: reads every fact of each partition, oldest first.
    """

    fact: Fact | None = None
    is_made: bool = False
    is_failed: bool = False
    by_partition: Mapping[str, Fact] = field(factory=_no_facts)
    there: PartitionsSubset | None = None
    made: PartitionsSubset | None = None
    failed: PartitionsSubset | None = None
    history: Callable[[], Mapping[str, Sequence[Fact]]] = _no_history


@frozen(kw_only=True, eq=False)
class Edge:
    """One upstream asset of another.

    Args:
        key: the upstream asset.
        name: as it stands in tags.
        definition: its partitions, None when it has none.
        mapping: which of them are read; None where the upstream asset has none.
        is_same: whether a partition reads the upstream partition of its own key.
    """

    key: AssetKey
    name: str
    definition: PartitionsDefinition | None = None
    mapping: PartitionMapping | None = None
    is_same: bool = False


@frozen(kw_only=True, eq=False)
class Subject:
    """An asset to judge.

    Args:
        key: the asset.
        code_version: as it is declared now, None where it is not.
        edges: what it reads, itself left out.
        definition: its partitions, None when it has none.
    """

    key: AssetKey
    code_version: str | None
    edges: tuple[Edge, ...]
    definition: PartitionsDefinition | None = None

    @property
    def own_names(self) -> frozenset[str]:
        """The names under which tags may speak of what it reads: its upstream assets and itself."""
        return frozenset([self.key.to_user_string(), *(edge.name for edge in self.edges)])


def subjects_of(graph: AssetGraph, keys: Iterable[AssetKey]) -> list[Subject]:
    """The assets that a run can make among some, upstream ones first.

    Args:
        graph: every asset.
        keys: which ones.
    """
    wanted = set(keys) & graph.materializable_asset_keys
    return [_subject(graph, key) for key in graph.in_order if key in wanted]


def definition_of(graph: AssetGraph, key: AssetKey) -> PartitionsDefinition | None:
    """The partitions of an asset, None when it has none."""
    return partitions_of(graph.definition(key), key)


def _subject(graph: AssetGraph, key: AssetKey) -> Subject:
    assets = graph.definition(key)
    definition = partitions_of(assets, key)
    return Subject(
        key=key,
        code_version=assets.specs_by_key[key].code_version,
        edges=tuple(_edge(graph, assets, key, definition, parent) for parent in graph.parents(key)),
        definition=definition,
    )


def _edge(
    graph: AssetGraph,
    assets: AssetsDefinition,
    key: AssetKey,
    own: PartitionsDefinition | None,
    parent: AssetKey,
) -> Edge:
    name, upstream = parent.to_user_string(), definition_of(graph, parent)
    if upstream is None:
        return Edge(key=parent, name=name)
    given = assets.partition_mappings.get(parent)
    mapping = mapping_between(given or assets.specs_by_key[key].partition_mappings.get(parent), own, upstream)
    mapping.validate_partition_mapping(upstream, own)
    is_same = own is not None and own == upstream and mapping in _AS_IT_IS
    return Edge(key=parent, name=name, definition=upstream, mapping=mapping, is_same=is_same)

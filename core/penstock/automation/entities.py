"""Assets and checks as conditions see them: partitions, parents, checks, and who is made together.

Owns: ``Entity`` and ``Scene``. What has no partitions has the single partition ``ONCE``, so every answer is a
subset of partitions. Worked out from definitions alone, when it is first asked for; no facts. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from penstock.automation.cutting import everything
from penstock.automation.scheme import ONCE
from penstock.define.asset_graph import AssetGraph
from penstock.define.assets import AssetsDefinition
from penstock.define.condition import AutomationCondition
from penstock.define.graph import GraphDefinition
from penstock.define.selection import AssetSelection
from penstock.keys import AssetCheckKey, AssetKey
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.mapping import IdentityPartitionMapping, PartitionMapping
from penstock.partitions.mapping_rules import downstream_partitions, mapping_between, upstream_partitions
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.time_mapping import TimeWindowPartitionMapping
from penstock.partitions.view import View
from penstock.plan.partitions import partitions_of

Entity = AssetKey | AssetCheckKey

_AS_IT_IS = (IdentityPartitionMapping(), TimeWindowPartitionMapping())


class Scene:
    """The assets and checks of a project at one moment.

    Args:
        graph: all of them.
        view: what counts as now, and who knows dynamic keys.
    """

    def __init__(self, graph: AssetGraph, view: View) -> None:
        self.graph = graph
        self.view = view
        self._definitions: dict[Entity, PartitionsDefinition] = {}
        self._everything: dict[int, PartitionsSubset] = {}
        self._mappings: dict[tuple[Entity, Entity], PartitionMapping] = {}
        self._parents: dict[Entity, Sequence[AssetKey]] = {}
        self._chosen: dict[AssetSelection, Collection[Entity]] = {}

    # ---- what there is --------------------------------------------------------------------------

    def condition(self, entity: Entity) -> AutomationCondition | None:
        """The condition of an asset or a check, None when it has none."""
        if isinstance(entity, AssetCheckKey):
            return self.graph.check_spec(entity).automation_condition
        return self.graph.spec(entity).automation_condition

    def definition(self, entity: Entity) -> PartitionsDefinition:
        """The partitions of an asset or a check; ``ONCE`` when it has none."""
        found = self._definitions.get(entity)
        if found is None:
            if isinstance(entity, AssetCheckKey):
                given = self.graph.check_spec(entity).partitions_def
            else:
                given = partitions_of(self.graph.definition(entity), entity)
            found = self._definitions[entity] = ONCE if given is None else given
        return found

    def everything(self, entity: Entity) -> PartitionsSubset:
        """Every partition that there is of an asset or a check."""
        definition = self.definition(entity)
        found = self._everything.get(id(definition))
        if found is None or found.partitions_def is not definition:
            found = self._everything[id(definition)] = everything(definition, self.view)
        return found

    def nothing(self, entity: Entity) -> PartitionsSubset:
        """No partition of an asset or a check."""
        return self.definition(entity).empty_subset()

    def is_partitioned(self, entity: Entity) -> bool:
        """Whether it has partitions of its own."""
        return self.definition(entity) is not ONCE

    def is_observed(self, key: AssetKey) -> bool:
        """Whether an asset is observed here and made elsewhere."""
        return self.graph.definition(key).is_observable

    def existing(self, entity: Entity, keys: Iterable[str | None]) -> PartitionsSubset:
        """The partitions of these keys, those that there are not left out.

        Args:
            entity: an asset or a check.
            keys: of partitions; of what has none, any key at all stands for it.
        """
        definition = self.definition(entity)
        if definition is ONCE:
            return self.everything(entity) if any(True for _ in keys) else self.nothing(entity)
        form = definition.form
        places = form.places_of([key for key in keys if key is not None])
        found = PartitionsSubset(definition, form.body_of(place for place in places if place is not None))
        return found & self.everything(entity)

    @cached_property
    def in_order(self) -> Sequence[Entity]:
        """All of them, each after what it depends on; checks before assets that could be as early."""
        level: dict[Entity, int] = {}
        for key in self.graph.in_order:
            level[key] = 1 + max((level[parent] for parent in self.graph.parents(key)), default=0)
        for check in self.graph.by_check:
            level[check] = 1 + max((level.get(parent, 0) for parent in self.parents(check)), default=0)
        place = {True: 0, False: 1}
        return sorted(
            level, key=lambda one: (level[one], place[isinstance(one, AssetCheckKey)], one.to_user_string())
        )

    def parents(self, entity: Entity) -> Sequence[AssetKey]:
        """What an asset or a check depends on directly, sorted; itself among it when it reads itself."""
        found = self._parents.get(entity)
        if found is None:
            found = self._parents[entity] = self._sorted_parents(entity)
        return found

    def _sorted_parents(self, entity: Entity) -> Sequence[AssetKey]:
        if isinstance(entity, AssetCheckKey):
            deps = self.graph.check_spec(entity).additional_deps
            return sorted({entity.asset_key, *(dep.asset_key for dep in deps)})
        found = self.graph.parents(entity)
        return sorted((*found, entity) if entity in self._reading_themselves else found)

    @cached_property
    def _reading_themselves(self) -> frozenset[AssetKey]:
        return frozenset(self.graph.depending_on_themselves)

    def checks(self, key: AssetKey, *, blocking_only: bool) -> Sequence[AssetCheckKey]:
        """The checks of an asset, sorted."""
        found = sorted(self.graph.checks_by_asset.get(key, ()))
        return [one for one in found if not blocking_only or self.graph.check_spec(one).blocking]

    def chosen(self, selection: AssetSelection) -> Collection[Entity]:
        """The assets and checks of a selection; what nobody defines is left out."""
        found = self._chosen.get(selection)
        if found is None:
            keys = selection.resolve(self.graph, allow_missing=True)
            checks = selection.resolve_checks(self.graph, allow_missing=True)
            found = self._chosen[selection] = frozenset((*keys, *checks))
        return found

    def made_with(self, key: AssetKey) -> Iterator[Entity]:
        """The other assets, and the checks, that are made whenever an asset is."""
        definition = self.graph.definition(key)
        if definition.can_subset or definition.node is None or isinstance(definition.node, GraphDefinition):
            return
        yield from (other for other in sorted(definition.keys) if other != key)
        yield from sorted(definition.check_keys)

    @cached_property
    def downstream_conditions(self) -> Mapping[AssetKey, Mapping[AutomationCondition, frozenset[AssetKey]]]:
        """Of each asset the different conditions of all that is downstream, each with whose it is."""
        found: dict[AssetKey, dict[AutomationCondition, frozenset[AssetKey]]] = {}
        for key in reversed(self.graph.in_order):
            own: dict[AutomationCondition, frozenset[AssetKey]] = {}
            for child in self.graph.children(key):
                condition = self.graph.spec(child).automation_condition
                if condition is not None:
                    own.setdefault(condition, frozenset((child,)))
                for below, owners in found.get(child, {}).items():
                    own.setdefault(below, owners)
            found[key] = own
        return found

    # ---- from one to another --------------------------------------------------------------------

    def mapping(self, reader: Entity, read: Entity) -> PartitionMapping:
        """Which partitions of one the other reads; inferred where nothing is said of them.

        Raises:
            InvalidDefinitionError: when what was given is no mapping.
        """
        found = self._mappings.get((reader, read))
        if found is None:
            own, other = self.definition(reader), self.definition(read)
            found = self._mappings[reader, read] = mapping_between(
                self._given_mapping(reader, read),
                None if own is ONCE else own,
                None if other is ONCE else other,
            )
        return found

    def _given_mapping(self, reader: Entity, read: Entity) -> PartitionMapping | None:
        if isinstance(read, AssetCheckKey):
            return None
        if isinstance(reader, AssetCheckKey):
            deps = self.graph.check_spec(reader).additional_deps
            return next((dep.partition_mapping for dep in deps if dep.asset_key == read), None)
        assets: AssetsDefinition = self.graph.definition(reader)
        given = assets.partition_mappings.get(read)
        return given or assets.specs_by_key[reader].partition_mappings.get(read)

    def _is_same(self, reader: Entity, read: Entity) -> bool:
        own, other = self.definition(reader), self.definition(read)
        return (own is other or own == other) and (own is ONCE or self.mapping(reader, read) in _AS_IT_IS)

    def read_by(self, reader: Entity, read: Entity, subset: PartitionsSubset) -> PartitionsSubset:
        """The partitions of ``read`` that some partitions of ``reader`` read."""
        definition = self.definition(read)
        if subset.is_empty:
            return self.nothing(read)
        if reader != read and self._is_same(reader, read):
            return PartitionsSubset(definition, subset.body)
        if definition is ONCE:
            return self.everything(read)
        own = None if subset.partitions_def is ONCE else subset
        mapping = self.mapping(reader, read)
        return upstream_partitions(
            mapping, own, definition, self.view, _words(reader, read)
        ).partitions_subset

    def readers_of(self, read: Entity, reader: Entity, subset: PartitionsSubset) -> PartitionsSubset:
        """The partitions of ``reader`` that read some partitions of ``read``."""
        definition = self.definition(reader)
        if subset.is_empty:
            return self.nothing(reader)
        if reader != read and self._is_same(reader, read):
            return PartitionsSubset(definition, subset.body)
        if definition is ONCE or subset.partitions_def is ONCE:
            return self.everything(reader)
        mapping = self.mapping(reader, read)
        return downstream_partitions(mapping, subset, definition, self.view, _words(reader, read))

    def in_one_run(self, child: Entity, parent: Entity) -> bool:
        """Whether one run can make both, so that a request of the one may wait for the other's."""
        own, other = self.definition(child), self.definition(parent)
        if own is not other and own != other:
            return False
        if isinstance(parent, AssetKey) and parent not in self.graph.materializable_asset_keys:
            return False
        looked = (TimeWindowPartitionMapping, IdentityPartitionMapping)
        return own is ONCE or isinstance(self.mapping(child, parent), looked)


def _words(reader: Entity, read: Entity) -> str:
    return f"{reader.to_user_string()!r}, which reads {read.to_user_string()!r}"

"""The runs that carry out what conditions request.

Owns: ``requests_of``. Assets of the same partition are made by one run, those without partitions by another.
What nothing here can make, as an external asset, is left out. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from penstock.automation.entities import Entity, Scene
from penstock.define.run_requests import RunRequest
from penstock.keys import AssetCheckKey, AssetKey
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.subset import PartitionsSubset

FROM_CONDITION_TAG = "penstock/from_automation_condition"
"""The tag of a run that a condition asked for."""


def requests_of(
    requested: Mapping[Entity, PartitionsSubset], scene: Scene, tags: Mapping[str, str]
) -> Sequence[RunRequest]:
    """Requests for runs, in the order in which assets come first.

    Args:
        requested: the partitions of each asset and check; what has none has one.
        scene: all of them.
        tags: of the runs.
    """
    return [
        RunRequest(
            tags={**tags, FROM_CONDITION_TAG: "true"},
            partition_key=partition,
            asset_selection=[one for one in entities if isinstance(one, AssetKey)],
            asset_check_keys=_checks(scene, entities),
        )
        for partition, entities in _together(requested, scene)
    ]


def _together(
    requested: Mapping[Entity, PartitionsSubset], scene: Scene
) -> Iterator[tuple[str | None, list[Entity]]]:
    """What one run makes, by partition."""
    kinds: list[tuple[PartitionsDefinition, dict[str, list[Entity]]]] = []
    for entity, subset in requested.items():
        if isinstance(entity, AssetKey) and entity not in scene.graph.executable_asset_keys:
            continue
        definition = scene.definition(entity)
        found = next((by_key for one, by_key in kinds if one is definition or one == definition), None)
        if found is None:
            found = dict[str, list[Entity]]()
            kinds.append((definition, found))
        for key in subset:
            found.setdefault(key, []).append(entity)
    for _, by_key in kinds:
        for key, entities in by_key.items():
            yield (key if scene.is_partitioned(entities[0]) else None), entities


def _checks(scene: Scene, entities: Sequence[Entity]) -> list[AssetCheckKey]:
    """The checks that are requested, and those of the assets that have no condition of their own."""
    found = {one for one in entities if isinstance(one, AssetCheckKey)}
    for one in entities:
        if isinstance(one, AssetKey):
            checks = scene.checks(one, blocking_only=False)
            found.update(check for check in checks if scene.condition(check) is None)
    return sorted(found)

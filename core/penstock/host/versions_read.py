"""The versions of what a run reads of partitioned assets that earlier runs made.

Owns: ``versions_read``. A run of one partition notes the version of the partitions it reads; where they are
many, and in a run of several partitions, it notes up to where the log was read: that is one short text
however many there are, and whoever judges staleness finds in the log what the versions were then.
"""

from __future__ import annotations

from collections.abc import Iterator

from penstock.define.job import AssetLayer
from penstock.engine.program import Program
from penstock.keys import AssetKey
from penstock.plan.partitions import Read
from penstock.plan.versions import MANY, combined, up_to
from penstock.query.versions import partition_facts
from penstock.spi.store import Store


def versions_read(program: Program, store: Store) -> dict[str, dict[AssetKey, str]]:
    """What each node of a run reads of partitioned assets, as versions.

    Args:
        program: of the run, before its first step.
        store: what earlier runs made.

    Returns:
        Name of the node → upstream asset → version. What the run makes itself, and is read partition by
        partition, is left out: the run will know.
    """
    layer = program.job.assets
    if layer is None:
        return {}
    found = {node: dict(_of_node(program, layer, node, store)) for node in program.plan.reads}
    return {node: versions for node, versions in found.items() if versions}


def _of_node(program: Program, layer: AssetLayer, node: str, store: Store) -> Iterator[tuple[AssetKey, str]]:
    own = layer.by_node[node].keys
    for key, read in program.plan.reads[node].items() if own else ():
        if key in own:
            continue
        is_made_here = key in layer.selected
        if is_made_here and read.is_same:
            continue
        is_one = len(program.plan.partition_keys) <= 1 and not is_made_here
        version = _version(store, key, read) if is_one and len(read.subset) <= MANY else None
        if version is None:
            version = _place(store, key, is_made_here=is_made_here)
        if version is not None:
            yield key, version


def _version(store: Store, key: AssetKey, read: Read) -> str | None:
    keys = read.subset.get_partition_keys()
    facts = partition_facts(store, key, keys) if keys else {}
    versions = {one: facts[one].version if one in facts else None for one in keys}
    return next(iter(versions.values()), None) if read.is_same else combined(versions)


def _place(store: Store, key: AssetKey, *, is_made_here: bool) -> str | None:
    """Up to where the log was read; None when it says nothing of the asset yet, nor will by this run."""
    (status,) = store.assets([key])
    facts = [fact.id for fact in (status.last_materialization, status.last_observation) if fact is not None]
    return up_to(max(facts, default=0)) if facts or is_made_here else None

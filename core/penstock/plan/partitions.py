"""The partitions of a run: which ones it covers, and which upstream ones its steps read.

Owns: ``covered_keys``, ``Read`` and ``reads_of``. Pure: what counts as now, and who knows dynamic keys, is an
argument. Everything is worked out before the run begins and travels with the plan, so a worker asks nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from penstock.define.assets import AssetsDefinition
from penstock.define.job import AssetLayer, JobDefinition
from penstock.errors import InvalidDefinitionError, InvariantViolationError
from penstock.keys import AssetKey
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.keys import PartitionKeyRange
from penstock.partitions.mapping import IdentityPartitionMapping, PartitionMapping
from penstock.partitions.mapping_rules import mapping_between, refuse_looking_ahead, upstream_partitions
from penstock.partitions.multi import MultiPartitionsDefinition
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.time_mapping import TimeWindowPartitionMapping
from penstock.partitions.view import View
from penstock.values import frozen

_AS_IT_IS = (IdentityPartitionMapping(), TimeWindowPartitionMapping())
_SHOWN = 5


@frozen(kw_only=True)
class Read:
    """The partitions of one upstream asset that the steps of a node read.

    Args:
        subset: those that exist.
        missing: keys that are wanted and do not exist.
        is_same: whether they are the partitions that the run covers, of the same definition.
        where: who reads what, for messages.
    """

    subset: PartitionsSubset
    missing: tuple[str, ...] = ()
    is_same: bool = False
    where: str = ""

    @property
    def keys(self) -> Sequence[str]:
        """The keys, in order.

        Raises:
            InvariantViolationError: when some that are wanted do not exist.
        """
        if self.missing:
            more = f" and {len(self.missing) - _SHOWN} more" if len(self.missing) > _SHOWN else ""
            raise InvariantViolationError(
                f"{self.where} wants partitions that do not exist:"
                f" {', '.join(map(repr, self.missing[:_SHOWN]))}{more}. They are outside the upstream"
                " partitions, or not over yet; run another partition, or give a mapping that leaves them out"
                " (TimeWindowPartitionMapping(allow_nonexistent_upstream_partitions=True))."
            )
        return self.subset.get_partition_keys()


def covered_keys(
    definition: PartitionsDefinition, view: View, *, key: str | None, ends: PartitionKeyRange | None
) -> tuple[str, ...]:
    """The partitions that a run covers, each of which exists.

    Args:
        definition: the partitions of the job.
        view: what counts as now, and who knows dynamic keys.
        key: the one partition, or None.
        ends: the range of partitions, or None.

    Raises:
        UnknownPartitionError: when a key does not exist, or the range is the wrong way round.
    """
    if ends is not None:
        found = definition.get_partition_keys_in_range(ends, view.effective_dt, view.dynamic_partitions_store)
        return tuple(found)
    if key is None:
        return ()
    if not definition.has_partition_key(key, view.effective_dt, view.dynamic_partitions_store):
        definition.validate_partition_key(key, view.effective_dt, view.dynamic_partitions_store)
    if isinstance(definition, MultiPartitionsDefinition):
        return (definition.get_partition_key_from_str(key),)
    return (key,)


def reads_of(job: JobDefinition, keys: Sequence[str], view: View) -> Mapping[str, Mapping[AssetKey, Read]]:
    """What the nodes of an asset job read of partitioned assets.

    Args:
        job: to run.
        keys: the partitions that the run covers, empty for none.
        view: what counts as now, and who knows dynamic keys.

    Returns:
        Name of the node → upstream asset → partitions; a partitioned node of a run without keys has none.

    Raises:
        InvalidDefinitionError: when a mapping does not fit, or an asset that depends on itself does not
            look back.
    """
    layer = job.assets
    if layer is None:
        return {}
    found: dict[str, Mapping[AssetKey, Read]] = {}
    for name, assets in layer.by_node.items():
        reads = dict(_reads(assets, layer, _reader(assets, job, keys), view))
        if reads:
            found[name] = reads
    return found


def definitions_in(layer: AssetLayer) -> list[tuple[PartitionsDefinition, str]]:
    """The different partitions definitions in a job, each with the first asset that has it."""
    found: list[tuple[PartitionsDefinition, str]] = []
    for assets in layer.by_node.values():
        named = [(partitions_of(assets, key), key.to_user_string()) for key in sorted(assets.keys)]
        for definition, name in named or [(assets.partitions_def, assets.name)]:
            if definition is not None and all(definition != known for known, _ in found):
                found.append((definition, name))
    return found


def partitions_of(assets: AssetsDefinition | None, key: AssetKey | None) -> Any:
    """The partitions of one asset of a definition, None when it has none."""
    if assets is None:
        return None
    spec = None if key is None else assets.specs_by_key.get(key)
    return assets.partitions_def if spec is None or spec.partitions_def is None else spec.partitions_def


def refuse_unsuitable(layer: AssetLayer, name: str) -> None:
    """Refuse a run over assets of different partitions.

    Raises:
        InvalidDefinitionError: naming two of them.
    """
    found = definitions_in(layer)
    if len(found) > 1:
        (one, first), (other, second) = found[:2]
        raise InvalidDefinitionError(
            f"A run covers partitions of one definition, but {name} would run {first!r} ({one}) and"
            f" {second!r} ({other}). Select the assets of one definition, and run the others apart."
        )


# ---- one node ------------------------------------------------------------------------------------


def _reader(
    assets: AssetsDefinition, job: JobDefinition, keys: Sequence[str]
) -> PartitionsSubset | PartitionsDefinition | None:
    """The partitions that read; the definition alone when the run covers none; None without partitions."""
    definition = assets.partitions_def or next(
        (spec.partitions_def for spec in assets.specs if spec.partitions_def is not None), None
    )
    if definition is None and assets.kind == "check":
        definition = job.partitions_def  # a check looks at what the run makes
        if not keys:
            return None
    if definition is None or not keys:
        return definition
    return definition.subset_with_partition_keys(keys)


def _reads(
    assets: AssetsDefinition,
    layer: AssetLayer,
    reader: PartitionsSubset | PartitionsDefinition | None,
    view: View,
) -> Iterator[tuple[AssetKey, Read]]:
    if isinstance(reader, PartitionsDefinition):
        return
    for key in _upstream_keys(assets):
        upstream = partitions_of(layer.known.get(key), key)
        if upstream is not None:
            where = f"{assets.name!r}, which reads {key.to_user_string()!r},"
            yield key, _read(_mapping(assets, key), reader, upstream, view, where, key in assets.keys)


def _upstream_keys(assets: AssetsDefinition) -> Iterable[AssetKey]:
    deps = (dep.asset_key for spec in assets.specs for dep in spec.deps)
    return dict.fromkeys([*assets.keys_by_input.values(), *deps])


def _mapping(assets: AssetsDefinition, key: AssetKey) -> PartitionMapping | None:
    given = assets.partition_mappings.get(key)
    if given is not None:
        return given
    return next(
        (spec.partition_mappings[key] for spec in assets.specs if key in spec.partition_mappings), None
    )


def _read(
    given: PartitionMapping | None,
    reader: PartitionsSubset | None,
    upstream: PartitionsDefinition,
    view: View,
    where: str,
    of_itself: bool,
) -> Read:
    downstream = None if reader is None else reader.partitions_def
    mapping = mapping_between(given, downstream, upstream)
    mapping.validate_partition_mapping(upstream, downstream)
    if of_itself:
        refuse_looking_ahead(mapping, where)
    elif reader is not None and downstream == upstream and mapping in _AS_IT_IS:
        return Read(subset=reader, is_same=True, where=where)
    found = upstream_partitions(mapping, reader, upstream, view, where)
    subset, missing = found.partitions_subset, found.required_but_nonexistent_partition_keys
    if of_itself and reader is not None:
        subset = subset - reader  # what this very run makes is not there yet
    return Read(subset=subset, missing=tuple(missing), where=where)

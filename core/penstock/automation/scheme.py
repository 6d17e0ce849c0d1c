"""The scheme of a backfill: its parts, which of them one run makes together, and who waits for whom.

Owns: ``Part``, ``Link``, ``Unit``, ``Scheme`` and how a scheme is made of assets or of a job. A part is an
asset or a job; one without partitions has the single partition ``ONCE``. Knows no partitions that are asked
for: only definitions and mappings, so it is made in time linear to assets and dependencies. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from attrs import define, field

from penstock.define.asset_graph import AssetGraph
from penstock.define.assets import AssetsDefinition
from penstock.define.job import JobDefinition
from penstock.errors import InvalidInvocationError
from penstock.keys import AssetKey
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.mapping import IdentityPartitionMapping, PartitionMapping
from penstock.partitions.mapping_rules import mapping_between
from penstock.partitions.static import StaticPartitionsDefinition
from penstock.partitions.time_mapping import TimeWindowPartitionMapping
from penstock.plan.partitions import partitions_of
from penstock.values import frozen

ONCE = StaticPartitionsDefinition(["once"])
"""The partitions of what has none: it is made once."""

_SAME = (IdentityPartitionMapping(), TimeWindowPartitionMapping())


@frozen(kw_only=True, eq=False)
class Part:
    """An asset or a job that is to be made.

    Args:
        place: its number; upstream parts come first.
        name: for people.
        asset: None for a job.
        definition: its partitions.
        per_run: at most so many partitions in one run, None for any number.
        is_gone: whether nothing makes it any more.
    """

    place: int
    name: str
    asset: AssetKey | None = None
    definition: PartitionsDefinition = ONCE
    per_run: int | None = 1
    is_gone: bool = False

    @property
    def is_partitioned(self) -> bool:
        """Whether it has partitions of its own."""
        return self.definition is not ONCE


@frozen(kw_only=True, eq=False)
class Link:
    """One part reads another, or itself.

    Args:
        reader, read: places of the parts.
        mapping: which partitions of ``read``, None when either has no partitions.
        is_same: whether a partition reads the one of the same key.
    """

    reader: int
    read: int
    mapping: PartitionMapping | None = None
    is_same: bool = False


@frozen(kw_only=True, eq=False)
class Unit:
    """Parts that one run makes together: the same partitions, none of which waits for another run.

    Args:
        places: of its parts, upstream first.
        definition: the partitions of all of them.
        per_run: at most so many partitions a run, None for any number.
        wave: 0 for what waits for nothing, then up.
        in_order: whether its partitions read earlier ones of the same part.
    """

    places: tuple[int, ...]
    definition: PartitionsDefinition
    per_run: int | None
    wave: int
    in_order: bool = False


@define(eq=False)
class Scheme:
    """Everything about a backfill that does not change while it runs.

    Args:
        parts: by place.
        units: in order of their waves.
        links: who reads whom, in order of the readers.
    """

    parts: tuple[Part, ...] = field()
    units: tuple[Unit, ...] = field()
    links: tuple[Link, ...] = ()

    @cached_property
    def unit_of(self) -> Mapping[int, Unit]:
        """The unit of each part."""
        return {place: unit for unit in self.units for place in unit.places}

    @cached_property
    def links_of(self) -> Mapping[int, Sequence[Link]]:
        """What each part reads."""
        found: dict[int, list[Link]] = {part.place: [] for part in self.parts}
        for link in self.links:
            found[link.reader].append(link)
        return found

    @cached_property
    def places(self) -> Mapping[AssetKey, int]:
        """The place of each asset."""
        return {part.asset: part.place for part in self.parts if part.asset is not None}


# ---- of assets -----------------------------------------------------------------------------------


def scheme_of_assets(graph: AssetGraph, keys: Sequence[AssetKey]) -> Scheme:
    """The scheme of a backfill of some assets.

    Args:
        graph: of the project.
        keys: assets that can be made, upstream first: their places. One that nothing makes any more keeps
            its place and has no partitions.

    Raises:
        InvalidDefinitionError: when a mapping does not fit, or assets are in a circle.
        InvalidInvocationError: when parts of one definition that cannot be split have different partitions.
    """
    makeable = graph.materializable_asset_keys
    parts = tuple(
        _part(graph.definition(key), key, place) if key in makeable else _gone(key, place)
        for place, key in enumerate(keys)
    )
    places = {key: place for place, key in enumerate(keys) if key in makeable}
    links = tuple(link for key in places for link in _links(graph, key, places, parts))
    return Scheme(parts, _units(graph, parts, links), links)


def _gone(key: AssetKey, place: int) -> Part:
    return Part(place=place, name=key.to_user_string(), asset=key, is_gone=True)


def _part(assets: AssetsDefinition, key: AssetKey, place: int) -> Part:
    definition = partitions_of(assets, key) or ONCE
    policy = assets.backfill_policy
    per_run = 1 if policy is None else policy.max_partitions_per_run
    return Part(
        place=place,
        name=key.to_user_string(),
        asset=key,
        definition=definition,
        per_run=None if definition is ONCE else per_run,
    )


def _links(
    graph: AssetGraph, key: AssetKey, places: Mapping[AssetKey, int], parts: Sequence[Part]
) -> Iterable[Link]:
    assets = graph.definition(key)
    spec = assets.specs_by_key[key]
    for dep in spec.deps:
        if dep.asset_key not in places:
            continue
        reader, read = parts[places[key]], parts[places[dep.asset_key]]
        if not (reader.is_partitioned and read.is_partitioned):
            yield Link(reader=reader.place, read=read.place)
            continue
        given = assets.partition_mappings.get(dep.asset_key, dep.partition_mapping)
        mapping = mapping_between(given, reader.definition, read.definition)
        mapping.validate_partition_mapping(read.definition, reader.definition)
        is_same = reader.definition == read.definition and mapping in _SAME
        yield Link(reader=reader.place, read=read.place, mapping=mapping, is_same=is_same)


def _units(graph: AssetGraph, parts: Sequence[Part], links: Sequence[Link]) -> tuple[Unit, ...]:
    """Parts of the same wave, partitions and policy, which one run can make: between units, waves rise."""
    bound = _bound(graph, parts)
    waves = _waves(parts, links, bound)
    selfish = {link.reader for link in links if link.reader == link.read}
    gathered: dict[Any, list[Part]] = {}
    for part in parts:
        own = bound[part.place] if part.place in selfish else None
        gathered.setdefault((waves[part.place], part.definition, part.per_run, own), []).append(part)
    units = [
        Unit(
            places=tuple(part.place for part in group),
            definition=group[0].definition,
            per_run=group[0].per_run,
            wave=wave,
            in_order=own is not None,
        )
        for (wave, _, _, own), group in gathered.items()
    ]
    return tuple(sorted(units, key=lambda unit: (unit.wave, unit.places)))


def _bound(graph: AssetGraph, parts: Sequence[Part]) -> list[int]:
    """For each part the first place of those that are made by one function that cannot be split."""
    first: dict[int, Part] = {}
    found: list[int] = []
    for part in parts:
        assets = None if part.asset is None or part.is_gone else graph.definition(part.asset)
        if assets is None or assets.can_subset or len(assets.specs_by_key) == 1:
            found.append(part.place)
            continue
        other = first.setdefault(id(assets), part)
        if other.definition != part.definition:
            raise InvalidInvocationError(
                f"{other.name!r} and {part.name!r} are made by one function, {assets.name!r}, and have"
                " different partitions, so no run can make them. Write can_subset=True and make only"
                " context.selected_asset_keys."
            )
        found.append(other.place)
    return found


def _waves(parts: Sequence[Part], links: Sequence[Link], bound: Sequence[int]) -> list[int]:
    waves = [0] * len(parts)
    selfish = {bound[link.reader] for link in links if link.reader == link.read}
    changed = True
    while changed:  # once, unless functions that make several assets are interleaved
        changed = False
        for link in links:
            reader, read = parts[link.reader], parts[link.read]
            if reader is read:
                continue
            least = waves[read.place] + (not _together(link, reader, read, bound, selfish))
            first = bound[reader.place]
            if waves[first] < least <= len(parts):
                waves[first] = least
                changed = True
            waves[reader.place] = waves[first]
        for place, first in enumerate(bound):
            if waves[place] != waves[first]:
                waves[place] = waves[first]
                changed = True
    return waves


def _together(link: Link, reader: Part, read: Part, bound: Sequence[int], selfish: Collection[int]) -> bool:
    """Whether one run can make both."""
    if bound[reader.place] == bound[read.place]:
        return True
    if {bound[reader.place], bound[read.place]} & set(selfish):
        return False
    if not reader.is_partitioned and not read.is_partitioned:
        return True
    return link.is_same and reader.per_run == read.per_run


# ---- of a job ------------------------------------------------------------------------------------


def scheme_of_job(job: JobDefinition) -> Scheme:
    """The scheme of a backfill of a job: each run is a run of the whole job.

    A job of assets takes as many partitions a run as the most modest of its assets.

    Raises:
        InvalidInvocationError: when the job has no partitions, or its assets depend on themselves.
    """
    definition: PartitionsDefinition | None = job.partitions_def
    if definition is None:
        raise InvalidInvocationError(
            f"Job {job.name!r} has no partitions, so there is nothing to backfill. Run it:"
            f" penstock job run {job.name}."
        )
    part = Part(place=0, name=job.name, definition=definition, per_run=_smallest(job))
    unit = Unit(places=(0,), definition=definition, per_run=part.per_run, wave=0, in_order=_reads_itself(job))
    return Scheme((part,), (unit,))


def _smallest(job: JobDefinition) -> int | None:
    if job.assets is None:
        return 1
    policies = [one.backfill_policy for one in job.assets.by_node.values() if one.kind != "check"]
    sizes = [1 if policy is None else policy.max_partitions_per_run for policy in policies]
    limited = [size for size in sizes if size is not None]
    return min(limited) if limited or not sizes else None


def _reads_itself(job: JobDefinition) -> bool:
    if job.assets is None:
        return False
    return any(
        dep.asset_key == key
        for one in job.assets.by_node.values()
        for key, spec in one.specs_by_key.items()
        for dep in spec.deps
    )

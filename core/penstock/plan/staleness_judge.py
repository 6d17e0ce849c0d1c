"""The judgement: which assets, and which partitions of them, are to be made, and why.

Owns: ``judge``. Pure and without recursion; its cost grows with assets, edges and facts. What is to be made
is passed on to everything downstream through partition mappings, whole ranges at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from penstock.events.values import INPUT_DATA_VERSION_PREFIX
from penstock.keys import AssetKey
from penstock.partitions.mapping_rules import downstream_partitions, upstream_partitions
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.view import View
from penstock.plan.staleness import (
    Causes,
    PartitionVerdict,
    StaleCause,
    StaleCauseKind,
    StaleStatus,
    Verdict,
)
from penstock.plan.staleness_facts import Edge, Fact, Known, Subject
from penstock.plan.staleness_inputs import PartsRead, plain_cause

_NOTHING = Known()
_NEVER_MADE = StaleCause(kind=StaleCauseKind.NEVER_MADE)
_FAILED = StaleCause(kind=StaleCauseKind.LAST_TRY_FAILED)


def judge(
    subjects: Iterable[Subject], known: Mapping[AssetKey, Known], view: View
) -> dict[AssetKey, Verdict]:
    """What holds for each of some assets.

    Args:
        subjects: assets, each after those that it reads; what is upstream and not among them is fresh.
        known: what is known of them, and of what they read.
        view: what counts as now, and who knows dynamic keys.

    Raises:
        InvalidDefinitionError: when a partition mapping does not work.
    """
    found: dict[AssetKey, Verdict] = {}
    for subject in subjects:
        plain = subject.definition is None
        found[subject.key] = (_plain if plain else _partitioned)(subject, known, found, view)
    return found


# ---- assets without partitions -------------------------------------------------------------------


def _plain(
    subject: Subject, known: Mapping[AssetKey, Known], found: Mapping[AssetKey, Verdict], view: View
) -> Verdict:
    own = known.get(subject.key, _NOTHING)
    fact = own.fact
    failed = (_FAILED,) if own.is_failed else ()
    if fact is None or not own.is_made:
        return Verdict(key=subject.key, status=StaleStatus.MISSING, causes=(_NEVER_MADE, *failed))
    causes = (
        *_code_cause(subject, fact),
        *_removed(subject, tuple(fact.tags)),
        *_changed_inputs(subject, fact, known, view),
        *failed,
        *_inherited(subject, found, view),
    )
    return Verdict(key=subject.key, status=StaleStatus.STALE if causes else StaleStatus.FRESH, causes=causes)


def _changed_inputs(
    subject: Subject, fact: Fact, known: Mapping[AssetKey, Known], view: View
) -> Iterator[StaleCause]:
    for edge in subject.edges:
        upstream = known.get(edge.key, _NOTHING)
        if edge.definition is None:
            cause = plain_cause(edge, upstream, fact)
            if cause is not None:
                yield cause
            continue
        kind = PartsRead(edge, upstream, view).cause(fact, None)
        if kind is not None:
            yield StaleCause(kind=kind, dependency=edge.key)


def _inherited(subject: Subject, found: Mapping[AssetKey, Verdict], view: View) -> Iterator[StaleCause]:
    for edge in subject.edges:
        above = found.get(edge.key)
        if above is None or not above.is_changed:
            continue
        bad = above.changed_partitions
        if bad is None or not (_read_by_all(edge, view) & bad).is_empty:
            yield _passed_on(above)


def _read_by_all(edge: Edge, view: View) -> PartitionsSubset:
    assert edge.mapping is not None  # noqa: S101  # the upstream asset has partitions
    assert edge.definition is not None  # noqa: S101  # as above
    return upstream_partitions(edge.mapping, None, edge.definition, view, edge.name).partitions_subset


def _passed_on(above: Verdict) -> StaleCause:
    root, kind = above.root or (above.key, None)
    return StaleCause(kind=StaleCauseKind.UPSTREAM_STALE, dependency=above.key, root=root, root_kind=kind)


def _code_cause(subject: Subject, fact: Fact) -> Iterator[StaleCause]:
    now = subject.code_version
    if now is not None and fact.code != now:
        yield StaleCause(kind=StaleCauseKind.CODE_CHANGED, before=fact.code, now=now)


def _removed(subject: Subject, tags: Sequence[str]) -> tuple[StaleCause, ...]:
    names = [
        tag.removeprefix(INPUT_DATA_VERSION_PREFIX)
        for tag in tags
        if tag.startswith(INPUT_DATA_VERSION_PREFIX)
    ]
    if len(names) <= len(subject.edges) and all(name in subject.own_names for name in names):
        return ()
    return tuple(
        StaleCause(kind=StaleCauseKind.DEPENDENCY_REMOVED, dependency=AssetKey.from_user_string(name))
        for name in names
        if name not in subject.own_names
    )


# ---- assets with partitions ----------------------------------------------------------------------


def _partitioned(
    subject: Subject, known: Mapping[AssetKey, Known], found: Mapping[AssetKey, Verdict], view: View
) -> Verdict:
    own = known.get(subject.key, _NOTHING)
    assert subject.definition is not None  # noqa: S101  # this is for assets with partitions
    empty = subject.definition.empty_subset()
    there, made, failed = (one or empty for one in (own.there, own.made, own.failed))
    groups = [(there - made, (_NEVER_MADE,)), (made, ())]
    groups = _split(groups, failed, _FAILED)
    for cause, keys in _own_causes(subject, own, known, view).items():
        form = subject.definition.form
        places = [place for place in form.places_of(keys) if place is not None]
        groups = _split(groups, PartitionsSubset(subject.definition, form.body_of(places)) & made, cause)
    for cause, readers in _readers_of_bad(subject, found, view):
        groups = _split(groups, readers & made, cause)
    return _verdict(subject.key, groups)


Groups = list[tuple[PartitionsSubset, Causes]]


def _split(groups: Groups, subset: PartitionsSubset, cause: StaleCause) -> Groups:
    """Add a cause to some partitions: groups that hold both kinds become two."""
    if subset.is_empty:
        return groups
    found: Groups = []
    for members, causes in groups:
        within = members & subset
        if not within.is_empty:
            found += [(members - within, causes), (within, (*causes, cause))]
        else:
            found.append((members, causes))
    return [one for one in found if not one[0].is_empty]


def _verdict(key: AssetKey, groups: Groups) -> Verdict:
    made = [
        PartitionVerdict(subset=members, status=_status(causes), causes=causes)
        for members, causes in groups
        if not members.is_empty
    ]
    order = list(StaleStatus)
    made.sort(key=lambda one: order.index(one.status))
    worst = made[0].status if made else StaleStatus.FRESH
    causes = dict.fromkeys(cause for one in made for cause in one.causes)
    return Verdict(key=key, status=worst, causes=tuple(causes), groups=tuple(made))


def _status(causes: Causes) -> StaleStatus:
    if not causes:
        return StaleStatus.FRESH
    return StaleStatus.MISSING if causes[0] is _NEVER_MADE else StaleStatus.STALE


def _own_causes(
    subject: Subject, own: Known, known: Mapping[AssetKey, Known], view: View
) -> dict[StaleCause, list[str]]:
    """Each cause with the keys of the made partitions that have it; some may exist no longer."""
    found: dict[StaleCause, list[str]] = {}
    removed: dict[tuple[str, ...], tuple[StaleCause, ...]] = {}
    changed: dict[str | None, list[str]] = {}
    facts = own.by_partition
    for key, fact in facts.items():
        if subject.code_version is not None and fact.code != subject.code_version:
            keys = changed.get(fact.code)
            if keys is None:
                (cause,) = _code_cause(subject, fact)
                keys = changed[fact.code] = found.setdefault(cause, [])
            keys.append(key)
        tags = tuple(fact.tags)
        if tags not in removed:
            removed[tags] = _removed(subject, tags)
        for cause in removed[tags]:
            found.setdefault(cause, []).append(key)
    for edge in subject.edges:
        by_kind: dict[StaleCauseKind, list[str]] = {}
        for key, kind in _edge_kinds(subject, edge, facts, known.get(edge.key, _NOTHING), view):
            by_kind.setdefault(kind, []).append(key)
        for kind, keys in by_kind.items():
            found.setdefault(StaleCause(kind=kind, dependency=edge.key), []).extend(keys)
    return found


def _edge_kinds(
    subject: Subject, edge: Edge, facts: Mapping[str, Fact], upstream: Known, view: View
) -> Iterator[tuple[str, StaleCauseKind]]:
    """The made partitions that something upstream makes stale, and how."""
    if edge.definition is None:
        for key, fact in facts.items():
            cause = plain_cause(edge, upstream, fact)
            if cause is not None:
                yield key, cause.kind
        return
    if not upstream.by_partition:
        return
    definition = subject.definition
    assert definition is not None  # noqa: S101  # only partitions have keys
    reading = PartsRead(edge, upstream, view)
    reading.expect(facts, definition)
    for key, fact in facts.items():
        kind = reading.cause_of(fact, key, definition)
        if kind is not None:
            yield key, kind


def _readers_of_bad(
    subject: Subject, found: Mapping[AssetKey, Verdict], view: View
) -> Iterator[tuple[StaleCause, PartitionsSubset]]:
    """What passes staleness on to this asset, and to which of its partitions."""
    definition = subject.definition
    assert definition is not None  # noqa: S101  # this is for assets with partitions
    for edge in subject.edges:
        above = found.get(edge.key)
        if above is None or not above.is_changed:
            continue
        bad = above.changed_partitions
        if bad is None or edge.mapping is None:
            everybody = definition.form.everything(view)
            yield _passed_on(above), PartitionsSubset(definition, everybody)
        else:
            yield _passed_on(above), downstream_partitions(edge.mapping, bad, definition, view, edge.name)

"""The next step of a backfill: what ended, what cannot be made any more, and what may start.

Owns: ``Sets`` (how far a part is), ``take_in`` and ``decide``. Everything is arithmetic on subsets: the cost
goes by ranges and by the chunks that are cut, not by partitions. Pure: the view has the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from attrs import evolve, field, fields

from penstock.automation.cutting import Piece, cut, everything, subset_of
from penstock.automation.readers import is_arithmetic, readers
from penstock.automation.scheme import Link, Part, Scheme, Unit
from penstock.partitions.subset import PartitionsSubset
from penstock.partitions.view import View
from penstock.values import frozen

MOST_UNREADY = 200
"""Pieces that may not start yet, after which a step looks for no more that may: those come first."""

MOST_ROUNDS = 200
"""How far a failure is followed along a part that reads itself, before the next step follows it on."""


@frozen(kw_only=True)
class Sets:
    """How far one part is. What is in no set but ``target`` and not under way is still to be made.

    Args:
        target: what is wanted.
        done: made by this backfill.
        skipped: its function gave nothing, or what it reads was skipped; no failure.
        failed: its run failed and did not make it.
        blocked: something that it reads was not made.
        canceled: its run was canceled.
        removed: it does not exist any more.
    """

    target: PartitionsSubset
    done: PartitionsSubset
    skipped: PartitionsSubset
    failed: PartitionsSubset
    blocked: PartitionsSubset
    canceled: PartitionsSubset
    removed: PartitionsSubset

    @staticmethod
    def of(target: PartitionsSubset) -> Sets:
        """Nothing is made yet."""
        nothing = target.empty_subset()
        return Sets(target=target, **dict.fromkeys(ENDS, nothing))

    @property
    def settled(self) -> PartitionsSubset:
        """What this backfill will not try any more."""
        return self._together(ENDS)

    @property
    def spoilt(self) -> PartitionsSubset:
        """What nothing that reads it can be made of."""
        return self._together(("failed", "blocked", "canceled"))

    def _together(self, names: Sequence[str]) -> PartitionsSubset:
        """The union of some sets; most are empty, and a union copies."""
        found = [one for name in names if not (one := getattr(self, name)).is_empty]
        if not found:
            return self.target.empty_subset()
        first, *others = found
        for other in others:
            first |= other
        return first

    def moved(self, name: str, subset: PartitionsSubset) -> Sets:
        """The same with a subset in one set more."""
        changes: dict[str, Any] = {name: getattr(self, name) | subset}
        return evolve(self, **changes)

    def tried_again(self, *names: str) -> Sets:
        """The same with everything of some sets still to be made."""
        return evolve(self, **dict.fromkeys(names, self.target.empty_subset()))


NAMES = tuple(one.name for one in fields(Sets))
ENDS = NAMES[1:]


@frozen(kw_only=True)
class Cut:
    """A run that may start: parts by place, and the partitions of all of them."""

    places: tuple[int, ...]
    piece: Piece


@frozen(kw_only=True)
class Decision:
    """What a backfill does next.

    Args:
        sets: by part, after what was found to be blocked, skipped or removed.
        chunks: runs that may start now.
        is_over: whether nothing is to be made any more, and nothing under way.
    """

    sets: Mapping[int, Sets]
    chunks: tuple[Cut, ...] = ()
    is_over: bool = False


def decide(
    scheme: Scheme,
    sets: Mapping[int, Sets],
    under_way: Mapping[int, PartitionsSubset],
    view: View,
    *,
    room: int,
    newest_first: bool = False,
) -> Decision:
    """The next step.

    Args:
        scheme: of the backfill.
        sets: how far each part is.
        under_way: by part, what runs are to make that are not over.
        view: what counts as now, and who knows dynamic keys.
        room: at most so many new runs.
        newest_first: late partitions before early ones; what reads itself is made in order all the same.

    Raises:
        InvalidDefinitionError: when a partition mapping does not work.
    """
    step = _Step(scheme, dict(sets), under_way, view)
    step.leave_what_cannot_be()
    chunks = tuple(islice(step.ready(newest_first=newest_first), max(room, 0)))
    is_over = not chunks and all(step.pending(part).is_empty for part in scheme.parts)
    is_over = is_over and all(subset.is_empty for subset in under_way.values())
    return Decision(sets=step.sets, chunks=chunks, is_over=is_over)


@frozen(eq=False)
class _Step:
    scheme: Scheme
    sets: dict[int, Sets]
    under_way: Mapping[int, PartitionsSubset]
    view: View
    known: dict[int, PartitionsSubset] = field(factory=dict[int, PartitionsSubset])

    def _there_are(self, part: Part) -> PartitionsSubset:
        """Every partition of a part, asked for once a definition."""
        key = id(part.definition)
        if key not in self.known:
            self.known[key] = everything(part.definition, self.view)
        return self.known[key]

    def pending(self, part: Part) -> PartitionsSubset:
        own = self.sets[part.place]
        left = own.target - own.settled
        under_way = self.under_way.get(part.place)
        return left if under_way is None else left - under_way

    # ---- what will not be made ------------------------------------------------------------------

    def leave_what_cannot_be(self) -> None:
        for part in self.scheme.parts:
            gone = self.pending(part) - self._there_are(part)
            if not gone.is_empty:
                self.sets[part.place] = self.sets[part.place].moved("removed", gone)
            for link in self.scheme.links_of[part.place]:
                for _ in range(MOST_ROUNDS if link.reader == link.read else 1):
                    if not self._follow(part, link):
                        break

    def _follow(self, part: Part, link: Link) -> bool:
        """Take over what became of the partitions that are read; whether anything changed."""
        changed = False
        for source, name in (
            (self.sets[link.read].spoilt, "blocked"),
            (self.sets[link.read].skipped, "skipped"),
        ):
            if source.is_empty or (pending := self.pending(part)).is_empty:
                continue
            hit = readers(self.scheme, link, source, self.view) & pending
            if not hit.is_empty:
                self.sets[part.place] = self.sets[part.place].moved(name, hit)
                changed = True
        return changed

    # ---- what may start -------------------------------------------------------------------------

    def ready(self, *, newest_first: bool) -> Iterator[Cut]:
        """What may start, in order of the waves; lazily, since few of many are taken."""
        for unit in self.scheme.units:
            waiting = self._waiting(unit)
            pending = [(place, self.pending(self.scheme.parts[place])) for place in unit.places]
            newest = newest_first and not unit.in_order
            if unit.per_run != 1:
                yield from self._whole(unit, pending, waiting, newest_first=newest)
                continue
            for places, subset in _alike([(place, one - waiting) for place, one in pending]):
                for piece in cut(subset, 1, self.view, newest_first=newest):
                    yield Cut(places=places, piece=piece)

    def _whole(
        self,
        unit: Unit,
        pending: Sequence[tuple[int, PartitionsSubset]],
        waiting: PartitionsSubset,
        *,
        newest_first: bool,
    ) -> Iterator[Cut]:
        """Pieces of several partitions, each of which may start as a whole: none is torn when a part may.

        What reads itself begins with its earliest piece, when none is under way.
        """
        busy = any(not self.under_way[place].is_empty for place in unit.places if place in self.under_way)
        if (unit.in_order and busy) or all((one - waiting).is_empty for _, one in pending):
            return
        unready = 0
        for places, subset in _alike(pending):
            for piece in cut(subset, unit.per_run, self.view, newest_first=newest_first):
                if self._is_ready(unit, piece, waiting):
                    yield Cut(places=places, piece=piece)
                else:
                    unready += 1
                if unit.in_order or unready > MOST_UNREADY:
                    return

    def _is_ready(self, unit: Unit, piece: Piece, waiting: PartitionsSubset) -> bool:
        if waiting.is_empty:
            return True
        return (subset_of(unit.definition, piece.first, piece.last, self.view) & waiting).is_empty

    def _waiting(self, unit: Unit) -> PartitionsSubset:
        """The partitions of a unit that read what other runs have not made yet."""
        found = unit.definition.empty_subset()
        for place in unit.places:
            for link in self.scheme.links_of[place]:
                own = link.read == place and unit.per_run == 1
                if link.read in unit.places and not own:
                    continue
                left = self.sets[link.read].target - self.sets[link.read].settled
                if left.is_empty:
                    continue
                if not own and not is_arithmetic(link):  # it would be asked about each key, at each step
                    return everything(unit.definition, self.view)
                found |= readers(self.scheme, link, left, self.view)
        return found


def _alike(cells: Sequence[tuple[int, PartitionsSubset]]) -> list[tuple[tuple[int, ...], PartitionsSubset]]:
    """Partitions that the same parts lack, with these parts: usually all parts lack the same."""
    found: list[tuple[tuple[int, ...], PartitionsSubset]] = []
    for place, subset in cells:
        left, split = subset, list[tuple[tuple[int, ...], PartitionsSubset]]()
        for places, other in found:
            both = other & left
            split += [((*places, place), both), (places, other - both)]
            left -= both
        found = [cell for cell in [*split, ((place,), left)] if not cell[1].is_empty]
    return found


# ---- what ended ----------------------------------------------------------------------------------


def take_in(
    sets: Mapping[int, Sets],
    wanted: Mapping[int, PartitionsSubset],
    made: Mapping[int, PartitionsSubset],
    rest: str | None,
) -> Mapping[int, Sets]:
    """How far the parts are when a run has ended.

    Args:
        sets: before.
        wanted: by part, what the run was to make.
        made: by part, what it made, however it ended.
        rest: the set of what it did not make; None when that is to be tried again.
    """
    found = dict(sets)
    for place, subset in wanted.items():
        done = made.get(place, subset.empty_subset()) & subset
        own = found[place].moved("done", done)
        if rest is not None and not (left := subset - done).is_empty:
            own = own.moved(rest, left)
        found[place] = own
    return found

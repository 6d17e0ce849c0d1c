"""One backfill at work: its rows, read with the definitions as they are now.

Owns: ``Work``: the scheme of a backfill, the jobs of its runs, and how sets of partitions are read from rows
and written to them, also when definitions have changed since. The next step of a backfill: ``backfill_step``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Protocol

from attrs import define, evolve, field

from penstock.automation.decide import ENDS, NAMES, Sets
from penstock.automation.scheme import Scheme, scheme_of_assets, scheme_of_job
from penstock.define.asset_graph import AssetGraph
from penstock.define.job import JobDefinition
from penstock.define.selection import AssetSelection
from penstock.errors import RunNotFoundError
from penstock.host.instance import Instance
from penstock.keys import AssetKey
from penstock.partitions.bits import BitForm, Bits
from penstock.partitions.subset import PartitionsSubset
from penstock.spi.backfills import (
    Backfill,
    BackfillPart,
)


class UserCode(Protocol):
    """The user's definitions, as far as a backfill needs them; ``host.code.Code`` for one."""

    @property
    def graph(self) -> AssetGraph:
        """Every asset."""
        ...

    def asset_job(self, selection: Any = None, executor: Any = None) -> JobDefinition:
        """The job that makes a selection."""
        ...

    def job(self, name: str) -> JobDefinition:
        """The job of that name."""
        ...


def scheme_of(code: UserCode, backfill: Backfill) -> Scheme:
    """The scheme of a backfill, by the definitions as they are now."""
    if backfill.job is not None:
        return scheme_of_job(code.job(backfill.job))
    return scheme_of_assets(code.graph, backfill.assets)


@define(eq=False)
class Work:
    """A backfill together with the definitions that it needs.

    Args:
        instance: where it is recorded.
        code: the definitions.
        backfill: as it was when work began; assets in the order of their parts.
        executor: the definition of an executor for all runs, None for that of the definitions.
    """

    instance: Instance
    code: UserCode
    backfill: Backfill
    executor: Any = None
    _jobs: dict[tuple[int, ...], JobDefinition] = field(factory=dict[tuple[int, ...], JobDefinition])

    @cached_property
    def scheme(self) -> Scheme:
        """Parts, units and links; made once."""
        return scheme_of(self.code, self.backfill)

    def job_for(self, places: tuple[int, ...]) -> JobDefinition:
        """The job that makes some parts of one unit; made once for each choice.

        What was made before is not made again, but its checks still stand between it and its readers.

        Raises:
            UserError: when the assets cannot be made so.
        """
        found = self._jobs.get(places)
        if found is None:
            found = self._jobs[places] = self._job_for(places)
        return found

    def _job_for(self, places: tuple[int, ...]) -> JobDefinition:
        if self.backfill.job is not None:
            job = self.code.job(self.backfill.job)
            return job if self.executor is None else evolve(job, executor_def=self.executor)
        keys, others = self._keys(places), self._keys(self._siblings(places))
        selection = AssetSelection.assets(*keys)
        if others:
            selection |= AssetSelection.checks_for_assets(*others)
        return self.code.asset_job(selection, self.executor)

    def _siblings(self, places: tuple[int, ...]) -> list[int]:
        unit = self.scheme.unit_of[places[0]]
        return [place for place in unit.places if place not in places]

    def _keys(self, places: Iterable[int]) -> list[AssetKey]:
        return [key for place in places if (key := self.scheme.parts[place].asset) is not None]

    # ---- rows and sets --------------------------------------------------------------------------

    def sets_of(self, row: BackfillPart) -> Sets:
        """How far a part is, from its row.

        What its definition cannot read any more because it was changed does not exist any more.
        """
        part = self.scheme.parts[row.place]
        definition = part.definition
        if part.is_gone:
            return Sets.of(definition.empty_subset())
        return Sets(**{name: _read(definition, row, name) for name in NAMES})

    def row_of(self, row: BackfillPart, before: Sets, sets: Sets) -> BackfillPart:
        """The row of a part, after its sets have changed.

        Args:
            row: as it was.
            before: what was read of it; what is missing in that does not exist any more.
            sets: as they are now.
        """
        subsets = {name: getattr(sets, name) for name in NAMES}
        counts = {name: len(subset) + gone_from(row, before, name) for name, subset in subsets.items()}
        counts["removed"] += newly_gone(row, before)
        return evolve(
            row,
            texts={name: subset.serialize() for name, subset in subsets.items() if not subset.is_empty},
            counts={name: count for name, count in counts.items() if count},
        )


def gone_from(row: BackfillPart, read: Sets, name: str) -> int:
    """How many partitions of a set were stored and could not be read: their definition has changed."""
    return row.counts.get(name, 0) - len(getattr(read, name))


def newly_gone(row: BackfillPart, read: Sets) -> int:
    """How many partitions of a part that nothing was known of yet are gone."""
    return gone_from(row, read, "target") - sum(gone_from(row, read, name) for name in ENDS)


def _read(definition: Any, row: BackfillPart, name: str) -> PartitionsSubset:
    text = row.texts.get(name)
    if text is None:
        return definition.empty_subset()
    if definition.can_deserialize_subset(text):
        return definition.deserialize_subset(text)
    if row.keys and isinstance(definition.form, BitForm):
        return _listed_otherwise(definition, row.keys, text)
    return definition.empty_subset()


def _listed_otherwise(definition: Any, keys: tuple[str, ...], text: str) -> PartitionsSubset:
    """A subset of listed keys, of which some are not listed any more."""
    body: Bits = BitForm(keys).read(json.loads(text)["in"])
    known = (keys[place] for place in body)
    return definition.subset_with_partition_keys(
        key for key in known if definition.form.place_of(key) is not None
    )


def no_backfill(backfill_id: str) -> RunNotFoundError:
    """What to say about a backfill that is not stored."""
    return RunNotFoundError(
        f"There is no backfill {backfill_id!r}. `penstock backfill list` shows what there is."
    )

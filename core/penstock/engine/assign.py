"""Assigning: a unit that may start becomes a task, with everything that its attempt needs to know.

Owns: where the values of its inputs are, which versions they have, which units join it in a chain, and what
it may hand on. Reads the state of the run; changes nothing and submits nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from penstock.engine.chains import chain_from
from penstock.engine.inputs import handed_name
from penstock.engine.io import Ref
from penstock.engine.program import Program
from penstock.engine.record import Work
from penstock.engine.state import RunState, Unit
from penstock.keys import AssetKey
from penstock.plan.model import Step
from penstock.spi.executor import ExecutorFeatures, Task, Ticket
from penstock.values import frozen

Upstream = Mapping[str, tuple[Ticket, str]]
_NONE_READ: Mapping[AssetKey, str] = {}


@frozen(kw_only=True, eq=False)
class Assignment:
    """A task, and what the drive has to remember of it.

    Args:
        units: what it carries out, in order.
        attempt: of the first of them; the others are begun for the first time.
        counters: the limits in which it counts.
        upstream: the values it takes from earlier tasks.
    """

    units: tuple[Unit, ...]
    attempt: int
    task: Task
    upstream: Upstream
    counters: tuple[str, ...] = ()


class Assigner:
    """Makes assignments for one run.

    Args:
        program, state: of the run.
        features: of its executor.
        longest: how many units a chain has at most.
    """

    def __init__(
        self, program: Program, state: RunState, features: ExecutorFeatures, longest: int = 1
    ) -> None:
        self._program = program
        self._state = state
        self._announces = not features.in_process
        self._longest = longest
        self._keeps_all = program.keeps_values

    def assign(
        self,
        unit: Unit,
        attempt: int,
        found: Mapping[Unit, tuple[Ticket, frozenset[str]]],
        counters: tuple[str, ...] = (),
        in_vain: int = 0,
    ) -> Assignment:
        """The task for an attempt of a unit.

        Args:
            unit: ready or due.
            attempt: its number.
            found: unit → the ticket and the names of what it handed on.
            counters: limits in which it counts; a unit that has some joins no chain.
            in_vain: how often this attempt was submitted before and never began.
        """
        step = self._program.plan.steps[unit[0]]
        sources = self._sources(unit, step)
        first = self._work(unit, step, attempt, sources)
        units = (unit,)
        if self._longest > 1 and not counters:
            units = chain_from(self._program, self._state, unit, self._longest)
        works = (first, *(self._follow(one) for one in units[1:]))
        last = "" if len(units) == 1 else f"…{self._state.key(units[-1])}"
        task = Task(
            key=f"{self._state.key(unit)}#{attempt}{f'.{in_vain}' if in_vain else ''}{last}",
            body=works,
            hands=self._hands(units),
            wants=self._program.bound(step).wants,
        )
        upstream = _upstream(sources, found)
        return Assignment(units=units, attempt=attempt, task=task, upstream=upstream, counters=counters)

    def _work(self, unit: Unit, step: Step, attempt: int, sources: Mapping[str, tuple[Ref, ...]]) -> Work:
        return Work(
            step=unit[0],
            mapping_key=unit[1],
            attempt=attempt,
            sources=sources,
            versions=self._versions(step),
            announces=self._announces,
            hands=None if self._keeps_all else self._program.plan.read_outputs[unit[0]],
        )

    def _follow(self, unit: Unit) -> Work:
        """The work of a unit whose only source is the unit before it in the chain."""
        step = self._program.plan.steps[unit[0]]
        sources = {
            one.name: tuple(self._ref(source.step, source.output, unit[1], None) for source in one.sources)
            for one in step.inputs
            if one.sources and one.kind != "nothing"
        }
        return self._work(unit, step, 1, sources)

    def _ref(self, step: int, output: str, unit: str | None, key: str | None) -> Ref:
        key_of_step = self._program.plan.steps[step].key
        return Ref(step=step, key=key_of_step, output=output, unit=unit, mapping_key=key)

    def _sources(self, unit: Unit, step: Step) -> dict[str, tuple[Ref, ...]]:
        return {
            one.name: tuple(
                self._ref(made_by[0], output, made_by[1], key)
                for made_by, output, key in self._state.sources_present(unit, one.sources)
            )
            for one in step.inputs
            if one.sources and one.kind != "nothing"
        }

    def _versions(self, step: Step) -> dict[AssetKey, str]:
        """Data versions of what the assets of a step depend on: of this run, else of earlier ones."""
        made, before = self._state.versions, self._program.versions
        read = self._program.versions_read.get(step.node[0], _NONE_READ)
        found: dict[AssetKey, str] = {}
        assets = self._program.bound(step).assets
        for spec in () if assets is None else assets.specs_by_key.values():
            for dep in spec.deps:
                version = read.get(dep.asset_key) or made.get(dep.asset_key) or before.get(dep.asset_key)
                if version is not None:
                    found[dep.asset_key] = version
        return found

    def _hands(self, units: tuple[Unit, ...]) -> tuple[str, ...] | None:
        """The names under which values may be handed on; None when only the step will know."""
        names: dict[str, None] = {}
        for step, _ in units:
            for output in self._program.plan.steps[step].outputs:
                if self._keeps_all or output.name in self._program.plan.read_outputs[step]:
                    if output.dynamic:
                        return None
                    names[output.name] = None
        return tuple(names)


def _upstream(
    sources: Mapping[str, tuple[Ref, ...]], found: Mapping[Unit, tuple[Ticket, frozenset[str]]]
) -> dict[str, tuple[Ticket, str]]:
    """Which of the values were handed on, and under which ticket."""
    upstream: dict[str, tuple[Ticket, str]] = {}
    for name, refs in sources.items():
        for place, ref in enumerate(refs):
            there = found.get((ref.step, ref.unit))
            if there is not None and ref.name in there[1]:
                upstream[handed_name(name, place)] = (there[0], ref.name)
    return upstream

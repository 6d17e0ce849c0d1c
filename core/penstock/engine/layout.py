"""The layout of a plan: what the fold of a run looks up at every event, worked out once.

Owns: who waits for whom, and how: each unit of a mapped step may wait for the unit of the same mapping
key, or for a whole step. Pure; linear in steps and edges.
"""

from __future__ import annotations

from collections.abc import Sequence

from penstock.plan.model import MAPPED, Plan, Step
from penstock.values import frozen


@frozen(kw_only=True, eq=False)
class Layout:
    """Lookups by step id.

    Args:
        by_key: readers of which each unit waits for the unit of its own mapping key.
        whole: readers that wait for the whole step.
        waits_by_key, waits_whole: of a mapped step: for how many steps it waits in which way.
        mapped: dynamic step → the steps that it multiplies, in plan order.
        outputs: the names of a step's outputs.
    """

    by_key: Sequence[tuple[int, ...]]
    whole: Sequence[tuple[int, ...]]
    waits_by_key: dict[int, int]
    waits_whole: dict[int, int]
    mapped: dict[int, list[Step]]
    outputs: Sequence[frozenset[str]]


_NONE: tuple[int, ...] = ()


def layout_of(plan: Plan) -> Layout:
    """The layout of a plan."""
    mapped: dict[int, list[Step]] = {}
    by_key: dict[int, list[int]] = {}
    waits_by_key: dict[int, int] = {}
    waits_whole: dict[int, int] = {}
    for step in plan.steps:
        if step.mapped_by is None:
            continue
        mapped.setdefault(step.mapped_by.step, []).append(step)
        keyed = _keyed(step, step.mapped_by.step)
        for upstream in keyed:
            by_key.setdefault(upstream, []).append(step.id)
        waits_by_key[step.id] = len(keyed)
        waits_whole[step.id] = len(step.upstream) - len(keyed)
    return Layout(
        by_key=[tuple(by_key.get(number, _NONE)) for number in range(len(plan.steps))],
        whole=[
            readers if number not in by_key else _without(readers, by_key[number])
            for number, readers in enumerate(plan.readers)
        ],
        waits_by_key=waits_by_key,
        waits_whole=waits_whole,
        mapped=mapped,
        outputs=[frozenset(output.name for output in step.outputs) for step in plan.steps],
    )


def _keyed(step: Step, origin: int) -> set[int]:
    """The upstream steps of which a mapped step reads only what has its own mapping key."""
    sources = [source for one in step.inputs for source in one.sources] + list(step.after)
    in_part = {source.step for source in sources if source.mode == MAPPED and source.step != origin}
    return in_part.difference(source.step for source in sources if source.mode != MAPPED)


def _without(readers: tuple[int, ...], some: Sequence[int]) -> tuple[int, ...]:
    left_out = set(some)
    return tuple(reader for reader in readers if reader not in left_out)

"""Priorities: which of the steps that are ready goes first.

Owns: the tag ``penstock/priority`` and what it means for a plan. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from penstock.errors import InvalidDefinitionError
from penstock.plan.flatten import Place
from penstock.plan.model import NO_PRIORITIES, Plan, Step

PRIORITY_TAG = "penstock/priority"


def priority_of(tags: Mapping[str, str]) -> int:
    """What the tags of a step say, 0 when they say nothing.

    Raises:
        ValueError: when it is no whole number.
    """
    found = tags.get(PRIORITY_TAG)
    return 0 if found is None else int(found)


def priorities_of(places: Iterable[Place], steps: Iterable[Step]) -> Mapping[int, int]:
    """Id of a step → its priority, for the steps that have one.

    Raises:
        InvalidDefinitionError: naming every step whose tag is no whole number.
    """
    tagged = [one for one in places if PRIORITY_TAG in one.op.tags or PRIORITY_TAG in one.node.tags]
    if not tagged:
        return NO_PRIORITIES
    found: dict[tuple[str, ...], int] = {}
    faults: list[str] = []
    for place in tagged:
        tags = {**place.op.tags, **place.node.tags}
        try:
            found[place.path] = priority_of(tags)
        except ValueError:
            where = f"{'.'.join(place.path)!r} ({place.op.shape.where})"
            faults.append(f"{where}: found {tags[PRIORITY_TAG]!r}")
    if faults:
        raise InvalidDefinitionError(
            f"The tag {PRIORITY_TAG!r} wants a whole number, such as 10 or -1:\n  " + "\n  ".join(faults)
        )
    return {step.id: found[step.node] for step in steps if found.get(step.node)}


def turns(plan: Plan) -> Sequence[int]:
    """The ids of all steps in the order in which they go when all are ready."""
    return sorted(range(len(plan.steps)), key=lambda step: -plan.priorities.get(step, 0))


def places_among(turns: Sequence[int]) -> Sequence[int]:
    """For each step its place among the turns."""
    found = [0] * len(turns)
    for place, step in enumerate(turns):
        found[step] = place
    return found

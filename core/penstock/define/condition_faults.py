"""What is wrong with the automation conditions of a project.

Owns: ``condition_faults``. Each tree is looked at once, however many assets share it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from penstock.define.asset_graph import AssetGraph
from penstock.define.condition import AutomationCondition
from penstock.errors import suggest
from penstock.keys import AssetKey, user_strings


def condition_faults(graph: AssetGraph) -> Iterator[tuple[str, str, bool]]:
    """What each fault is about, what is wrong, and whether more definitions would mend it.

    Args:
        graph: the assets and checks of the project.
    """
    seen: set[int] = set()
    for subject, condition in _conditions(graph):
        if id(condition) in seen:
            continue
        seen.add(id(condition))
        if not isinstance(condition, AutomationCondition):
            yield subject, _no_condition(subject, condition), False
            continue
        for key in sorted(_looked_at(condition) - graph.by_key.keys()):
            yield subject, _unknown(subject, key, graph), True


def _no_condition(subject: str, given: object) -> str:
    return (
        f"The automation_condition of {subject} is {given!r:.100} ({type(given).__name__})."
        " Give an AutomationCondition, such as AutomationCondition.eager()."
    )


def _unknown(subject: str, key: AssetKey, graph: AssetGraph) -> str:
    name = key.to_user_string()
    return (
        f"The automation_condition of {subject} looks at the asset {name!r}, which nobody defines."
        f"{suggest(name, user_strings(graph.by_key))}"
    )


def _conditions(graph: AssetGraph) -> Iterator[tuple[str, Any]]:
    """Everything that was given as a condition, and whose it is."""
    for spec in graph.specs:
        if spec.automation_condition is not None:
            yield f"asset {spec.key.to_user_string()}", spec.automation_condition
    for key in graph.by_check:
        condition = graph.check_spec(key).automation_condition
        if condition is not None:
            yield f"check {key.to_user_string()}", condition


def _looked_at(condition: AutomationCondition) -> set[AssetKey]:
    """The assets that a condition names."""
    found: set[AssetKey] = set()
    left = [condition]
    while left:
        one = left.pop()
        if one.kind == "asset_matches":
            found.add(one.arguments[0])
        left.extend(one.operands)
    return found

"""Letting an instance answer what a selection asks, where one is at hand.

Owns: when that is needed. Lazy: what answers (``selection_facts``, and staleness behind it) is imported only
for a selection that asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from penstock.define.asset_graph import AssetGraph
from penstock.define.selection import AssetSelection, needs_facts, with_answers
from penstock.define.selection_facts import Facts
from penstock.host.instance import Instance


def facts_for(selection: Any, instance: Instance | None) -> Facts | None:
    """What answers a selection; None when it asks nothing, or there is nobody to ask.

    Args:
        selection: in any spelling.
        instance: where assets were made.

    Raises:
        InvalidDefinitionError: when the selection cannot be read.
    """
    if instance is None or not needs_facts(AssetSelection.from_coercible(selection)):
        return None
    from penstock.host.selection_facts import InstanceFacts  # noqa: PLC0415 - lazy, as the docstring says

    return InstanceFacts(instance)


def settled(selection: Any, assets: Iterable[Any], instance: Instance | None) -> Any:
    """The selection, with what it asks answered by the instance.

    Args:
        selection: in any spelling, None for everything.
        assets: everything that is defined.
        instance: where they were made; without one, a question stays one.
    """
    facts = None if selection is None else facts_for(selection, instance)
    if facts is None:
        return selection
    return with_answers(AssetSelection.from_coercible(selection), AssetGraph.from_assets(assets), facts)

"""Asset subsets: an asset job cut down to some of its assets for one run."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from penstock.define.asset_graph import AssetGraph
from penstock.define.asset_job import build_asset_job
from penstock.define.job import JobDefinition
from penstock.define.selection import AssetSelection, with_answers
from penstock.define.selection_facts import Facts
from penstock.errors import InvalidSubsetError, suggest
from penstock.keys import user_strings


def subset_asset_job(job: JobDefinition, selection: Any, facts: Facts | None = None) -> JobDefinition:
    """The same job, making only some of its assets.

    Args:
        job: an asset job.
        selection: anything that ``AssetSelection`` understands.
        facts: what is known beyond definitions, for ``status:`` and the like.

    Raises:
        InvalidSubsetError: when the job is none of assets, or does not make what is selected.
    """
    layer = job.assets
    if layer is None:
        raise InvalidSubsetError(f"Job {job.name!r} is made of ops; use op_selection for a part of it.")
    definitions = dict.fromkeys(
        [*layer.known.values(), *(d for d in layer.by_node.values() if d.kind == "check")]
    )
    graph = AssetGraph.from_assets(list(definitions))
    wanted = AssetSelection.from_coercible(selection)
    if facts is not None:
        wanted = with_answers(wanted, graph, facts)
    outside = wanted.resolve(graph) - layer.selected
    if outside:
        names = user_strings(outside)
        raise InvalidSubsetError(
            f"Job {job.name!r} does not make {', '.join(names)}."
            f"{suggest(names[0], user_strings(layer.selected))}"
        )
    made = build_asset_job(job.name, graph, wanted, job.resource_defs)
    return evolve(job, graph=made.graph, assets=made.assets, partitions_def=made.partitions_def)

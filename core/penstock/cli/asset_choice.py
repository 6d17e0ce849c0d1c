"""A partitioned asset that the command line names: its key and its partitions."""

from __future__ import annotations

from penstock.define.asset_graph import AssetGraph
from penstock.errors import InvalidInvocationError
from penstock.host.code import Code
from penstock.keys import AssetKey
from penstock.partitions.definition import PartitionsDefinition


def partitions_of(graph: AssetGraph | None, key: AssetKey) -> PartitionsDefinition | None:
    """The partitions of an asset; None when it has none, or nobody defines it."""
    if graph is None or not graph.has(key):
        return None
    found = graph.spec(key).partitions_def or graph.definition(key).partitions_def
    return found if isinstance(found, PartitionsDefinition) else None


def asset_named(name: str, code: Code) -> tuple[AssetKey, PartitionsDefinition]:
    """A partitioned asset and its partitions.

    Raises:
        InvariantViolationError: when there is no such asset.
        InvalidInvocationError: when it has no partitions.
    """
    key = AssetKey.from_user_string(name)
    code.graph.definition(key)
    found = partitions_of(code.graph, key)
    if found is None:
        raise InvalidInvocationError(f"Asset {name!r} has no partitions.")
    return key, found

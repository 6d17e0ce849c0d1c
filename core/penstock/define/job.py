"""Jobs: a graph with everything it needs to run, under a name.

Owns: ``JobDefinition``. An asset job is a job whose graph was made of assets; its ``assets``
layer says which output of which node is which asset. ``@job`` lives in ``job_decorator``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import evolve, field

from penstock.config import ConfigMapping
from penstock.define import port
from penstock.define.assets import AssetsDefinition
from penstock.define.executor import multi_or_in_process_executor
from penstock.define.graph import GraphDefinition, Node
from penstock.define.partitioned_config import PartitionedConfig
from penstock.define.pending import checked_hooks
from penstock.define.retry import RetryPolicy, as_retry_policy, as_timeout
from penstock.define.run_requests import run_request_for_partition
from penstock.errors import InvalidDefinitionError, suggest
from penstock.events.values import as_metadata
from penstock.keys import AssetCheckKey, AssetKey
from penstock.metadata import MetadataValue
from penstock.values import frozen

_NOTHING: Mapping[str, Any] = {}
_NO_TAGS: Mapping[str, str] = {}


@frozen(kw_only=True, eq=False)
class AssetLayer:
    """Which assets a job makes, and what it may read.

    Args:
        by_node: top-level node name → its (subset) assets definition.
        known: every asset of the surrounding definitions, external ones included, by key.
        selected, checks: what this job makes and evaluates.
        observed: assets that it only observes.
    """

    by_node: Mapping[str, AssetsDefinition]
    known: Mapping[AssetKey, AssetsDefinition]
    selected: frozenset[AssetKey]
    checks: frozenset[AssetCheckKey] = frozenset()


@frozen(kw_only=True, eq=False)
class JobDefinition:
    """What a run executes.

    Args:
        config: default run config, a mapping from a smaller config, or one that follows from the partition.
        tags: describe the job; they reach the run unless ``run_tags`` is given.
        own_executor: given as ``executor_def``; None when the job names none.
        timeout: seconds after which each step of the job is stopped, unless the step has its own.
    """

    name: str
    graph: GraphDefinition
    assets: AssetLayer | None = None
    resource_defs: Mapping[str, Any] = _NOTHING
    config: Mapping[str, Any] | ConfigMapping | PartitionedConfig | None = None
    tags: Mapping[str, str] = _NO_TAGS
    run_tags: Mapping[str, str] | None = None
    metadata: Mapping[str, MetadataValue] = field(default=_NOTHING, converter=as_metadata)
    description: str | None = None
    own_executor: Any = field(default=None, alias="executor_def")
    loggers: Mapping[str, Any] = _NOTHING
    hooks: frozenset[Any] = frozenset()
    op_retry_policy: RetryPolicy | None = field(default=None, converter=as_retry_policy)
    partitions_def: Any = None
    input_values: Mapping[str, Any] = _NOTHING
    owners: tuple[str, ...] = ()
    timeout: float | None = field(default=None, converter=as_timeout)

    def __call__(self, *_args: Any, **_kwargs: Any) -> Any:
        """Refused: a job is run, not called.

        Raises:
            InvalidDefinitionError: always.
        """
        raise InvalidDefinitionError(
            f"Job {self.name!r} cannot be called or put into a graph. Run it with"
            f" {self.name}.execute_in_process(), or use its graph {self.name}.graph inside another."
        )

    def __repr__(self) -> str:
        return f"<job {self.name!r} at {self.graph.where}>"

    @property
    def __name__(self) -> str:
        return self.name

    @property
    def executor_def(self) -> Any:
        """How the job's steps are carried out; where it says nothing, worker processes or this one."""
        return multi_or_in_process_executor if self.own_executor is None else self.own_executor

    @property
    def nodes(self) -> Sequence[Node]:
        """The top-level nodes in order of appearance."""
        return list(self.graph.nodes.values())

    @property
    def hook_defs(self) -> frozenset[Any]:
        """The hooks that run after every step."""
        return self.hooks

    def has_node_named(self, name: str) -> bool:
        """Whether there is a top-level node of this name."""
        return name in self.graph.nodes

    def get_node_named(self, name: str) -> Node:
        """The top-level node of this name.

        Raises:
            InvalidDefinitionError: when there is none.
        """
        found = self.graph.nodes.get(name)
        if found is None:
            known = self.graph.nodes
            raise InvalidDefinitionError(f"Job {self.name!r} has no node {name!r}.{suggest(name, known)}")
        return found

    def with_hooks(self, hook_defs: Iterable[Any]) -> JobDefinition:
        """A copy with more hooks."""
        return evolve(self, hooks=self.hooks | checked_hooks(hook_defs, self.name))

    def with_executor_def(self, executor_def: Any) -> JobDefinition:
        """A copy whose steps are carried out by another executor."""
        return evolve(self, executor_def=executor_def)

    def with_top_level_resources(self, resource_defs: Mapping[str, Any]) -> JobDefinition:
        """A copy with resources for every key that the job does not bind itself.

        Args:
            resource_defs: of the surrounding definitions, by key.
        """
        return evolve(self, resource_defs={**resource_defs, **self.resource_defs})

    run_request_for_partition = run_request_for_partition

    def execute_in_process(
        self,
        run_config: Any = None,
        instance: Any = None,
        partition_key: str | None = None,
        raise_on_error: bool = True,
        op_selection: Sequence[str] | None = None,
        asset_selection: Sequence[AssetKey] | None = None,
        run_id: str | None = None,
        input_values: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        resources: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run the job here and now.

        Args:
            run_config: of the run, instead of the job's default config.
            instance: records the run; without one nothing is kept.
            partition_key: of a partitioned job.
            raise_on_error: False gives a failed result back instead of raising.
            op_selection: which ops to run, such as ``["*clean", "load+"]``; all by default.
            asset_selection: which assets of an asset job to make, all by default.
            run_id: chosen beforehand.
            input_values: values of the outermost graph's inputs.
            tags: of the run, beside those of the job.
            resources: resources by key, instead of those bound already.

        Returns:
            What happened, with the values of all outputs.

        Raises:
            Exception: what user code raised, unless ``raise_on_error`` is False.
        """
        return port.call(
            "execute_job",
            self,
            run_config=run_config,
            instance=instance,
            partition_key=partition_key,
            raise_on_error=raise_on_error,
            op_selection=op_selection,
            asset_selection=asset_selection,
            run_id=run_id,
            input_values=input_values,
            tags=tags,
            resources=resources,
        )

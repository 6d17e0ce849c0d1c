"""Graphs: ops and graphs wired to each other.

Owns: ``GraphDefinition``, ``Node`` and the wiring values. ``composition`` fills them while the
body of a ``@graph`` or ``@job`` runs; ``graph_decorator`` is what users write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import evolve, field

from penstock.config import ConfigMapping, configured_field
from penstock.define import port
from penstock.define.composing import PLAIN_USE, current_composer
from penstock.define.names import checked_name
from penstock.define.op import InputDefinition, OpDefinition, OutputDefinition
from penstock.define.pending import PendingNode
from penstock.define.retry import RetryPolicy
from penstock.errors import InvalidDefinitionError, InvariantViolationError
from penstock.values import frozen

_NO_TEXTS: Mapping[str, str] = {}


@frozen
class FromNode:
    """The output of a node of the same graph.

    ``mode`` is ``"direct"``; ``"mapped"`` when the reader runs once per dynamic output of the
    source (or of what the source was mapped over); ``"collected"`` when it takes all of them as a list.
    """

    node: str
    output: str = "result"
    mode: str = "direct"


@frozen
class FromGraphInput:
    """An input of the graph itself."""

    name: str


@frozen
class FanIn:
    """Several sources, handed over as a list in this order."""

    sources: tuple[FromNode | FromGraphInput, ...]


Source = FromNode | FromGraphInput | FanIn


@frozen(kw_only=True, eq=False)
class Node:
    """One use of an op or graph inside a graph, under a name of its own.

    Args:
        tags, hooks: of this use alone; those of the definition come on top.
        retry_policy: of this use, instead of the definition's.
    """

    name: str
    definition: OpDefinition | GraphDefinition
    inputs: Mapping[str, Source] = field(factory=dict[str, Source])
    after: tuple[FromNode, ...] = ()
    tags: Mapping[str, str] = _NO_TEXTS
    hooks: frozenset[Any] = frozenset()
    retry_policy: RetryPolicy | None = None


@frozen(kw_only=True, eq=False)
class GraphDefinition:
    """A graph of nodes with inputs and outputs of its own.

    Args:
        nodes: in order of appearance, keyed by node name.
        ins: the graph's inputs; type and default come from what they are wired to.
        outs: output name → where it comes from.
        config_mapping: turns the graph's own config into that of its nodes.
        out_descriptions: what is said of outputs, by name.
        origin: module and qualified name of the function it was made of.
    """

    name: str
    nodes: Mapping[str, Node]
    ins: Mapping[str, InputDefinition] = field(factory=dict[str, InputDefinition])
    outs: Mapping[str, FromNode] = field(factory=dict[str, FromNode])
    config_mapping: ConfigMapping | None = None
    description: str | None = None
    tags: Mapping[str, str] = _NO_TEXTS
    hooks: frozenset[Any] = frozenset()
    where: str = ""
    out_descriptions: Mapping[str, str] = _NO_TEXTS
    origin: tuple[str, str] | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Wire this graph into the one being composed.

        Raises:
            InvariantViolationError: outside of one.
        """
        composer = current_composer()
        if composer is None:
            raise InvariantViolationError(
                f"Graph {self.name!r} was called outside of a graph. A graph is wired inside @graph or @job;"
                f" to run it, use {self.name}.execute_in_process(input_values=...)."
            )
        return composer.invoke(self, args, kwargs, PLAIN_USE)

    def __repr__(self) -> str:
        return f"<graph {self.name!r} at {self.where}>"

    @property
    def __name__(self) -> str:
        return self.name

    @property
    def node_names(self) -> Sequence[str]:
        """The names of its nodes in order of appearance."""
        return list(self.nodes)

    @property
    def node_defs(self) -> Sequence[OpDefinition | GraphDefinition]:
        """The ops and graphs of its nodes, each once, in order of appearance."""
        return list(dict.fromkeys(node.definition for node in self.nodes.values()))

    @property
    def input_defs(self) -> Sequence[InputDefinition]:
        """Its inputs in order."""
        return list(self.ins.values())

    @property
    def output_defs(self) -> Sequence[OutputDefinition]:
        """Its outputs in order."""
        return [self.output_named(name) for name in self.outs]

    def has_node_named(self, name: str) -> bool:
        """Whether it has a node of this name."""
        return name in self.nodes

    def output_named(self, name: str) -> OutputDefinition:
        """One of its outputs, as the op that makes it describes it."""
        source = self.outs[name]
        inner = self.nodes[source.node].definition.output_named(source.output)
        return evolve(
            inner,
            name=name,
            is_dynamic=inner.is_dynamic or source.mode == "mapped",
            description=self.out_descriptions.get(name, inner.description),
        )

    def alias(self, name: str) -> PendingNode:
        """A use of this graph under another name."""
        return PendingNode(self).alias(name)

    def tag(self, tags: Mapping[str, Any] | None) -> PendingNode:
        """A use of this graph with more tags."""
        return PendingNode(self).tag(tags)

    def with_hooks(self, hook_defs: Iterable[Any]) -> PendingNode:
        """A use of this graph with hooks on every op in it."""
        return PendingNode(self).with_hooks(hook_defs)

    def with_retry_policy(self, retry_policy: RetryPolicy) -> PendingNode:
        """A use of this graph with a retry policy."""
        return PendingNode(self).with_retry_policy(retry_policy)

    def configured(
        self,
        config_or_config_fn: Any,
        name: str | None = None,
        config_schema: Any = None,
        description: str | None = None,
    ) -> GraphDefinition:
        """A new graph whose own config is settled, wholly or by a function of less config.

        Args:
            config_or_config_fn: the config, or a function from the outer config to the graph's own.
            name: of the new graph.
            config_schema: what the function takes.
            description: of the new graph.

        Raises:
            InvalidDefinitionError: when the graph has no config of its own.
        """
        mapping = self.config_mapping
        if mapping is None:
            raise InvalidDefinitionError(
                f"Graph {self.name!r} ({self.where}) has no config of its own, so there is nothing to settle."
                " Give it one with @graph(config=ConfigMapping(...))."
            )
        fallback = getattr(config_or_config_fn, "__name__", None) or self.name
        return evolve(
            self,
            name=checked_name(name or fallback, "graph"),
            description=description or self.description,
            config_mapping=ConfigMapping(
                mapping.config_fn,
                configured_field(mapping.field, config_or_config_fn, config_schema),
                mapping.receive_processed_config_values,
            ),
        )

    def to_job(
        self,
        name: str | None = None,
        description: str | None = None,
        resource_defs: Mapping[str, Any] | None = None,
        config: Any = None,
        tags: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        logger_defs: Mapping[str, Any] | None = None,
        executor_def: Any = None,
        hooks: Iterable[Any] | None = None,
        op_retry_policy: RetryPolicy | None = None,
        partitions_def: Any = None,
        input_values: Mapping[str, Any] | None = None,
        run_tags: Mapping[str, Any] | None = None,
        owners: Sequence[str] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """A job of this graph.

        Args:
            name: of the job, by default that of the graph.
            description, metadata, owners: for people.
            resource_defs: resources by key.
            config: default run config, a ``ConfigMapping``, or a partitioned config.
            tags: of the job and, unless ``run_tags`` is given, of its runs.
            run_tags: of its runs, instead of ``tags``.
            logger_defs: loggers by key.
            executor_def: how its steps are carried out.
            hooks: run after every step.
            op_retry_policy: of ops that have none of their own.
            partitions_def: the partitions a run may be for.
            input_values: values of the graph's inputs.
            timeout: seconds after which each step is stopped, unless it has its own limit.

        Returns:
            A ``JobDefinition``.
        """
        return port.call(
            "job_of_graph",
            self,
            name=name,
            description=description,
            resource_defs=resource_defs,
            config=config,
            tags=tags,
            metadata=metadata,
            logger_defs=logger_defs,
            executor_def=executor_def,
            hooks=hooks,
            op_retry_policy=op_retry_policy,
            partitions_def=partitions_def,
            input_values=input_values,
            run_tags=run_tags,
            owners=owners,
            timeout=timeout,
        )

    def execute_in_process(
        self,
        run_config: Any = None,
        instance: Any = None,
        resources: Mapping[str, Any] | None = None,
        raise_on_error: bool = True,
        op_selection: Sequence[str] | None = None,
        run_id: str | None = None,
        input_values: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run this graph here and now, as a job of its name.

        Args:
            run_config: of the run.
            instance: records the run; without one nothing is kept.
            resources: resources by key.
            raise_on_error: False gives a failed result back instead of raising.
            op_selection: which ops to run, all by default.
            run_id: chosen beforehand.
            input_values: values of the graph's inputs.
        """
        return port.call(
            "execute_graph",
            self,
            run_config=run_config,
            instance=instance,
            resources=resources,
            raise_on_error=raise_on_error,
            op_selection=op_selection,
            run_id=run_id,
            input_values=input_values,
        )

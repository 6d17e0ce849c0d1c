"""Run config: what was given for a run becomes bound values for every op and resource.

Owns: where in a run config what stands (``$.ops.outer.ops.inner.config``), and collecting every fault
before anything runs. The schemas and the walk are ``config``'s. Pure: the environment is an argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from attrs import define, field, frozen

from penstock.config import MISSING, ConfigMapping, Fault, below, collect, raise_faults
from penstock.define.graph import GraphDefinition, Node
from penstock.define.job import JobDefinition
from penstock.define.op import InputDefinition, OpDefinition
from penstock.errors import suggest

_SECTIONS = ("ops", "resources", "execution", "loggers", "inputs")
_NODE_ENTRIES = ("config", "inputs", "outputs", "ops")


@frozen(kw_only=True)
class BoundRunConfig:
    """A run config with every value bound.

    Args:
        ops: step key → bound config, for ops that have one.
        inputs: step key → input name → bound config value of the input.
        graph_inputs: the same for inputs of the outermost graph.
        resources: resource key → bound config.
        execution: what stands under ``execution.config``.
        loggers: logger name → what stands under its ``config``.
    """

    ops: Mapping[str, Any] = field(factory=dict)
    inputs: Mapping[str, Mapping[str, Any]] = field(factory=dict)
    graph_inputs: Mapping[str, Any] = field(factory=dict)
    resources: Mapping[str, Any] = field(factory=dict)
    execution: Mapping[str, Any] = field(factory=dict)
    loggers: Mapping[str, Any] = field(factory=dict)


def input_names(raw: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Which inputs a run config gives a value for, before anything is bound.

    Args:
        raw: the effective run config.

    Returns:
        Step key (empty for the outermost graph) → names of inputs.
    """
    found: dict[str, frozenset[str]] = {}
    stack: list[tuple[tuple[str, ...], Any]] = [((), raw)]
    while stack:
        where, entry = stack.pop()
        if not isinstance(entry, Mapping):
            continue
        given = cast("Mapping[str, Any]", entry)
        if isinstance(given.get("inputs"), Mapping):
            found[".".join(where)] = frozenset(given["inputs"])
        nodes = given.get("ops")
        if isinstance(nodes, Mapping):
            stack.extend(((*where, str(name)), node) for name, node in nodes.items())
    return found


@define
class _Binding:
    """One binding on its way: what was bound so far, and the faults."""

    env: Mapping[str, str]
    ops: dict[str, Any] = field(factory=dict)
    inputs: dict[str, dict[str, Any]] = field(factory=dict)
    faults: list[Fault] = field(factory=list)


def effective_config(
    job: JobDefinition, given: Mapping[str, Any] | None, env: Mapping[str, str]
) -> Mapping[str, Any]:
    """The run config that counts: given for the run, else the job's default, through its mapping.

    Raises:
        InvalidConfigError: when what was given does not fit the job's config mapping.
    """
    if isinstance(job.config, ConfigMapping):
        return job.config.apply(MISSING if given is None else given, env=env)
    if given is not None:
        return given
    return job.config or {}


def bind_run_config(
    job: JobDefinition,
    raw: Mapping[str, Any],
    *,
    env: Mapping[str, str],
    resource_keys: Iterable[str] | None = None,
) -> BoundRunConfig:
    """Bind everything that a run is configured with.

    Args:
        job: what will run.
        raw: the effective run config as plain data.
        env: environment variables.
        resource_keys: resources that will be opened; None for all of the job.

    Raises:
        InvalidConfigError: with every fault at once.
    """
    binding = _Binding(env)
    _refuse_unknown(raw, _SECTIONS, "$", "run config sections", binding)
    _bind_nodes(job.graph, _section(raw, "ops", "$", binding), (), "$.ops", binding)
    graph_inputs = _bind_inputs(job.graph.ins, _section(raw, "inputs", "$", binding), "$.inputs", binding)
    resources = _bind_resources(job, _section(raw, "resources", "$", binding), resource_keys, binding)
    execution = _section(raw, "execution", "$", binding)
    loggers = _section(raw, "loggers", "$", binding)
    raise_faults(f"The run config of job {job.name!r} has faults:", binding.faults)
    return BoundRunConfig(
        ops=binding.ops,
        inputs=binding.inputs,
        graph_inputs=graph_inputs,
        resources=resources,
        execution=execution.get("config", execution) if execution else {},
        loggers={name: (entry or {}).get("config", {}) for name, entry in loggers.items()},
    )


def _section(raw: Mapping[str, Any], name: str, path: str, binding: _Binding) -> Mapping[str, Any]:
    found = raw.get(name)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        binding.faults.append(Fault(below(path, name), "a dict", repr(found)))
        return {}
    return cast("Mapping[str, Any]", found)


def _refuse_unknown(
    raw: Mapping[str, Any], known: Iterable[str], path: str, what: str, binding: _Binding
) -> None:
    names = list(known)
    for key in raw:
        if key not in names:
            wanted = f"one of the {what} ({', '.join(names[:12]) or 'none'}{' …' if len(names) > 12 else ''})"  # a line
            binding.faults.append(Fault(below(path, key), wanted, repr(key), suggest(str(key), names)))


def _bind_nodes(
    graph: GraphDefinition, raw: Mapping[str, Any], prefix: tuple[str, ...], path: str, binding: _Binding
) -> None:
    if raw:
        _refuse_unknown(raw, graph.nodes, path, "nodes", binding)
    for name, node in graph.nodes.items():
        definition = node.definition
        if name not in raw and isinstance(definition, OpDefinition) and definition.config is None:
            continue
        entry = _section(raw, name, path, binding)
        here = below(path, name)
        _refuse_unknown(entry, _NODE_ENTRIES, here, "entries of a node", binding)
        if isinstance(definition, OpDefinition):
            _bind_op(node, definition, entry, (*prefix, name), here, binding)
        else:
            _bind_graph(definition, entry, (*prefix, name), here, binding)


def _bind_op(
    node: Node,
    op: OpDefinition,
    entry: Mapping[str, Any],
    where: tuple[str, ...],
    path: str,
    binding: _Binding,
) -> None:
    del node
    key = ".".join(where)
    value, faults = collect(
        op.config, entry.get("config", MISSING), env=binding.env, path=below(path, "config")
    )
    binding.faults.extend(faults)
    if value is not None:
        binding.ops[key] = value
    given = _section(entry, "inputs", path, binding)
    if given:
        binding.inputs[key] = _bind_inputs(op.ins, given, below(path, "inputs"), binding)


def _bind_graph(
    graph: GraphDefinition, entry: Mapping[str, Any], where: tuple[str, ...], path: str, binding: _Binding
) -> None:
    inner = _section(entry, "ops", path, binding)
    base = below(path, "ops")
    if graph.config_mapping is not None:
        made = graph.config_mapping.apply(
            entry.get("config", MISSING), env=binding.env, path=below(path, "config")
        )
        inner = made.get("ops", made)
    _bind_nodes(graph, inner, where, base, binding)
    given = _section(entry, "inputs", path, binding)
    if given:
        binding.inputs[".".join(where)] = _bind_inputs(graph.ins, given, below(path, "inputs"), binding)


def _bind_inputs(
    ins: Mapping[str, InputDefinition], given: Mapping[str, Any], path: str, binding: _Binding
) -> dict[str, Any]:
    if given:
        _refuse_unknown(given, ins, path, "inputs", binding)
    bound: dict[str, Any] = {}
    for name, raw in given.items():
        definition = ins.get(name)
        if definition is None:
            continue
        loader = definition.type.loader
        if loader is None:
            binding.faults.append(
                Fault(below(path, name), f"a value of {definition.type.display_name}, which config cannot give", repr(raw),
                      "Wire the input to an op, or give its type a loader.")
            )  # fmt: skip
            continue
        value, faults = collect(
            loader.schema_type, loader.unwrap(raw), env=binding.env, path=below(path, name)
        )
        binding.faults.extend(faults)
        bound[name] = value
    return bound


def _bind_resources(
    job: JobDefinition, raw: Mapping[str, Any], wanted: Iterable[str] | None, binding: _Binding
) -> dict[str, Any]:
    defs = job.resource_defs
    _refuse_unknown(raw, defs, "$.resources", "resources", binding)
    bound: dict[str, Any] = {}
    for key in defs if wanted is None else wanted:
        definition = defs.get(key)
        schema = getattr(definition, "config", None)
        if definition is None or (schema is None and key not in raw):
            continue
        entry = _section(raw, key, "$.resources", binding)
        path = below(below("$.resources", key), "config")
        value, faults = collect(schema, entry.get("config", MISSING), env=binding.env, path=path)
        binding.faults.extend(faults)
        bound[key] = value
    return bound

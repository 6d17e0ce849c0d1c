"""Run config: what was given for a run becomes bound values for every op and resource.

Owns: where in a run config what stands (``$.ops.outer.ops.inner.config``), and collecting every fault
before anything runs. The schemas and the walk are ``config``'s. Pure: the environment is an argument.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, cast

from attrs import define, field

from penstock.config import MISSING, ConfigMapping, Fault, below, collect, raise_faults
from penstock.define.executor import in_process_executor, multi_or_in_process_executor
from penstock.define.graph import GraphDefinition
from penstock.define.job import JobDefinition
from penstock.define.logger import colored_console_logger
from penstock.define.op import InputDefinition, OpDefinition
from penstock.errors import InvalidConfigError, InvalidInvocationError, job_title, suggest
from penstock.plan.manager_config import ManagerSchemas
from penstock.values import frozen

_SECTIONS = ("ops", "resources", "execution", "loggers", "inputs")
_NODE_ENTRIES = ("config", "inputs", "outputs", "ops")
_SHOWN = 12
"""How many names a message lists."""


@frozen(kw_only=True)
class BoundRunConfig:
    """A run config with every value bound.

    Args:
        ops: step key → bound config, for ops that have one.
        inputs: step key → input name → bound config value of the input.
        graph_inputs: the same for inputs of the outermost graph.
        resources: resource key → bound config.
        outputs: step key → output name → bound config for the I/O manager that stores it.
        loads: step key → input name → bound config for the input manager that loads it.
        execution: what stands under ``execution.config``.
        loggers: logger name → bound config, for those that the run asks for.
    """

    ops: Mapping[str, Any] = field(factory=dict[str, Any])
    inputs: Mapping[str, Mapping[str, Any]] = field(factory=dict[str, Mapping[str, Any]])
    graph_inputs: Mapping[str, Any] = field(factory=dict[str, Any])
    resources: Mapping[str, Any] = field(factory=dict[str, Any])
    outputs: Mapping[str, Mapping[str, Any]] = field(factory=dict[str, Mapping[str, Any]])
    loads: Mapping[str, Mapping[str, Any]] = field(factory=dict[str, Mapping[str, Any]])
    execution: Mapping[str, Any] = field(factory=dict[str, Any])
    loggers: Mapping[str, Any] = field(factory=dict[str, Any])


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
        inputs, nodes = given.get("inputs"), given.get("ops")
        if isinstance(inputs, Mapping):
            found[".".join(where)] = frozenset(cast("Mapping[str, Any]", inputs))
        if isinstance(nodes, Mapping):
            below_here = cast("Mapping[str, Any]", nodes)
            stack.extend(((*where, str(name)), node) for name, node in below_here.items())
    return found


@define
class _Binding:
    """One binding on its way: what was bound so far, and the faults."""

    env: Mapping[str, str]
    managers: ManagerSchemas
    ops: dict[str, Any] = field(factory=dict[str, Any])
    inputs: dict[str, dict[str, Any]] = field(factory=dict[str, dict[str, Any]])
    outputs: dict[str, Mapping[str, Any]] = field(factory=dict[str, Mapping[str, Any]])
    loads: dict[str, Mapping[str, Any]] = field(factory=dict[str, Mapping[str, Any]])
    faults: list[Fault] = field(factory=list[Fault])


def effective_config(
    job: JobDefinition,
    given: Mapping[str, Any] | None,
    env: Mapping[str, str],
    partition_keys: Sequence[str] = (),
) -> Mapping[str, Any]:
    """The run config that counts: given for the run, else the job's default, through its mapping.

    Args:
        job: to run.
        given: for the run, None for the default.
        env: environment variables by name.
        partition_keys: of the run; a partitioned config says what follows from the one.

    Raises:
        InvalidConfigError: when what was given does not fit the job's config mapping.
        ConfigMappingFunctionError: when a function of the user raises.
        InvalidInvocationError: when config is to follow from one partition and there are several.
    """
    if isinstance(job.config, ConfigMapping):
        return job.config.apply(MISSING if given is None else given, env=env)
    if given is not None:
        return given
    if is_partitioned_config(job.config):
        return _of_partition(job, partition_keys)
    return cast("Mapping[str, Any]", job.config or {})


def is_partitioned_config(config: Any) -> bool:
    """Whether a job's config follows from the partition of its run."""
    return hasattr(config, "get_run_config_for_partition_key")


def _of_partition(job: JobDefinition, keys: Sequence[str]) -> Mapping[str, Any]:
    if len(keys) > 1:
        raise InvalidInvocationError(
            f"The config of {job_title(job.name)} follows from one partition, but the run covers {len(keys)}"
            f" ({keys[0]} … {keys[-1]}). Give the run its config, or run each partition apart."
        )
    config: Any = job.config
    return config.get_run_config_for_partition_key(keys[0]) if keys else {}


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
    binding = _Binding(env, ManagerSchemas.of(job.resource_defs))
    _refuse_unknown(raw, _SECTIONS, "$", "run config sections", binding)
    _bind_nodes(job.graph, _section(raw, "ops", "$", binding), binding)
    graph_inputs = _bind_inputs(job.graph.ins, _section(raw, "inputs", "$", binding), "$.inputs", binding)
    resources = _bind_resources(job, _section(raw, "resources", "$", binding), resource_keys, binding)
    execution = _bind_execution(job, _section(raw, "execution", "$", binding), binding)
    loggers = _bind_loggers(job, _section(raw, "loggers", "$", binding), binding)
    raise_faults(f"The run config of {job_title(job.name)} has faults:", binding.faults)
    return BoundRunConfig(
        ops=binding.ops,
        inputs=binding.inputs,
        graph_inputs=graph_inputs,
        resources=resources,
        outputs=binding.outputs,
        loads=binding.loads,
        execution=execution,
        loggers=loggers,
    )


def retries_enabled(execution: Mapping[str, Any]) -> bool:
    """Whether failed steps are tried again, by what stands under ``execution.config``."""
    parts = (execution, execution.get("in_process"), execution.get("multiprocess"))
    return not any("disabled" in (part.get("retries") or ()) for part in parts if part)


def _bind_execution(job: JobDefinition, raw: Mapping[str, Any], binding: _Binding) -> Mapping[str, Any]:
    """Bind to the job's executor, else to what every run may be given: it may be carried out elsewhere."""
    if not raw:
        return _settled_execution(job, binding)
    given = raw.get("config", MISSING if "config" in raw or not raw else raw)
    first: list[Fault] | None = None
    for executor in (job.own_executor, multi_or_in_process_executor, in_process_executor):
        schema = getattr(executor, "config", None)
        if schema is None:
            continue
        value, faults = collect(schema, given, env=binding.env, path="$.execution.config")
        if not faults:
            return cast("Mapping[str, Any]", value or {})
        first = list(faults) if first is None else first
    if job.own_executor is not None and getattr(job.own_executor, "config", None) is None:
        return cast("Mapping[str, Any]", given)  # an executor that says nothing about its config
    binding.faults.extend(first or ())
    return {}


def _settled_execution(job: JobDefinition, binding: _Binding) -> Mapping[str, Any]:
    """What the job's executor was configured with; whoever uses it tells of its faults."""
    schema = getattr(job.own_executor, "config", None)
    if schema is None:
        return {}
    value, faults = collect(schema, MISSING, env=binding.env, path="$.execution.config")
    return {} if faults else cast("Mapping[str, Any]", value or {})


def _bind_loggers(job: JobDefinition, raw: Mapping[str, Any], binding: _Binding) -> dict[str, Any]:
    known = {"console": colored_console_logger, **job.loggers}
    _refuse_unknown(raw, known, "$.loggers", "loggers", binding)
    bound: dict[str, Any] = {}
    for name in raw:
        if name in known:
            entry = _section(raw, name, "$.loggers", binding)
            path = below(below("$.loggers", name), "config")
            value, faults = collect(
                known[name].config, entry.get("config", MISSING), env=binding.env, path=path
            )
            binding.faults.extend(faults)
            bound[name] = value
    return bound


def _section(raw: Mapping[str, Any], name: str, path: str, binding: _Binding) -> Mapping[str, Any]:
    found = raw.get(name)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        binding.faults.append(Fault(below(path, name), "a dict", repr(found)))
        return {}
    return cast("Mapping[str, Any]", found)


def _refuse_unknown(
    raw: Mapping[str, Any], known: Collection[str], path: str, what: str, binding: _Binding
) -> None:
    for key in raw:
        if key not in known:
            names = list(known)
            more = " …" if len(names) > _SHOWN else ""
            wanted = f"one of the {what} ({', '.join(names[:_SHOWN]) or 'none'}{more})"
            binding.faults.append(Fault(below(path, key), wanted, repr(key), suggest(str(key), names)))


@frozen
class _Level:
    """One graph whose nodes are to be bound: what was given for them, and where that stands."""

    graph: GraphDefinition
    raw: Mapping[str, Any]
    prefix: tuple[str, ...]
    path: str


def _bind_nodes(graph: GraphDefinition, raw: Mapping[str, Any], binding: _Binding) -> None:
    """Bind every node, level by level, without recursion."""
    waiting = deque([_Level(graph, raw, (), "$.ops")])
    while waiting:
        level = waiting.popleft()
        if level.raw:
            _refuse_unknown(level.raw, level.graph.nodes, level.path, "nodes", binding)
        for name, node in level.graph.nodes.items():
            definition = node.definition
            if isinstance(definition, GraphDefinition):
                waiting.append(_bind_graph(name, definition, level, binding))
            elif name in level.raw or definition.config is not None or binding.managers.concern(definition):
                _bind_op(name, definition, level, binding)


def _entry(name: str, level: _Level, binding: _Binding) -> tuple[Mapping[str, Any], str]:
    """What was given for one node, and where it stands."""
    entry = _section(level.raw, name, level.path, binding)
    path = below(level.path, name)
    _refuse_unknown(entry, _NODE_ENTRIES, path, "entries of a node", binding)
    return entry, path


def _bind_op(name: str, op: OpDefinition, level: _Level, binding: _Binding) -> None:
    entry, path = _entry(name, level, binding)
    key = ".".join((*level.prefix, name))
    value, faults = collect(
        op.config, entry.get("config", MISSING), env=binding.env, path=below(path, "config")
    )
    binding.faults.extend(faults)
    if value is not None:
        binding.ops[key] = value
    given = _section(entry, "inputs", path, binding)
    where = below(path, "inputs")
    loads, faults = binding.managers.bind_loads(op, given, binding.env, where)
    binding.faults.extend(faults)
    plain = {name: one for name, one in given.items() if name not in op.ins or not _is_loaded(op.ins[name])}
    if plain:
        binding.inputs[key] = _bind_inputs(op.ins, plain, where, binding)
    told = _section(entry, "outputs", path, binding)
    _refuse_unknown(told, op.outs, below(path, "outputs"), "outputs", binding)
    outputs, faults = binding.managers.bind_outputs(op, told, binding.env, below(path, "outputs"))
    binding.faults.extend(faults)
    binding.loads.update({key: loads} if loads else {})
    binding.outputs.update({key: outputs} if outputs else {})


def _is_loaded(definition: InputDefinition) -> bool:
    """Whether config of an input is for the manager that loads it, and is not its value."""
    return definition.input_manager_key is not None


def _bind_graph(name: str, graph: GraphDefinition, level: _Level, binding: _Binding) -> _Level:
    """Bind what a nested graph takes itself; gives the level of its nodes."""
    entry, path = _entry(name, level, binding)
    where = (*level.prefix, name)
    given = _section(entry, "inputs", path, binding)
    if given:
        binding.inputs[".".join(where)] = _bind_inputs(graph.ins, given, below(path, "inputs"), binding)
    inner = _section(entry, "ops", path, binding)
    if graph.config_mapping is not None:
        inner = _mapped(graph.config_mapping, entry, below(path, "config"), binding)
    return _Level(graph, inner, where, below(path, "ops"))


def _mapped(
    mapping: ConfigMapping, entry: Mapping[str, Any], path: str, binding: _Binding
) -> Mapping[str, Any]:
    """The config of a graph's nodes that its own small config stands for."""
    try:
        made = mapping.apply(entry.get("config", MISSING), env=binding.env, path=path)
    except InvalidConfigError as error:
        if not error.faults:
            raise
        binding.faults.extend(error.faults)
        return {}
    return made.get("ops", made)


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
            wanted = f"a value of {definition.type.display_name}, which config cannot give"
            hint = "Wire the input to an op, or give its type a loader."
            binding.faults.append(Fault(below(path, name), wanted, repr(raw), hint))
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

"""Values in and out: loading inputs and storing outputs through I/O managers.

Owns: finding the manager of an output, building the contexts it sees, and turning what it says into
a receipt. Errors of a manager are wrapped so that the blame is clear. Holds a value only while
the manager's own function runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve, frozen

from penstock.define.assets import AssetsDefinition
from penstock.define.op import InputDefinition, OutputDefinition
from penstock.engine.context import StepInHand
from penstock.engine.program import Program
from penstock.errors import Error, HandleOutputError, InvariantViolationError, LoadInputError
from penstock.events.values import Receipt
from penstock.keys import AssetKey
from penstock.metadata import MetadataValue
from penstock.plan.model import StepOutput
from penstock.spi.io_contexts import InputContext, OutputContext

DEFAULT_MANAGER = "io_manager"
MANAGER_METADATA_KEY = "penstock/io_manager_key"
_RECEIPT_FIELDS = ("path", "bytes", "penstock/row_count", "checksum")


@frozen(kw_only=True)
class Ref:
    """An output that some step of this or an earlier run made.

    ``key`` is the step's key without the mapping key of its unit; that is ``unit``'s.
    """

    step: int
    key: str
    output: str
    unit: str | None = None
    mapping_key: str | None = None

    @property
    def name(self) -> str:
        """Its name among handed-off values: output, and mapping key when it is dynamic."""
        return self.output if self.mapping_key is None else f"{self.output}[{self.mapping_key}]"


def manager_of(program: Program, key: str) -> Any:
    """The I/O manager bound to a resource key.

    Raises:
        InvariantViolationError: when nothing is bound to it.
    """
    found = program.resources.get(key)
    if found is None:
        raise InvariantViolationError(f"No I/O manager is bound to the resource key {key!r}.")
    return found


def hands_straight_on(program: Program, output: StepOutput) -> bool:
    """Whether an op's output is handed on without being stored anywhere."""
    return (
        not program.stores_op_outputs and output.asset_key is None and output.manager_key == DEFAULT_MANAGER
    )


def output_context(
    hand: StepInHand,
    output: StepOutput,
    definition: OutputDefinition,
    *,
    mapping_key: str | None,
    metadata: Mapping[str, MetadataValue],
) -> OutputContext:
    """What the I/O manager of an output sees."""
    program = hand.program
    spec = _spec(hand.bound.assets, output.asset_key)
    return OutputContext(
        name=output.name,
        step_key=hand.step.key if hand.mapping_key is None else hand.key,
        run_id=program.run.run_id,
        job_name=program.run.job_name,
        mapping_key=mapping_key,
        type=definition.type,
        asset_key=output.asset_key,
        asset_partition_keys=_partitions_of(program, hand.bound.assets),
        partitions_def=hand.bound.assets.partitions_def if hand.bound.assets is not None else None,
        definition_metadata=definition.metadata if spec is None else {**definition.metadata, **spec.metadata},
        output_metadata=metadata,
        resource_config=program.resource_configs.get(output.manager_key),
        resources=hand.resources,
        log=hand.log,
        attempt=hand.attempt,
        run=program.run,
        op_def=hand.bound.op,
        asset_spec=spec,
    )


def _spec(assets: AssetsDefinition | None, key: AssetKey | None) -> Any:
    return None if assets is None or key is None else assets.specs_by_key.get(key)


def _partitions_of(program: Program, assets: AssetsDefinition | None) -> Sequence[str]:
    if assets is None or assets.partitions_def is None:
        return ()
    return program.plan.partition_keys


def store(context: OutputContext, manager: Any, value: Any) -> None:
    """Have a manager store a value; what it yields is added as metadata.

    Raises:
        HandleOutputError: when the manager raised; the cause is chained.
    """
    try:
        said = manager.handle_output(context, value)
        if said is not None and hasattr(said, "__next__"):
            for one in said:
                if isinstance(one, Mapping):
                    context.add_output_metadata(one)
                else:
                    context.log_event(one)
    except Error:
        raise
    except Exception as error:
        raise HandleOutputError(
            f"Storing output {context.name!r} of step {context.step_key!r}"
            f" with {type(manager).__name__} failed: {error}",
            error,
        ) from error


def receipt_of(context: OutputContext) -> Receipt:
    """What a manager said about what it stored, as a receipt."""
    added = context.added_metadata
    if not added:
        return Receipt()
    path, size, rows, checksum = (getattr(added.get(name), "value", None) for name in _RECEIPT_FIELDS)
    return Receipt(uri=path, bytes=size, rows=rows, checksum=checksum)


def load(
    hand: StepInHand, definition: InputDefinition, ref: Ref | AssetKey | None
) -> tuple[Any, str, InputContext]:
    """Have a manager load one value of an input.

    Args:
        hand: the reading step.
        definition: the input.
        ref: the output of a step, a stored asset, or None for an unconnected input.

    Returns:
        The value, the resource key of the manager, and the context it saw.

    Raises:
        LoadInputError: when the manager raised; the cause is chained.
    """
    upstream, key, context_key = _upstream(hand, ref)
    manager_key = definition.input_manager_key or key
    context = InputContext(
        name=definition.name,
        step_key=hand.key,
        run_id=hand.program.run.run_id,
        job_name=hand.program.run.job_name,
        type=definition.type,
        upstream_output=upstream,
        asset_key=context_key,
        asset_partition_keys=upstream.partition_keys if upstream is not None else (),
        partition_keys=hand.program.plan.partition_keys,
        partitions_def=upstream.partitions_def if upstream is not None else None,
        definition_metadata=definition.metadata,
        resource_config=hand.program.resource_configs.get(manager_key),
        resources=hand.resources,
        log=hand.log,
        run=hand.program.run,
        op_def=hand.bound.op,
    )
    manager = manager_of(hand.program, manager_key)
    try:
        return manager.load_input(context), manager_key, context
    except Error:
        raise
    except Exception as error:
        where = "" if context_key is None else f" (asset {context_key.to_user_string()!r})"
        raise LoadInputError(
            f"Loading input {definition.name!r} of step {hand.key!r}{where}"
            f" with {type(manager).__name__} failed: {error}",
            error,
        ) from error


def _upstream(
    hand: StepInHand, ref: Ref | AssetKey | None
) -> tuple[OutputContext | None, str, AssetKey | None]:
    """The output behind an input: as context, with its manager's key and its asset."""
    program = hand.program
    if ref is None:
        return None, DEFAULT_MANAGER, None
    if isinstance(ref, AssetKey):
        context = asset_context(program, ref)
        context.asset_spec = context.asset_spec or None
        return context, manager_key_of(program, ref), ref
    step = program.plan.steps[ref.step]
    bound = program.bound(step.node)
    output = next(o for o in step.outputs if o.name == ref.output)
    maker = StepInHand(
        program=program, step=step, bound=bound, mapping_key=ref.unit, resources=hand.resources
    )
    context = output_context(
        maker, output, bound.op.outs[ref.output], mapping_key=ref.mapping_key, metadata={}
    )
    made_by = program.origin.get(maker.key)
    return (
        context if made_by is None else evolve_run(context, made_by),
        output.manager_key,
        output.asset_key,
    )


def evolve_run(context: OutputContext, run_id: str) -> OutputContext:
    """The same output, made by an earlier run."""
    return evolve(context, run_id=run_id)


def asset_context(program: Program, key: AssetKey) -> OutputContext:
    """A stored asset that this run does not make, as the output it once was."""
    layer = program.job.assets
    known = layer.known.get(key) if layer is not None else None
    spec = _spec(known, key)
    outputs = {} if known is None else {k: name for name, k in known.keys_by_output.items()}
    definition = None
    if known is not None and known.node is not None and key in outputs:
        definition = getattr(known.node, "outs", {}).get(outputs[key])
    return OutputContext(
        name=outputs.get(key, "result"),
        step_key=key.to_python_identifier() if known is None or known.node is None else known.node.name,
        run_id="",
        job_name=program.run.job_name,
        asset_key=key,
        asset_partition_keys=_partitions_of(program, known),
        partitions_def=known.partitions_def if known is not None else None,
        definition_metadata={
            **(getattr(definition, "metadata", None) or {}),
            **(spec.metadata if spec is not None else {}),
        },
        type=definition.type if isinstance(definition, OutputDefinition) else _any_type(),
        resource_config=program.resource_configs.get(manager_key_of(program, key)),
        log=program.log,
        run=program.run,
        asset_spec=spec,
    )


def _any_type() -> Any:
    return OutputContext().type


def manager_key_of(program: Program, key: AssetKey) -> str:
    """The resource key of the manager that an asset is stored with."""
    layer = program.job.assets
    known = layer.known.get(key) if layer is not None else None
    if known is None:
        return DEFAULT_MANAGER
    return asset_manager_key(known, key)


def asset_manager_key(assets: AssetsDefinition, key: AssetKey) -> str:
    """The resource key of the manager of one of a definition's assets."""
    spec = assets.specs_by_key.get(key)
    declared = spec.metadata.get(MANAGER_METADATA_KEY) if spec is not None else None
    if declared is not None:
        return str(getattr(declared, "value", declared))
    for name, made in assets.keys_by_output.items():
        if made == key and assets.node is not None:
            out = getattr(assets.node, "outs", {}).get(name)
            if isinstance(out, OutputDefinition):
                return out.io_manager_key
    return DEFAULT_MANAGER

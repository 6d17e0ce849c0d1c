"""Values in and out: loading inputs and storing outputs through I/O managers.

Owns: finding the manager of an output, building the contexts it sees, and turning what it says into
a receipt. Errors of a manager are wrapped so that the blame is clear. Holds a value only while
the manager's own function runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from attrs import evolve

from penstock.define.assets import AssetsDefinition
from penstock.define.op import InputDefinition, OpDefinition, OutputDefinition
from penstock.define.specs import AssetSpec
from penstock.engine.context import StepInHand
from penstock.engine.failures import said_by
from penstock.engine.program import Program
from penstock.errors import Error, HandleOutputError, InvariantViolationError, LoadInputError
from penstock.events.values import Receipt
from penstock.keys import AssetKey
from penstock.metadata import MetadataValue
from penstock.plan.model import StepOutput
from penstock.spi.io_contexts import InputContext, OutputContext
from penstock.values import frozen

DEFAULT_MANAGER = "io_manager"
_ANYTHING = OutputContext().type
_NO_FACTS: Mapping[str, Any] = {}
_NO_RECEIPT = Receipt()
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
    program, assets = hand.program, hand.bound.assets
    spec = _spec(assets, output.asset_key)
    return OutputContext(
        name=output.name,
        step_key=hand.key,
        run_id=program.run.run_id,
        job_name=program.run.job_name,
        mapping_key=mapping_key,
        type=definition.type,
        asset_key=output.asset_key,
        asset_partition_keys=partitions_covered(program, assets, output.asset_key),
        partitions_def=_definition_for(assets, output.asset_key),
        definition_metadata=_both(definition.metadata, spec),
        output_metadata=metadata,
        resource_config=program.resource_configs.get(output.manager_key),
        config=hand.bound.outputs_config.get(output.name),
        resources=program.resources_of(output.manager_key),
        log=hand.log,
        attempt=hand.attempt,
        run=program.run,
        op_def=hand.bound.op,
        asset_spec=spec,
    )


def _spec(assets: AssetsDefinition | None, key: AssetKey | None) -> AssetSpec | None:
    return None if assets is None or key is None else assets.specs_by_key.get(key)


def _both(declared: Mapping[str, Any], spec: AssetSpec | None) -> Mapping[str, Any]:
    """Metadata of an output and of the asset it is, together."""
    if spec is None or not spec.metadata:
        return declared
    return {**declared, **spec.metadata} if declared else spec.metadata


def partitions_covered(
    program: Program, assets: AssetsDefinition | None, key: AssetKey | None
) -> Sequence[str]:
    """The partitions of an asset that the run covers, empty for one without partitions."""
    return () if _definition_for(assets, key) is None else program.plan.partition_keys


def _definition_for(assets: AssetsDefinition | None, key: AssetKey | None) -> Any:
    """The partitions definition of an asset, or of an op that makes a part of one."""
    if assets is None:
        return None
    spec = _spec(assets, key)
    return assets.partitions_def if spec is None or spec.partitions_def is None else spec.partitions_def


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
                    context.add_output_metadata(cast("Mapping[str, Any]", one))
                else:
                    context.log_event(one)
    except Error:
        raise
    except Exception as error:
        raise HandleOutputError(
            f"Storing output {context.name!r} of step {context.step_key!r}"
            f" with {type(manager).__name__} failed: {said_by(error)}",
            error,
        ) from error


def receipt_of(context: OutputContext) -> Receipt:
    """What a manager said about what it stored, as a receipt."""
    added = context.added_metadata
    if not added:
        return _NO_RECEIPT
    path, size, rows, checksum = (getattr(added.get(name), "value", None) for name in _RECEIPT_FIELDS)
    others = {name: value for name, value in added.items() if name not in _RECEIPT_FIELDS}
    return Receipt(uri=path, bytes=size, rows=rows, checksum=checksum, metadata=others)


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
    program = hand.program
    upstream, key, asset_key = _upstream(program, ref)
    manager_key = definition.input_manager_key or key
    read = None if asset_key is None else program.plan.reads_of(hand.step).get(asset_key)
    if upstream is not None and read is not None:
        upstream = evolve(upstream, asset_partition_keys=read.keys)
    context = InputContext(
        name=definition.name,
        step_key=hand.key,
        run_id=program.run.run_id,
        job_name=program.run.job_name,
        type=definition.type,
        upstream_output=upstream,
        asset_key=asset_key,
        asset_partition_keys=() if upstream is None else upstream.partition_keys,
        partition_keys=program.plan.partition_keys,
        reads_partitions=read is not None,
        partitions_def=None if upstream is None else upstream.partitions_def,
        definition_metadata=definition.metadata,
        resource_config=program.resource_configs.get(manager_key),
        config=hand.bound.loads_config.get(definition.name),
        resources=program.resources_of(manager_key),
        log=hand.log,
        run=program.run,
        op_def=hand.bound.op,
    )
    manager = manager_of(program, manager_key)
    try:
        return manager.load_input(context), manager_key, context
    except Error:
        raise
    except Exception as error:
        where = "" if asset_key is None else f" (asset {asset_key.to_user_string()!r})"
        raise LoadInputError(
            f"Loading input {definition.name!r} of step {hand.key!r}{where}"
            f" with {type(manager).__name__} failed: {said_by(error)}",
            error,
        ) from error


def _upstream(
    program: Program, ref: Ref | AssetKey | None
) -> tuple[OutputContext | None, str, AssetKey | None]:
    """The output behind an input: as context, with its manager's key and its asset."""
    if ref is None:
        return None, DEFAULT_MANAGER, None
    if isinstance(ref, AssetKey):
        return asset_context(program, ref), manager_key_of(program, ref), ref
    step = program.plan.steps[ref.step]
    bound = program.bound(step)
    output = bound.outputs[ref.output]
    maker = StepInHand(program=program, step=step, bound=bound, mapping_key=ref.unit)
    context = output_context(
        maker, output, bound.op.outs[ref.output], mapping_key=ref.mapping_key, metadata=_NO_FACTS
    )
    made_by = program.origin.get(maker.key)
    if made_by is not None:
        context = evolve(context, run_id=made_by)
    return context, output.manager_key, output.asset_key


def asset_context(program: Program, key: AssetKey) -> OutputContext:
    """A stored asset that this run does not make, as the output it once was."""
    layer = program.job.assets
    known = layer.known.get(key) if layer is not None else None
    spec, manager_key = _spec(known, key), manager_key_of(program, key)
    outputs = {} if known is None else {k: name for name, k in known.keys_by_output.items()}
    definition = _definition_of(known, outputs.get(key))
    return OutputContext(
        name=outputs.get(key, "result"),
        step_key=key.to_python_identifier() if known is None or known.node is None else known.node.name,
        run_id="",
        job_name=program.run.job_name,
        asset_key=key,
        asset_partition_keys=partitions_covered(program, known, key),
        partitions_def=_definition_for(known, key),
        definition_metadata=_both(_NO_FACTS if definition is None else definition.metadata, spec),
        type=_ANYTHING if definition is None else definition.type,
        resource_config=program.resource_configs.get(manager_key),
        resources=program.resources_of(manager_key),
        log=program.log,
        run=program.run,
        asset_spec=spec,
    )


def _definition_of(known: AssetsDefinition | None, output: str | None) -> OutputDefinition | None:
    """The output of the op that makes an asset; None for graphs and assets that nothing here makes."""
    if known is None or output is None or not isinstance(known.node, OpDefinition):
        return None
    return known.node.outs.get(output)


def manager_key_of(program: Program, key: AssetKey) -> str:
    """The resource key of the manager that an asset is stored with."""
    layer = program.job.assets
    known = layer.known.get(key) if layer is not None else None
    if known is None:
        return DEFAULT_MANAGER
    return asset_manager_key(known, key)


def asset_manager_key(assets: AssetsDefinition, key: AssetKey) -> str:
    """The resource key of the manager of one of a definition's assets."""
    return assets.get_io_manager_key_for_asset_key(key)

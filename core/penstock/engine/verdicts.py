"""Verdicts and facts: type checks, check evaluations, materializations and observations as values.

Owns: building event values from what a step's code gave. Calls type check functions; holds no
value longer than such a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.define.op import InputDefinition, OutputDefinition
from penstock.define.results import AssetCheckResult, ObserveResult
from penstock.define.versions import DataVersion, DataVersionsByPartition
from penstock.engine.context import StepInHand
from penstock.engine.failures import said_by
from penstock.engine.io import partitions_covered
from penstock.errors import InvariantViolationError, TypeCheckDidNotPass, TypeLoadingError
from penstock.events.values import (
    DATA_VERSION_TAG,
    AssetCheckEvaluation,
    AssetMaterialization,
    AssetObservation,
    TypeChecked,
)
from penstock.keys import AssetKey
from penstock.plan.model import StepOutput
from penstock.plan.versions import version_tags
from penstock.types import Type, TypeCheck, TypeCheckContext, TypeLoaderContext


def check_input(hand: StepInHand, definition: InputDefinition, value: Any) -> TypeChecked | None:
    """Check an input; None when there is nothing to tell."""
    if definition.type.accepts_anything:
        return None
    return _told(_checked(hand, definition.type, value, f"step input {definition.name!r}"))


def check_output(hand: StepInHand, definition: OutputDefinition, value: Any) -> TypeChecked | None:
    """Check an output; None when there is nothing to tell."""
    if definition.type.accepts_anything or (definition.type.is_nothing and value is None):
        return None
    return _told(_checked(hand, definition.type, value, f"step output {definition.name!r}"))


def refused(error: TypeCheckDidNotPass) -> TypeChecked:
    """The verdict on a value that is not of its type."""
    return TypeChecked(success=False, description=error.said, metadata=error.metadata or {})


def loaded_from_config(hand: StepInHand, definition: InputDefinition, given: Any) -> Any:
    """The value that a type's loader makes of what run config gave for an input.

    Raises:
        TypeLoadingError: when the loader raised; the cause is chained.
    """
    loader = definition.type.loader
    if loader is None:
        return given
    context = TypeLoaderContext(
        run_id=hand.program.run.run_id,
        job_name=hand.program.run.job_name,
        log=hand.log,
        resources=hand.resources,
        step_key=hand.key,
        input_name=definition.name,
    )
    try:
        return loader.construct_from_config_value(context, given)
    except Exception as error:
        raise TypeLoadingError(
            f"The loader of {definition.type.display_name} failed for input {definition.name!r}"
            f" of step {hand.key!r}: {said_by(error)}",
            error,
        ) from error


def _checked(hand: StepInHand, wanted: Type, value: Any, what: str) -> TypeCheck:
    context = TypeCheckContext(
        run_id=hand.program.run.run_id, log=hand.log, resources=hand.resources, type=wanted
    )
    verdict = wanted.type_check(context, value)
    if not verdict.success:
        raise TypeCheckDidNotPass(
            f"Type check failed for {what} of {hand.key!r}, {_wanted(wanted, value, verdict)}",
            verdict.metadata,
            wanted.display_name,
            verdict.description,
        )
    return verdict


def _wanted(wanted: Type, value: Any, verdict: TypeCheck) -> str:
    """The declared type and what was found, as the check says it, else by the value's class."""
    said = (verdict.description or "").strip() or f"found {type(value).__name__}"
    return f"declared as {wanted.display_name}: {said}{'' if said.endswith(('.', '!', '?')) else '.'}"


def _told(verdict: TypeCheck) -> TypeChecked | None:
    if not verdict.description and not verdict.metadata:
        return None
    return TypeChecked(success=verdict.success, description=verdict.description, metadata=verdict.metadata)


def materialization_of(
    hand: StepInHand,
    output: StepOutput,
    item: Any,
    metadata: Mapping[str, Any],
) -> list[AssetMaterialization]:
    """The materializations that an output stands for: one, or one per partition of the run."""
    key, assets = output.asset_key, hand.bound.assets
    if key is None or assets is None:
        return []
    spec, known = assets.specs_by_key.get(key), hand.versions
    deps = () if spec is None else [dep.asset_key for dep in spec.deps]
    given = getattr(item, "data_version", None) or hand.data_versions.get(key)
    tags = version_tags(
        hand.program.run.run_id,
        spec.code_version if spec is not None else None,
        {dep: known[dep] for dep in deps if dep in known},
        None if given is None else given.value,
    )
    own_tags = getattr(item, "tags", None)
    if own_tags:
        tags.update(own_tags)
    said = hand.asset_metadata
    facts = {**metadata, **said.get((key, None), {})} if said else metadata
    partitions = partitions_covered(hand.program, assets, key)
    return [
        AssetMaterialization(
            key,
            metadata={**facts, **said[key, partition]} if partition and (key, partition) in said else facts,
            partition=partition,
            tags=tags,
        )
        for partition in partitions or (None,)
    ]


def observed_result(value: Any, output: StepOutput) -> ObserveResult:
    """What an observing function returned, as a result.

    Args:
        value: a ``DataVersion``, or ``DataVersionsByPartition``.
        output: whose asset was observed.
    """
    if isinstance(value, DataVersion | DataVersionsByPartition):
        version: Any = value  # a result speaks of one version; of several partitions it is the engine's
        return ObserveResult(asset_key=output.asset_key, data_version=version)
    raise InvariantViolationError(
        f"Observing {output.name!r} gave a {type(value).__name__}. Return DataVersion('...'),"
        " DataVersionsByPartition({...}) or ObserveResult(...)."
    )


def observations_of(hand: StepInHand, output: StepOutput, item: ObserveResult) -> list[AssetObservation]:
    """The observations that a result stands for: one, or one per partition it speaks of."""
    if output.asset_key is None:
        raise InvariantViolationError(f"Step {hand.key!r} observes no asset.")
    version: Any = item.data_version
    tags, by_partition = item.tags or {}, {None: version}
    if isinstance(version, DataVersionsByPartition):
        by_partition = {**version.data_versions_by_partition}
    return [
        AssetObservation(
            output.asset_key,
            metadata=item.metadata,
            partition=partition,
            tags=tags if one is None else {**tags, DATA_VERSION_TAG: one.value},
        )
        for partition, one in by_partition.items()
    ]


def check_evaluation(hand: StepInHand, item: AssetCheckResult, key: AssetKey | None) -> AssetCheckEvaluation:
    """A check result bound to its spec.

    Raises:
        InvariantViolationError: when the result does not say which of several checks it is for, or
            names one that the step does not declare.
    """
    bound, wanted_key = hand.bound, item.asset_key or key
    named = bound.checks if item.check_name is None else bound.checks_by_name.get(item.check_name, ())
    fitting = [spec for spec in named if wanted_key is None or spec.key.asset_key == wanted_key]
    if len(fitting) != 1:
        declared = ", ".join(spec.key.to_user_string() for spec in bound.checks) or "none"
        raise InvariantViolationError(
            f"Step {hand.key!r} gave a check result for {item.check_name or 'an unnamed check'!r}, which fits"
            f" {len(fitting)} of its declared checks ({declared}). Give check_name= and asset_key=."
        )
    spec = fitting[0]
    partitions = hand.program.plan.partition_keys
    return AssetCheckEvaluation(
        asset_key=spec.key.asset_key,
        check_name=spec.name,
        passed=item.passed,
        severity=item.severity,
        description=item.description,
        metadata=item.metadata,
        blocking=spec.blocking,
        partition=partitions[0] if len(partitions) == 1 else None,
    )

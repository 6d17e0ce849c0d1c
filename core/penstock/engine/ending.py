"""The end of a step: its answers, one by one, become stored outputs and events.

Owns: matching answers to declared outputs and checks, storing each output, and what is missing or
superfluous at the end. An output whose asset has blocking checks in the same step is published
only when those have passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from penstock.config.faults import shown
from penstock.define.op import OutputDefinition
from penstock.define.output import DynamicOutput, Output
from penstock.define.results import AssetCheckResult, MaterializeResult, ObserveResult
from penstock.engine.context import StepInHand
from penstock.engine.io import hands_straight_on, manager_of, output_context, receipt_of, store
from penstock.engine.partitioned import only_partition_of
from penstock.engine.record import StepRecord
from penstock.engine.verdicts import (
    check_evaluation,
    check_output,
    materialization_of,
    observations_of,
    observed_result,
    refused,
)
from penstock.errors import CheckFailedError, InvariantViolationError, TypeCheckDidNotPass
from penstock.events.places import PartitionPlace
from penstock.events.values import (
    AssetCheckEvaluation,
    AssetMaterialization,
    AssetMaterialized,
    AssetObservation,
    AssetObserved,
    CheckEvaluated,
    ExpectationResult,
    ExpectationTold,
    OutputProduced,
    OutputStored,
    Receipt,
    TypeChecked,
    as_metadata,
)
from penstock.keys import AssetCheckKey, AssetKey
from penstock.plan.model import StepOutput
from penstock.spi.io_contexts import OutputContext

AnyOutput = Output[Any] | DynamicOutput[Any]
_NO_RECEIPT = Receipt()
_NO_FACTS: Mapping[str, Any] = {}


class Ending:
    """Takes a step's answers one by one; ``close`` when there are no more.

    Args:
        hand: the step.
        record: gets the events, and the names of values to hand on.
        values: gets those values.
    """

    def __init__(self, hand: StepInHand, record: StepRecord, values: dict[str, Any]) -> None:
        self._hand = hand
        self._record = record
        self._values = values
        self._outputs = hand.bound.outputs
        self._now = hand.program.tools.now
        self._seen = hand.given
        self._passed: dict[AssetCheckKey, bool] = {}
        self._waiting: list[tuple[StepOutput, Any]] = []

    def take(self, item: Any) -> None:
        """One answer of the function.

        Raises:
            InvariantViolationError: when it is none that this step may give.
        """
        self._take_logged()
        if isinstance(item, Output | DynamicOutput):
            self._take_output(cast("AnyOutput", item))
        elif isinstance(item, MaterializeResult):
            self._take_result(item)
        elif isinstance(item, AssetCheckResult):
            self._take_check(item)
        elif isinstance(item, ObserveResult):
            self._take_observation(item)
        else:
            self._note(item)

    def close(self) -> None:
        """The function is done: what waited is stored, what is missing is reported.

        Raises:
            CheckFailedError: when blocking checks did not pass; the outputs they guard are not stored.
            InvariantViolationError: when required outputs or checks are missing.
        """
        self._take_logged()
        self._imply_outputs()
        for output, item in self._waiting:
            if not self._is_held_back(output):
                self._store(output, item)
        self._refuse_blocked()
        self._refuse_missing()

    # ---- outputs ------------------------------------------------------------------------------

    def _take_output(self, item: AnyOutput) -> None:
        output = self._outputs.get(item.output_name)
        is_dynamic = isinstance(item, DynamicOutput)
        if output is None or output.dynamic != is_dynamic:
            raise self._misfit(item)
        if self._hand.step.kind == "observe":
            self._take_observation(observed_result(item.value, output))
            return
        if self._hand.step.kind == "check":
            raise self._no_verdict(item)
        self._see(output, item.mapping_key if isinstance(item, DynamicOutput) else None)
        self._store_or_wait(output, item)

    def _no_verdict(self, item: AnyOutput) -> InvariantViolationError:
        return InvariantViolationError(
            f"Check {self._hand.key!r} gave {shown(item.value)}, not a verdict."
            " Return AssetCheckResult(passed=...)."
        )

    def _misfit(self, item: AnyOutput) -> InvariantViolationError:
        where, name = f"step {self._hand.key!r}", item.output_name
        if name not in self._outputs and name in self._hand.bound.op.outs:
            return self._no_verdict(item)
        if name not in self._outputs:
            known = ", ".join(self._outputs) or "none"
            return InvariantViolationError(f"S{where[1:]} gave an output named {name!r}; it has {known}.")
        wanted = "DynamicOutput" if self._outputs[name].dynamic else "Output"
        return InvariantViolationError(
            f"Output {name!r} of {where} wants {wanted}, found {type(item).__name__}."
        )

    def _see(self, output: StepOutput, mapping_key: str | None) -> None:
        """Note that an output came, which it may do once."""
        if (output.name, mapping_key) in self._seen:
            what = repr(output.name) + ("" if mapping_key is None else f" with mapping key {mapping_key!r}")
            raise InvariantViolationError(f"Step {self._hand.key!r} gave output {what} more than once.")
        self._seen.add((output.name, mapping_key))

    def _take_result(self, item: MaterializeResult) -> None:
        output = self._output_of(item.asset_key)
        for check in item.check_results or ():
            self._take_check(check, output.asset_key)
        self._see(output, None)
        self._store_or_wait(output, item)

    def _output_of(self, key: AssetKey | None) -> StepOutput:
        by_asset = self._hand.bound.outputs_by_asset
        if key is None and len(by_asset) == 1:
            return next(iter(by_asset.values()))
        found = None if key is None else by_asset.get(key)
        if found is None:
            named = "no asset_key" if key is None else f"asset_key {key.to_user_string()!r}"
            known = ", ".join(one.to_user_string() for one in by_asset) or "no assets"
            raise InvariantViolationError(
                f"Step {self._hand.key!r} gave a result with {named}; it makes {known}."
            )
        return found

    def _store_or_wait(self, output: StepOutput, item: Any) -> None:
        key = output.asset_key
        if key is not None and key in self._hand.bound.blocking_checks:
            self._waiting.append((output, item))
        else:
            self._store(output, item)

    def _store(self, output: StepOutput, item: Any) -> None:
        """Check, store and report one output: the second of the two places that hold a value."""
        hand = self._hand
        key: str | None = getattr(item, "mapping_key", None)
        metadata = self._metadata(output, item, key)
        verdict, added = None, _NO_FACTS
        has_value = getattr(item, "has_value", True)
        definition = hand.bound.op.outs[output.name]
        value = hand.program.tools.settle(item.value) if has_value else None
        if has_value:
            verdict = self._verdict(definition, item.value, key)
            value = only_partition_of(hand, output.asset_key, value)
        self._record.events.append(
            OutputProduced(
                at=self._now(), step=hand.key, output_name=output.name, mapping_key=key,
                type_check=verdict, metadata=metadata if output.asset_key is None else _NO_FACTS,
            )
        )  # fmt: skip
        if has_value and not (output.nothing and value is None):
            added = self._hand_on(definition, key, metadata, value)
        if output.asset_key is not None and hand.step.kind == "materialize":
            self._materialized(output, item, {**added, **metadata} if added else metadata)

    def _verdict(self, definition: OutputDefinition, value: Any, key: str | None) -> TypeChecked | None:
        """What the type says of a value; of one that it refuses, the event tells too."""
        try:
            return check_output(self._hand, definition, value)
        except TypeCheckDidNotPass as error:
            self._record.events.append(
                OutputProduced(
                    at=self._now(), step=self._hand.key, output_name=definition.name, mapping_key=key,
                    type_check=refused(error),
                )
            )  # fmt: skip
            raise

    def _metadata(self, output: StepOutput, item: Any, key: str | None) -> Mapping[str, Any]:
        """What the function said of an output, with the value and before."""
        said = self._hand.output_metadata.get((output.name, key))
        given: Mapping[str, Any] = item.metadata or _NO_FACTS
        if given and isinstance(item, MaterializeResult):
            given = as_metadata(given)
        return {**given, **said} if said else given

    def _hand_on(
        self, definition: OutputDefinition, key: str | None, metadata: Mapping[str, Any], value: Any
    ) -> Mapping[str, Any]:
        """Store a value with its I/O manager and keep it for later tasks where that is allowed."""
        hand, program = self._hand, self._hand.program
        output = self._outputs[definition.name]
        name = output.name if key is None else f"{output.name}[{key}]"
        if hand.step.kind in {"check", "observe"}:
            return _NO_FACTS
        if hands_straight_on(program, output):
            self._keep(name, value, handed=True)
            return _NO_FACTS
        context = output_context(hand, output, definition, mapping_key=key, metadata=metadata)
        manager = manager_of(program, output.manager_key)
        store(context, manager, value)
        self._keep(name, value, handed=getattr(manager, "passes_through", False))
        self._record.events.append(
            OutputStored(
                at=self._now(), step=hand.key, output_name=output.name, mapping_key=key,
                manager_key=output.manager_key,
                receipt=self._receipt(output, context, metadata),
            )
        )  # fmt: skip
        self._note_all(context.events)
        return context.added_metadata

    def _receipt(self, output: StepOutput, context: OutputContext, metadata: Mapping[str, Any]) -> Receipt:
        """What was stored; an asset's materialization tells it, unless its function says otherwise."""
        overruled = bool(metadata) and bool(context.added_metadata.keys() & metadata.keys())
        if output.asset_key is not None and not overruled:
            return _NO_RECEIPT
        return receipt_of(context)

    def _keep(self, name: str, value: Any, *, handed: bool) -> None:
        """Hand a value on to later tasks, or keep it for the result or for hooks alone."""
        if handed and self._is_read(name):
            self._record.handed.append(name)
        elif self._hand.program.keeps_values:
            self._record.kept.append(name)
        elif not self._hand.bound.hooks:
            return
        self._values[name] = value

    def _is_read(self, name: str) -> bool:
        wanted = self._hand.hands
        return wanted is None or name.partition("[")[0] in wanted

    def _materialized(self, output: StepOutput, item: Any, metadata: Mapping[str, Any]) -> None:
        now, key = self._now(), self._hand.key
        facts = materialization_of(self._hand, output, item, metadata)
        numbered = self._places(facts)
        self._record.events.extend(
            AssetMaterialized(at=now, step=key, materialization=fact, place=numbered.get(fact.partition))
            for fact in facts
        )

    def _places(self, facts: Sequence[AssetMaterialization]) -> Mapping[str | None, PartitionPlace]:
        """Where the partitions of the run stand in their definition, as far as it knows and facts need it."""
        program = self._hand.program
        if program.run.places is None or not facts or facts[0].partition is None:
            return {}
        ruler, numbers = program.run.places
        return {
            key: PartitionPlace(ruler, number)
            for key, number in zip(program.plan.partition_keys, numbers, strict=True)
        }

    # ---- checks, observations, loose events ---------------------------------------------------

    def _take_check(self, item: AssetCheckResult, key: AssetKey | None = None) -> None:
        evaluation = check_evaluation(self._hand, item, key)
        if evaluation.asset_check_key in self._passed:
            raise InvariantViolationError(
                f"Step {self._hand.key!r} gave a second result for the check"
                f" {evaluation.asset_check_key.to_user_string()}. Give one for each check."
            )
        self._evaluated(evaluation)

    def _evaluated(self, evaluation: AssetCheckEvaluation) -> None:
        key = evaluation.asset_check_key
        self._passed[key] = self._passed.get(key, True) and not evaluation.blocks
        self._record.events.append(CheckEvaluated(at=self._now(), step=self._hand.key, evaluation=evaluation))

    def _take_observation(self, item: ObserveResult) -> None:
        output = self._output_of(item.asset_key)
        for check in item.check_results or ():
            self._take_check(check, output.asset_key)
        self._see(output, None)
        now, key = self._now(), self._hand.key
        self._record.events.append(OutputProduced(at=now, step=key, output_name=output.name))
        self._record.events.extend(
            AssetObserved(at=now, step=key, observation=fact)
            for fact in observations_of(self._hand, output, item)
        )

    def _take_logged(self) -> None:
        """What was said through ``context.log_event`` since the last answer."""
        if self._hand.events:
            said, self._hand.events[:] = tuple(self._hand.events), []
            self._note_all(said)

    def _note_all(self, events: Iterable[Any]) -> None:
        for event in events:
            self._note(event)

    def _note(self, event: Any) -> None:
        now, step, events = self._now(), self._hand.key, self._record.events
        if isinstance(event, AssetMaterialization):
            events.append(AssetMaterialized(at=now, step=step, materialization=event))
        elif isinstance(event, AssetObservation):
            events.append(AssetObserved(at=now, step=step, observation=event))
        elif isinstance(event, AssetCheckEvaluation):
            self._evaluated(event)
        elif isinstance(event, AssetCheckResult):
            self._take_check(event)
        elif isinstance(event, ExpectationResult):
            events.append(ExpectationTold(at=now, step=step, expectation=event))
        else:
            raise InvariantViolationError(
                f"Step {step!r} logged a {type(event).__name__}; log_event takes AssetMaterialization,"
                " AssetObservation, ExpectationResult and check evaluations."
            )

    # ---- at the end ---------------------------------------------------------------------------

    def _imply_outputs(self) -> None:
        """Outputs without a value are produced by the mere end of the function."""
        for output in self._outputs.values():
            if (
                output.nothing
                and output.required
                and (output.name, None) not in self._seen
                and self._hand.bound.is_selected(output)
            ):
                self._seen.add((output.name, None))
                self._store_or_wait(output, Output(None, output.name))

    def _is_held_back(self, output: StepOutput) -> bool:
        """Whether a blocking check of the output's asset has not passed."""
        key = output.asset_key
        checks = () if key is None else self._hand.bound.blocking_checks.get(key, ())
        return not all(self._passed.get(check, False) for check in checks)

    def _refuse_blocked(self) -> None:
        blocked = [key.to_user_string() for key, passed in self._passed.items() if not passed]
        if blocked:
            plural = "s" if len(blocked) > 1 else ""
            raise CheckFailedError(f"Blocking check{plural} did not pass: {', '.join(blocked)}.")

    def _refuse_missing(self) -> None:
        hand = self._hand
        if hand.step.kind != "check":
            missing = [
                output.name
                for output in self._outputs.values()
                if output.required
                and not output.dynamic
                and (output.name, None) not in self._seen
                and hand.bound.is_selected(output)
            ]
            if missing:
                plural = "s" if len(missing) > 1 else ""
                raise InvariantViolationError(
                    f"Step {hand.key!r} ended without its required output{plural} {', '.join(missing)}."
                    " Yield them, or declare them with is_required=False."
                )
        unevaluated = [key.to_user_string() for key in hand.step.checks if key not in self._passed]
        if unevaluated:
            plural = "s" if len(unevaluated) > 1 else ""
            raise InvariantViolationError(
                f"Step {hand.key!r} ended without a result for its check{plural} {', '.join(unevaluated)}."
                " Yield an AssetCheckResult for each, or put them into MaterializeResult(check_results=...)."
            )

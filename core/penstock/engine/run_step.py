"""Carrying out one attempt of one step: the only function that holds a value.

Owns: the order in which a step happens (inputs, user code, checks, storing, events) and the record that
it leaves. Knows no executor and no store: it returns events, and values that may be handed on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import define, field, frozen

from penstock.define.assets import AssetsDefinition
from penstock.define.op import InputDefinition
from penstock.define.output import DynamicOutput, Output
from penstock.define.results import AssetCheckResult, MaterializeResult, ObserveResult
from penstock.define.retry import Failure
from penstock.engine import io
from penstock.engine.answers import answers
from penstock.engine.context import (
    AssetCheckExecutionContext,
    AssetExecutionContext,
    OpExecutionContext,
    Resources,
    StepInHand,
)
from penstock.engine.decide import retry_after
from penstock.engine.failures import blame_of, describe_error
from penstock.engine.hooks import run_hooks
from penstock.engine.program import Program
from penstock.engine.timeouts import limit
from penstock.engine.verdicts import (
    check_evaluation,
    check_input,
    check_output,
    loaded_from_config,
    materialization_of,
    observations_of,
    observed_result,
    upstream_versions,
)
from penstock.errors import CheckFailedError, InvariantViolationError, TypeCheckError
from penstock.events.values import (
    AssetCheckEvaluation,
    AssetMaterialization,
    AssetMaterialized,
    AssetObservation,
    AssetObserved,
    CheckEvaluated,
    Happened,
    InputChecked,
    InputLoaded,
    OutputProduced,
    OutputStored,
    Receipt,
    StepFailed,
    StepInterrupted,
    StepRestarted,
    StepRetryScheduled,
    StepStarted,
    StepSucceeded,
    UserFailure,
)
from penstock.keys import AssetKey
from penstock.plan.model import StepInput, StepOutput

_NO_RECEIPT = Receipt()
_CONTEXTS = {
    "op": OpExecutionContext,
    "materialize": AssetExecutionContext,
    "observe": AssetExecutionContext,
    "check": AssetCheckExecutionContext,
}


@frozen(kw_only=True)
class Work:
    """One attempt of one unit.

    Args:
        step: its id in the plan.
        sources: input name → the outputs that exist for it, in order.
        announces: whether the attempt reports its own start (the driver does it otherwise).
    """

    step: int
    mapping_key: str | None = None
    attempt: int = 1
    sources: Mapping[str, tuple[io.Ref, ...]] = field(factory=dict[str, tuple[io.Ref, ...]])
    announces: bool = True


@define(kw_only=True)
class StepRecord:
    """What an attempt tells the driver: small, and free of values.

    ``handed`` names the values that later tasks may take, ``kept`` those for the result alone;
    ``exception`` is the original one, for callers in the same process; it does not travel.
    """

    events: list[Happened] = field(factory=list[Happened])
    handed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    exception: BaseException | None = field(default=None, eq=False)


def handed_name(input_name: str, place: int) -> str:
    """The name under which a task asks for one source of an input."""
    return f"{input_name}:{place}"


def start_event(program: Program, key: str, attempt: int) -> Happened:
    """The event with which an attempt begins."""
    now = program.tools.now()
    return StepStarted(at=now, step=key) if attempt == 1 else StepRestarted(at=now, step=key, attempt=attempt)


def run_step(program: Program, work: Work, handed: Mapping[str, Any]) -> tuple[StepRecord, dict[str, Any]]:
    """Carry out one attempt.

    Args:
        program: the run.
        work: the attempt.
        handed: values handed on by earlier tasks, by ``handed_name``.

    Returns:
        The record, and the values that later tasks may ask for by ``Ref.name``.
    """
    step = program.plan.steps[work.step]
    bound = program.bound(step.node)
    hand = StepInHand(
        program=program, step=step, bound=bound, mapping_key=work.mapping_key, attempt=work.attempt
    )
    record, values = StepRecord(), {}
    if work.announces:
        record.events.append(start_event(program, hand.key, work.attempt))
    began = program.tools.monotonic()
    try:
        hand.log = program.log.for_step(hand.key) if program.log is not None else None
        hand.resources = _resources(program, hand)
        with program.tools.capture(hand.key), limit(bound.timeout, hand.key):
            _carry_out(hand, work, handed, record, values)
    except KeyboardInterrupt as error:
        record.exception = error
        record.events.append(StepInterrupted(at=program.tools.now(), step=hand.key, attempt=work.attempt))
        return record, {}
    except BaseException as error:  # noqa: BLE001  # user code may raise anything; it becomes an event
        _fail(hand, error, record)
        return record, {}
    seconds = program.tools.monotonic() - began
    record.events.append(
        StepSucceeded(at=program.tools.now(), step=hand.key, seconds=seconds, attempt=work.attempt)
    )
    if bound.hooks:
        outputs = {name: values.get(name) for name in bound.op.outs}
        record.events.extend(run_hooks(hand, outputs=outputs))
    return record, values


def _resources(program: Program, hand: StepInHand) -> Resources:
    keys = hand.bound.resource_keys
    return Resources({key: program.resources[key] for key in keys}, f"Step {hand.key!r}")


def _fail(hand: StepInHand, error: BaseException, record: StepRecord) -> None:
    """Write down a failed attempt: as a retry when another follows, else for good."""
    program = hand.program
    shown = record.exception = _user_error(error)
    record.handed = record.kept = ()
    retry = retry_after(
        shown,
        hand.attempt,
        hand.bound.retry_policy,
        chance=program.tools.chance(),
        enabled=program.retries_enabled,
    )
    now, info = program.tools.now(), describe_error(shown)
    if retry is not None:
        record.events.append(
            StepRetryScheduled(at=now, step=hand.key, error=info, wait=retry.wait, attempt=hand.attempt)
        )
        return
    said = (
        UserFailure(description=shown.description, metadata=shown.metadata)
        if isinstance(shown, Failure)
        else None
    )
    record.events.append(
        StepFailed(
            at=now, step=hand.key, error=info, failure=said, blame=blame_of(error), attempt=hand.attempt
        )
    )
    if hand.bound.hooks:
        record.events.extend(run_hooks(hand, error=shown))


def _user_error(error: BaseException) -> BaseException:
    """What the user's own code raised, when it is wrapped to say where."""
    if isinstance(error, TypeCheckError) and error.__cause__ is not None:
        return error.__cause__
    inner = getattr(error, "user_exception", None)
    return error if inner is None else inner


def _carry_out(
    hand: StepInHand, work: Work, handed: Mapping[str, Any], record: StepRecord, values: dict[str, Any]
) -> None:
    """Inputs, user code, outputs."""
    arguments = _arguments(hand, work, handed, record.events)
    args, kwargs = _call_of(hand, arguments)
    ending = _Ending(hand, record, values)
    for item in answers(hand.bound.op, hand.bound.op.fn, args, kwargs):
        ending.take(item)
    arguments.clear()
    ending.close()


# ---- inputs -----------------------------------------------------------------------------------


def _arguments(
    hand: StepInHand, work: Work, handed: Mapping[str, Any], events: list[Happened]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in hand.step.inputs:
        definition = hand.bound.op.ins[one.name]
        if one.kind == "nothing":
            continue
        value = _value(hand, one, definition, work.sources.get(one.name, ()), handed, events)
        if not definition.type.accepts_anything:
            verdict = check_input(hand, definition, value)
            if verdict is not None:
                events.append(
                    InputChecked(
                        at=hand.program.tools.now(), step=hand.key, input_name=one.name, type_check=verdict
                    )
                )
        found[one.name] = value
    return found


def _value(
    hand: StepInHand,
    one: StepInput,
    definition: InputDefinition,
    refs: Sequence[io.Ref],
    handed: Mapping[str, Any],
    events: list[Happened],
) -> Any:
    """The value of one input."""
    program = hand.program
    if one.kind == "upstream" and not (one.sources[0].mode == "collected"):
        return _from_upstream(hand, definition, refs[0], handed_name(one.name, 0), handed, events)
    if one.kind in ("fan_in", "upstream"):
        return [
            _from_upstream(hand, definition, ref, handed_name(one.name, place), handed, events)
            for place, ref in enumerate(refs)
        ]
    if one.kind == "asset":
        return _load(hand, definition, one.asset_key, events)
    if one.kind == "manager":
        return _load(hand, definition, None, events)
    if one.kind == "config":
        given = program.config.graph_inputs if one.graph_input is not None else hand.bound.inputs_config
        return loaded_from_config(hand, definition, given[one.graph_input or one.name])
    if one.kind == "value":
        return program.input_values[one.graph_input or one.name]
    return definition.default


def _from_upstream(
    hand: StepInHand,
    definition: InputDefinition,
    ref: io.Ref,
    name: str,
    handed: Mapping[str, Any],
    events: list[Happened],
) -> Any:
    if name in handed and definition.input_manager_key is None:
        return hand.program.tools.convert(handed[name], definition.type.typing_type)
    return _load(hand, definition, ref, events)


def _load(
    hand: StepInHand, definition: InputDefinition, ref: io.Ref | AssetKey | None, events: list[Happened]
) -> Any:
    value, manager_key, context = io.load(hand, definition, ref)
    now = hand.program.tools.now()
    events.append(
        InputLoaded(
            at=now,
            step=hand.key,
            input_name=definition.name,
            manager_key=manager_key,
            upstream_step=ref.key if isinstance(ref, io.Ref) else None,
            upstream_output=ref.output if isinstance(ref, io.Ref) else None,
            asset_key=context.asset_key_or_none,
        )
    )
    events.extend(AssetObserved(at=now, step=hand.key, observation=said) for said in context.events)
    return value


def _call_of(hand: StepInHand, arguments: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Positional and keyword arguments of the user's function."""
    shape = hand.bound.op.shape
    kwargs = {name: value for name, value in arguments.items() if name in shape.inputs or shape.keywords}
    for name in shape.resources:
        kwargs[name] = hand.program.resources[name]
    if shape.config is not None:
        kwargs[shape.config] = hand.bound.config
    if shape.context is None:
        return (), kwargs
    return (_CONTEXTS[hand.step.kind](hand),), kwargs


# ---- outputs ----------------------------------------------------------------------------------


class _Ending:
    """Takes a step's answers one by one and turns them into events.

    Outputs whose asset has blocking checks of its own wait until those have passed.
    """

    def __init__(self, hand: StepInHand, record: StepRecord, values: dict[str, Any]) -> None:
        self.hand = hand
        self.record = record
        self.events = record.events
        self.values = values
        self.outputs: dict[str, StepOutput] = {o.name: o for o in hand.step.outputs}
        self.seen: set[tuple[str, str | None]] = set()
        self.blocked: list[AssetCheckEvaluation] = []
        self.evaluated: set[Any] = set()
        self.waiting: list[tuple[StepOutput, Any]] = []
        self.versions = upstream_versions(hand)

    def take(self, item: Any) -> None:
        """One answer of the function."""
        if isinstance(item, (Output, DynamicOutput)):
            self._take_output(item)
        elif isinstance(item, MaterializeResult):
            self._take_result(item)
        elif isinstance(item, AssetCheckResult):
            self._take_check(item)
        elif isinstance(item, ObserveResult):
            self._take_observation(item)
        else:
            self._note(item)
        if self.hand.events:
            said, self.hand.events[:] = list(self.hand.events), []
            for event in said:
                self._note(event)

    def close(self) -> None:
        """The function is done: what waited is stored, what is missing is reported."""
        for event in self.hand.events:
            self._note(event)
        self._imply_outputs()
        self._refuse_blocked()
        for output, item in self.waiting:
            self._store(output, item)
        self._refuse_missing()

    # ---- outputs ----

    def _output_named(self, name: str) -> StepOutput:
        found = self.outputs.get(name)
        if found is None:
            raise InvariantViolationError(
                f"Step {self.hand.key!r} gave an output named {name!r}; it has"
                f" {', '.join(self.outputs) or 'none'}."
            )
        return found

    def _take_output(self, item: Output[Any] | DynamicOutput[Any]) -> None:
        output = self._output_named(item.output_name)
        key = item.mapping_key if isinstance(item, DynamicOutput) else None
        if output.dynamic != isinstance(item, DynamicOutput):
            wanted = "DynamicOutput" if output.dynamic else "Output"
            raise InvariantViolationError(
                f"Output {output.name!r} of step {self.hand.key!r} wants {wanted}, found {type(item).__name__}."
            )
        if (output.name, key) in self.seen:
            what = f"{output.name!r}" if key is None else f"{output.name!r} with mapping key {key!r}"
            raise InvariantViolationError(f"Step {self.hand.key!r} gave output {what} more than once.")
        if self.hand.step.kind == "observe":
            self._take_observation(observed_result(item.value, output))
            return
        self.seen.add((output.name, key))
        self._store_or_wait(output, item)

    def _store_or_wait(self, output: StepOutput, item: Any) -> None:
        if output.asset_key is not None and self._has_blocking_checks(output.asset_key):
            self.waiting.append((output, item))
        else:
            self._store(output, item)

    def _take_result(self, item: MaterializeResult) -> None:
        output = self._output_of(item.asset_key)
        for check in item.check_results or ():
            self._take_check(check, output.asset_key)
        if (output.name, None) in self.seen:
            raise InvariantViolationError(
                f"Step {self.hand.key!r} gave a result for {output.name!r} more than once."
            )
        self.seen.add((output.name, None))
        self._store_or_wait(output, item)

    def _output_of(self, key: AssetKey | None) -> StepOutput:
        assets = [o for o in self.outputs.values() if o.asset_key is not None]
        if key is None and len(assets) == 1:
            return assets[0]
        found = next((o for o in assets if o.asset_key == key), None)
        if found is None:
            named = "no asset_key" if key is None else f"asset_key {key.to_user_string()!r}"
            raise InvariantViolationError(
                f"Step {self.hand.key!r} gave a result with {named}; it makes"
                f" {', '.join(o.asset_key.to_user_string() for o in assets if o.asset_key) or 'no assets'}."
            )
        return found

    def _store(self, output: StepOutput, item: Any) -> None:
        """Check, store and report one output: the second of the two places that hold a value."""
        hand, now = self.hand, self.hand.program.tools.now
        definition = hand.bound.op.outs[output.name]
        key = item.mapping_key if isinstance(item, DynamicOutput) else None
        has_value = not isinstance(item, MaterializeResult) or item.has_value
        value = item.value if has_value else None
        verdict = check_output(hand, definition, value) if has_value else None
        metadata = dict(item.metadata or {})
        metadata.update(hand.output_metadata.get((output.name, key), {}))
        self.events.append(
            OutputProduced(
                at=now(), step=hand.key, output_name=output.name, mapping_key=key,
                type_check=verdict, metadata={} if output.asset_key is not None else metadata,
            )
        )  # fmt: skip
        added: dict[str, Any] = {}
        if has_value and not (output.nothing and value is None):
            added = self._hand_on(output, definition, key, metadata, value)
        if output.asset_key is not None and hand.step.kind == "materialize":
            self._materialized(output, item, {**metadata, **added})

    def _hand_on(
        self, output: StepOutput, definition: Any, key: str | None, metadata: dict[str, Any], value: Any
    ) -> dict[str, Any]:
        """Store a value with its I/O manager and keep it for later tasks where that is allowed."""
        hand, program = self.hand, self.hand.program
        name = output.name if key is None else f"{output.name}[{key}]"
        if hand.step.kind in ("check", "observe"):
            return {}
        value = program.tools.settle(value)
        if io.hands_straight_on(program, output):
            self._keep(name, value, handed=True)
            return {}
        context = io.output_context(hand, output, definition, mapping_key=key, metadata=metadata)
        manager = io.manager_of(program, output.manager_key)
        io.store(context, manager, value)
        self._keep(name, value, handed=getattr(manager, "passes_through", False))
        now = program.tools.now()
        self.events.append(
            OutputStored(
                at=now, step=hand.key, output_name=output.name, mapping_key=key,
                manager_key=output.manager_key,
                # an asset's materialization tells the same at length
                receipt=io.receipt_of(context) if output.asset_key is None else _NO_RECEIPT,
            )
        )  # fmt: skip
        for event in context.events:
            self._note(event)
        return context.added_metadata

    def _keep(self, name: str, value: Any, *, handed: bool) -> None:
        """Hand a value on to later tasks, or keep it for the result alone."""
        if handed:
            self.record.handed = (*self.record.handed, name)
        elif self.hand.program.keeps_values:
            self.record.kept = (*self.record.kept, name)
        else:
            return
        self.values[name] = value

    def _materialized(self, output: StepOutput, item: Any, metadata: dict[str, Any]) -> None:
        now = self.hand.program.tools.now()
        for fact in materialization_of(self.hand, output, item, metadata, self.versions):
            self.events.append(AssetMaterialized(at=now, step=self.hand.key, materialization=fact))

    # ---- checks, observations, loose events ----

    def _assets(self) -> AssetsDefinition | None:
        return self.hand.bound.assets

    def _has_blocking_checks(self, key: AssetKey) -> bool:
        assets = self._assets()
        if assets is None or not assets.checks_by_output:
            return False
        return any(s.blocking and s.key.asset_key == key for s in assets.checks_by_output.values())

    def _take_check(self, item: AssetCheckResult, key: AssetKey | None = None) -> None:
        evaluation = check_evaluation(self.hand, item, key)
        self.evaluated.add(evaluation.asset_check_key)
        self.events.append(
            CheckEvaluated(at=self.hand.program.tools.now(), step=self.hand.key, evaluation=evaluation)
        )
        if evaluation.blocks:
            self.blocked.append(evaluation)

    def _take_observation(self, item: ObserveResult) -> None:
        output = self._output_of(item.asset_key)
        self.seen.add((output.name, None))
        now = self.hand.program.tools.now()
        self.events.append(OutputProduced(at=now, step=self.hand.key, output_name=output.name))
        for fact in observations_of(self.hand, output, item):
            self.events.append(AssetObserved(at=now, step=self.hand.key, observation=fact))

    def _note(self, event: Any) -> None:
        now = self.hand.program.tools.now()
        if isinstance(event, AssetMaterialization):
            self.events.append(AssetMaterialized(at=now, step=self.hand.key, materialization=event))
        elif isinstance(event, AssetObservation):
            self.events.append(AssetObserved(at=now, step=self.hand.key, observation=event))
        elif isinstance(event, AssetCheckEvaluation):
            self.events.append(CheckEvaluated(at=now, step=self.hand.key, evaluation=event))
        elif isinstance(event, AssetCheckResult):
            self._take_check(event)
        else:
            raise InvariantViolationError(
                f"Step {self.hand.key!r} logged a {type(event).__name__}; log_event takes AssetMaterialization,"
                " AssetObservation and check evaluations."
            )

    # ---- at the end ----

    def _selected(self, output: StepOutput) -> bool:
        assets = self._assets()
        if assets is None or assets.selected is None or output.asset_key is None:
            return True
        return output.asset_key in assets.selected

    def _imply_outputs(self) -> None:
        """Outputs without a value are produced by the mere end of the function."""
        for output in self.outputs.values():
            done = (output.name, None) in self.seen or not self._selected(output)
            if not done and output.nothing and output.required:
                self.seen.add((output.name, None))
                self._store_or_wait(output, Output(None, output.name))

    def _refuse_blocked(self) -> None:
        if self.blocked:
            names = ", ".join(e.asset_check_key.to_user_string() for e in self.blocked)
            raise CheckFailedError(
                f"Blocking check{'s' if len(self.blocked) > 1 else ''} did not pass: {names}."
            )

    def _refuse_missing(self) -> None:
        missing = [
            o.name
            for o in self.outputs.values()
            if o.required
            and not o.dynamic
            and (o.name, None) not in self.seen
            and self._selected(o)
            and self.hand.step.kind != "check"
        ]
        if missing:
            raise InvariantViolationError(
                f"Step {self.hand.key!r} ended without its required output{'s' if len(missing) > 1 else ''}"
                f" {', '.join(missing)}. Yield them, or declare them with is_required=False."
            )
        unevaluated = [k for k in self.hand.step.checks if k not in self.evaluated]
        if unevaluated:
            names = ", ".join(k.to_user_string() for k in unevaluated)
            raise InvariantViolationError(
                f"Step {self.hand.key!r} ended without a result for its check{'s' if len(unevaluated) > 1 else ''}"
                f" {names}. Yield an AssetCheckResult for each, or put them into MaterializeResult(check_results=...)."
            )

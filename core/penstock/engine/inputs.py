"""The arguments of a step: each input from wherever the plan says it comes.

Owns: finding the value of an input (handed on, loaded, configured, given at launch or a default),
checking its type, and the events that tell of it. Holds values only on their way to the user's function.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

from attrs import evolve

from penstock.define.op import InputDefinition
from penstock.engine.context import StepInHand
from penstock.engine.io import Ref, load
from penstock.engine.partitioned import takes_by_key
from penstock.engine.verdicts import check_input, loaded_from_config, refused
from penstock.errors import TypeCheckDidNotPass
from penstock.events.values import AssetObserved, Happened, InputChecked, InputLoaded, TypeChecked
from penstock.keys import AssetKey
from penstock.plan.model import COLLECTED, StepInput
from penstock.types.annotations import resolve_type
from penstock.values import frozen

_NO_REFS: tuple[Ref, ...] = ()


def handed_name(input_name: str, place: int) -> str:
    """The name under which a task asks for one source of an input."""
    return f"{input_name}:{place}"


def wanted_of_each(annotation: Any) -> Any:
    """What the annotation of a list or sequence asks of its items; None when it asks for nothing."""
    asked = get_args(annotation) if get_origin(annotation) in {list, Sequence} else ()
    return asked[0] if asked else None


@frozen(kw_only=True, eq=False)
class Inputs:
    """Where a step's values are.

    Args:
        sources: input name → the outputs that exist for it, in order.
        handed: values handed on by earlier tasks, by ``handed_name``.
        events: where to tell of what was loaded.
    """

    hand: StepInHand
    sources: Mapping[str, tuple[Ref, ...]]
    handed: Mapping[str, Any]
    events: list[Happened]

    def arguments(self) -> dict[str, Any]:
        """The value of every input that the user's function takes."""
        found: dict[str, Any] = {}
        for one in self.hand.step.inputs:
            if one.kind == "nothing":
                continue
            definition = self.hand.bound.op.ins[one.name]
            value = self._value(one, definition)
            if not definition.type.accepts_anything:
                self._check(definition, value)
            found[one.name] = value
        return found

    def _check(self, definition: InputDefinition, value: Any) -> None:
        try:
            verdict = check_input(self.hand, definition, value)
        except TypeCheckDidNotPass as error:
            self._tell(definition, refused(error))
            raise
        if verdict is not None:
            self._tell(definition, verdict)

    def _tell(self, definition: InputDefinition, verdict: TypeChecked) -> None:
        now = self.hand.program.tools.now()
        self.events.append(
            InputChecked(at=now, step=self.hand.key, input_name=definition.name, type_check=verdict)
        )

    def _value(self, one: StepInput, definition: InputDefinition) -> Any:
        only = takes_by_key(self.hand, one.name, definition.type.typing_type)
        if only is None:
            return self._found(one, definition)
        key, annotation = only
        return {key: self._found(one, evolve(definition, type=resolve_type(annotation)))}

    def _found(self, one: StepInput, definition: InputDefinition) -> Any:
        if one.kind == "upstream":
            refs = self.sources.get(one.name, _NO_REFS)
            if one.sources[0].mode == COLLECTED:
                return self._from_all(definition, refs)
            return self._from_one(definition, refs[0], 0)
        if one.kind == "fan_in":
            return self._from_all(definition, self.sources.get(one.name, _NO_REFS))
        return self._from_outside(one, definition)

    def _from_outside(self, one: StepInput, definition: InputDefinition) -> Any:
        """A value that no step of this run makes."""
        program = self.hand.program
        if one.kind == "asset":
            return self._load(definition, one.asset_key)
        if one.kind == "manager":
            return self._load(definition, None)
        if one.kind == "config":
            at_top = one.graph_input is not None
            given = program.config.graph_inputs if at_top else self.hand.bound.inputs_config
            return loaded_from_config(self.hand, definition, given[one.graph_input or one.name])
        if one.kind == "value":
            return program.input_values[one.graph_input or one.name]
        return definition.default

    def _from_all(self, definition: InputDefinition, refs: Sequence[Ref]) -> list[Any]:
        found = [self._from_one(definition, ref, place) for place, ref in enumerate(refs)]
        wanted = wanted_of_each(definition.type.typing_type)
        convert = self.hand.program.tools.convert
        return found if wanted is None else [convert(value, wanted) for value in found]

    def _from_one(self, definition: InputDefinition, ref: Ref, place: int) -> Any:
        name = handed_name(definition.name, place)
        if name in self.handed and definition.input_manager_key is None and self._is_the_same(ref):
            return self.hand.program.tools.convert(self.handed[name], definition.type.typing_type)
        return self._load(definition, ref)

    def _is_the_same(self, ref: Ref) -> bool:
        """Whether what a step of this run made is what is read: not when other partitions are."""
        plan = self.hand.program.plan
        reads = plan.reads_of(self.hand.step)
        if not reads:
            return True
        output = self.hand.program.bound(plan.steps[ref.step]).outputs[ref.output]
        read = None if output.asset_key is None else reads.get(output.asset_key)
        return read is None or read.is_same

    def _load(self, definition: InputDefinition, ref: Ref | AssetKey | None) -> Any:
        value, manager_key, context = load(self.hand, definition, ref)
        now, key = self.hand.program.tools.now(), self.hand.key
        self.events.append(
            InputLoaded(
                at=now,
                step=key,
                input_name=definition.name,
                manager_key=manager_key,
                upstream_step=ref.key if isinstance(ref, Ref) else None,
                upstream_output=ref.output if isinstance(ref, Ref) else None,
                asset_key=context.asset_key_or_none,
                metadata=context.added_metadata,
            )
        )
        self.events.extend(AssetObserved(at=now, step=key, observation=said) for said in context.events)
        return value

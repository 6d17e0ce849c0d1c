"""Checks of what a directly called op gives back.

Owns: whether returned values and yielded outputs are of their types, and whether every required
output came. In runs the engine does this with events; here a fault is raised at once.
"""

from __future__ import annotations

from typing import Any, cast

from attrs import evolve

from penstock.define.output import DEFAULT_OUTPUT, DynamicOutput, Output
from penstock.define.results import is_asset_result
from penstock.errors import InvariantViolationError, suggest
from penstock.types import Type, TypeCheckContext, refusal

_NO_CONTEXT = TypeCheckContext()


def check_value(wanted: Type, value: Any, what: str) -> None:
    """Insist that a value is of a type.

    Args:
        wanted: the type.
        value: any value.
        what: whose value it is, for the message.

    Raises:
        TypeCheckDidNotPass: when it is not.
    """
    if wanted.accepts_anything:
        return
    verdict = wanted.type_check(_NO_CONTEXT, value)
    if not verdict.success:
        raise refusal(wanted.display_name, verdict, what)


def check_answer(op: Any, answer: Any, assets: Any) -> None:
    """Check what an op returned, whatever its outputs are.

    Raises:
        TypeCheckDidNotPass: when a value is not of its type.
        InvariantViolationError: when there are more or fewer values than outputs.
    """
    outs = list(op.outs.values())
    if not outs or _speaks_of_assets(answer):
        return
    if len(outs) == 1:
        _check_single(op, outs[0], answer)
    elif isinstance(answer, tuple):
        _check_several(op, outs, cast("tuple[Any, ...]", answer))
    elif not isinstance(answer, Output) and assets is None and answer is not None:
        raise InvariantViolationError(
            f"{op.name!r} ({op.shape.where}) has {len(outs)} outputs, but returned one value of type"
            f" {type(answer).__name__}. Return a tuple of {len(outs)} values, or yield each as"
            " Output(value, name)."
        )


def _speaks_of_assets(answer: Any) -> bool:
    if isinstance(answer, tuple | list):
        return any(map(is_asset_result, cast("list[Any]", answer)))
    return is_asset_result(answer)


def _check_single(op: Any, out: Any, answer: Any) -> None:
    if out.is_dynamic:
        values: list[Any] = list(cast("list[Any]", answer)) if isinstance(answer, list | tuple) else [answer]
        for one in values:
            check_one(op, one, set())
    elif isinstance(answer, Output):
        given = cast("Output[Any]", answer)
        is_unnamed = given.output_name == DEFAULT_OUTPUT  # then its place says which one it is
        check_one(op, evolve(given, output_name=out.name) if is_unnamed else given, set())
    elif not out.type.is_nothing:
        check_value(out.type, answer, f"output {out.name!r} of {op.name!r}")


def _check_several(op: Any, outs: list[Any], answer: tuple[Any, ...]) -> None:
    if len(answer) != len(outs):
        raise InvariantViolationError(
            f"{op.name!r} ({op.shape.where}) has {len(outs)} outputs, but returned {len(answer)} values."
        )
    for out, value in zip(outs, answer, strict=True):
        _check_single(op, out, value)


def check_one(op: Any, item: Any, seen: set[str]) -> None:
    """Check one yielded output and note its name.

    Args:
        op: the op.
        item: what was yielded; only outputs are looked at.
        seen: names of the outputs that came already; added to.

    Raises:
        InvariantViolationError: when the op has no such output.
        TypeCheckDidNotPass: when the value is not of its type.
    """
    if not isinstance(item, Output | DynamicOutput):
        return
    output = cast("Any", item)
    definition = op.outs.get(output.output_name)
    if definition is None:
        raise InvariantViolationError(
            f"{op.name!r} ({op.shape.where}) gave an output {output.output_name!r}; it has"
            f" {', '.join(map(repr, op.outs)) or 'none'}.{suggest(output.output_name, op.outs)}"
        )
    seen.add(output.output_name)
    if not definition.type.is_nothing:
        check_value(definition.type, output.value, f"output {output.output_name!r} of {op.name!r}")


def missing_outputs(op: Any, seen: set[str], assets: Any) -> None:
    """Insist that every required output came.

    Raises:
        InvariantViolationError: when one did not; assets may also be reported by result objects.
    """
    if assets is not None:
        return
    for name, out in op.outs.items():
        if name not in seen and out.is_required and not out.is_dynamic and not out.type.is_nothing:
            raise InvariantViolationError(
                f"{op.name!r} ({op.shape.where}) ended without its output {name!r}. Yield"
                f" Output(value, {name!r}), or declare it with Out(is_required=False)."
            )

"""Answers: what a user's function returned or yielded, one item at a time.

Owns: the many forms of answering (plain value, tuple, Output, MaterializeResult, generator, coroutine,
async generator …) reduced to a sequence of items. Lazy: asyncio is imported for async functions only.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any, cast

from attrs import evolve

from penstock.define.op import OpDefinition
from penstock.define.output import DEFAULT_OUTPUT, DynamicOutput, Output
from penstock.define.results import AssetCheckResult, MaterializeResult, ObserveResult
from penstock.engine.loops import LOOP
from penstock.errors import InvariantViolationError
from penstock.events.values import AssetMaterialization, AssetObservation, ExpectationResult

_LAZY = (GeneratorType, CoroutineType, AsyncGeneratorType)
_SHOWN = 60
ITEMS = (
    Output,
    DynamicOutput,
    MaterializeResult,
    ObserveResult,
    AssetCheckResult,
    AssetMaterialization,
    AssetObservation,
    ExpectationResult,
)


def answers(op: OpDefinition, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterable[Any]:
    """Call an op's function and give what it answers, item by item, as it answers.

    Args:
        op: whose function it is; its outputs tell how a plain value is meant.
        args: positional arguments.
        kwargs: the others; emptied, so that no input outlives the function.

    Raises:
        InvariantViolationError: when the answer does not fit the op's outputs.
    """
    try:
        returned: Any = op.fn(*args, **kwargs)
    finally:
        kwargs.clear()  # also after an error, whose traceback keeps this frame
    if isinstance(returned, _LAZY):
        if isinstance(returned, CoroutineType):
            returned = _run(_awaited(returned))
        elif isinstance(returned, AsyncGeneratorType):
            return _checked(op, iter(_run(_gathered(cast("AsyncIterator[Any]", returned)))))
        if isinstance(returned, GeneratorType):
            return _checked(op, cast("Iterator[Any]", returned))
    elif op.shape.is_generator and isinstance(returned, Iterator):
        return _checked(op, cast("Iterator[Any]", returned))
    return _items(op, returned)


async def _awaited(coroutine: Any) -> Any:
    return await coroutine


async def _gathered(source: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in source]


def _run(coroutine: Any) -> Any:
    """Run to completion, also when the caller already has a running event loop (a notebook)."""
    if LOOP.is_held and threading.current_thread() is not threading.main_thread():
        return LOOP.run(coroutine)
    import asyncio  # noqa: PLC0415  # lazy: only async functions pay for it

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    import contextvars  # noqa: PLC0415  # lazy: only async functions inside a running loop pay for it

    result: list[Any] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            result.append(asyncio.run(coroutine))
        except BaseException as error:  # noqa: BLE001  # carried over to the calling thread
            failure.append(error)

    around = contextvars.copy_context()
    thread = threading.Thread(target=around.run, args=(work,), name="penstock-async-op")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return result[0]


def _checked(op: OpDefinition, items: Iterator[Any]) -> Iterator[Any]:
    for item in items:
        if not isinstance(item, ITEMS):
            raise InvariantViolationError(
                f"{op.name!r} ({op.shape.where}) yielded a {type(item).__name__}; a generator yields"
                " Output, MaterializeResult, AssetCheckResult or events. Wrap the value: yield Output(value)."
            )
        yield item


def _items(op: OpDefinition, returned: Any) -> list[Any]:
    """The items that a returned value stands for."""
    outs = op.outs
    if isinstance(returned, ITEMS):
        return [_named(returned, next(iter(outs))) if len(outs) == 1 else returned]
    if len(outs) == 1:
        (name,) = outs
        if outs[name].is_dynamic:
            return _dynamic(op, returned)
        if outs[name].type.is_nothing and returned is None:
            return []
        return _listed(returned) or [Output(returned, name)]
    if not outs:
        return _listed(returned) or _nothing(op, returned)
    if isinstance(returned, tuple):
        given = cast("tuple[Any, ...]", returned)
        if len(given) == len(outs):
            pairs = zip(outs, given, strict=True)
            return [
                _named(item, name) if isinstance(item, ITEMS) else Output(item, name) for name, item in pairs
            ]
    if returned is None and all(out.type.is_nothing or not out.is_required for out in outs.values()):
        return []
    raise InvariantViolationError(
        f"{op.name!r} ({op.shape.where}) has the outputs {', '.join(outs)} and returned"
        f" {_shown(returned)}. Return a tuple of {len(outs)} values in that order, or yield"
        " Output(value, name)."
    )


def _named(item: Any, name: str) -> Any:
    """A returned item; an output that does not say which one it is, is the one of its place."""
    given: Any = item  # not narrowed, for the type of the value is nobody's business here
    unnamed = isinstance(item, Output | DynamicOutput) and given.output_name == DEFAULT_OUTPUT
    return evolve(given, output_name=name) if unnamed else given


def _listed(returned: Any) -> list[Any]:
    """The items of a list of nothing but items; empty for everything else."""
    if not isinstance(returned, list | tuple):
        return []
    given = cast("list[Any]", returned)
    return list(given) if all(isinstance(item, ITEMS) for item in given) else []


def _nothing(op: OpDefinition, returned: Any) -> list[Any]:
    if returned is None:
        return []
    raise InvariantViolationError(
        f"{op.name!r} ({op.shape.where}) has no outputs but returned {_shown(returned)}."
    )


def _dynamic(op: OpDefinition, returned: Any) -> list[Any]:
    given: Any = [] if returned is None else returned
    if isinstance(given, list | tuple):
        items = list(cast("list[Any]", given))
        if all(isinstance(item, DynamicOutput) for item in items):
            return items
    raise InvariantViolationError(
        f"{op.name!r} ({op.shape.where}) has a dynamic output and returned {_shown(returned)}."
        " Yield DynamicOutput(value, mapping_key), or return a list of them."
    )


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  # an object of the user's; its type says what is needed
        text = ""
    return f"{type(value).__name__} {text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}"

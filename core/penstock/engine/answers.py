"""Answers: what a user's function returned or yielded, one item at a time.

Owns: the many forms of answering (plain value, tuple, Output, MaterializeResult, generator, coroutine,
async generator …) reduced to a sequence of items. Lazy: asyncio is imported for async functions only.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from typing import Any

from penstock.define.op import OpDefinition
from penstock.define.output import DynamicOutput, Output
from penstock.define.results import AssetCheckResult, MaterializeResult, ObserveResult
from penstock.errors import InvariantViolationError
from penstock.events.values import AssetMaterialization, AssetObservation

ITEMS = (
    Output,
    DynamicOutput,
    MaterializeResult,
    ObserveResult,
    AssetCheckResult,
    AssetMaterialization,
    AssetObservation,
)


def answers(
    op: OpDefinition, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Iterable[Any]:
    """Call a function and give what it answers, item by item, as it answers.

    Args:
        op: whose function it is; its outputs tell how a plain value is meant.
        fn, args, kwargs: the call.

    Raises:
        InvariantViolationError: when the answer does not fit the op's outputs.
    """
    returned = fn(*args, **kwargs)
    if inspect.iscoroutine(returned):
        returned = _run(_awaited(returned))
    elif hasattr(returned, "__aiter__") and inspect.isasyncgen(returned):
        returned = iter(_run(_gathered(returned)))
    if isinstance(returned, Iterator) and (op.shape.is_generator or inspect.isgenerator(returned)):
        return _checked(op, returned)
    return _items(op, returned)


async def _awaited(coroutine: Any) -> Any:
    return await coroutine


async def _gathered(source: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in source]


def _run(coroutine: Any) -> Any:
    """Run to completion, also when the caller already has a running event loop (a notebook)."""
    import asyncio  # noqa: PLC0415  # lazy: only async functions pay for it

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    import threading  # noqa: PLC0415  # lazy: only async functions inside a running loop pay for it

    result: list[Any] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            result.append(asyncio.run(coroutine))
        except BaseException as error:  # noqa: BLE001  # carried over to the calling thread
            failure.append(error)

    thread = threading.Thread(target=work, name="penstock-async-op")
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
    if isinstance(returned, ITEMS):
        return [returned]
    outs = op.outs
    if len(outs) == 1:
        (name,) = outs
        if outs[name].is_dynamic:
            return _dynamic(op, returned)
        if outs[name].type.is_nothing and returned is None:
            return []
        if _is_list_of_items(returned):
            return list(returned)
        return [Output(returned, name)]
    if not outs:
        return (_is_list_of_items(returned) and list(returned)) or _nothing(op, returned)
    if isinstance(returned, tuple) and len(returned) == len(outs):
        return [item if isinstance(item, ITEMS) else Output(item, name) for name, item in zip(outs, returned)]
    if returned is None and all(out.type.is_nothing or not out.is_required for out in outs.values()):
        return []
    raise InvariantViolationError(
        f"{op.name!r} ({op.shape.where}) has the outputs {', '.join(outs)} and returned"
        f" {_shown(returned)}. Return a tuple of {len(outs)} values in that order, or yield Output(value, name)."
    )


def _is_list_of_items(returned: Any) -> bool:
    return (
        isinstance(returned, (list, tuple)) and bool(returned) and all(isinstance(i, ITEMS) for i in returned)
    )


def _nothing(op: OpDefinition, returned: Any) -> list[Any]:
    if returned is None:
        return []
    raise InvariantViolationError(
        f"{op.name!r} ({op.shape.where}) has no outputs but returned {_shown(returned)}."
    )


def _dynamic(op: OpDefinition, returned: Any) -> list[Any]:
    if returned is None:
        returned = []
    if not isinstance(returned, (list, tuple)) or not all(isinstance(i, DynamicOutput) for i in returned):
        raise InvariantViolationError(
            f"{op.name!r} ({op.shape.where}) has a dynamic output and returned {_shown(returned)}."
            " Yield DynamicOutput(value, mapping_key), or return a list of them."
        )
    return list(returned)


def _shown(value: Any) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '…'}"  # a line

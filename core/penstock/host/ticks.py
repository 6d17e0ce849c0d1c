"""Evaluating: calling the function of a schedule or sensor with what it asks for.

Owns: opening resources around a tick, and ``evaluate``. What an answer comes to is decided by
``automation.ticks``. Must not know schedules or sensors, nor when ticks are.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from penstock.automation.ticks import Surroundings
from penstock.define.resource import as_resource_definitions
from penstock.define.signature import read_shape
from penstock.define.tick_ground import TickGround
from penstock.engine.offered import Resources
from penstock.engine.resources import in_order_of_needs, open_resources
from penstock.errors import InvalidInvocationError
from penstock.host.settings import environment
from penstock.partitions.view import View


@contextmanager
def tick_resources(ground: TickGround) -> Generator[Resources]:
    """The resources of a tick, open while the block runs: those given, and what is wanted of the project.

    Raises:
        ResourceRequirementError: when nobody provides one.
        ResourceFunctionError: when one cannot be set up.
    """
    known: Mapping[str, Any] = {} if ground.project is None else ground.project.resources
    defs = as_resource_definitions({**known, **ground.given_resources})
    order = in_order_of_needs(defs, [*ground.given_resources, *sorted(ground.wanted)], ground.who)
    with open_resources(
        {key: defs[key] for key in order}, env=environment(), instance=ground.given_instance
    ) as made:
        yield made


@contextmanager
def tick(ground: TickGround, who: str, keys: frozenset[str]) -> Generator[None]:
    """Around one evaluation: resources that it opens are closed, unless the context is open for longer.

    Args:
        ground: of the context.
        who: ``"Schedule 'nightly'"``, for messages.
        keys: of the resources that are used.
    """
    ground.want(who, keys)
    try:
        yield
    finally:
        if not ground.is_entered:
            ground.close()


def evaluate(fn: Callable[..., Any], context: Any, *extra: Any) -> Any:
    """Call a function as ``call_with`` does, to its end: of a generator a list of all that it gave."""
    return drained(call_with(fn, context, *extra))


def call_with(fn: Callable[..., Any], context: Any, *extra: Any) -> Any:
    """Call a function with a context and resources, as it asks for them.

    Args:
        fn: takes a context, then ``extra``, then resources; it may leave out the context.
        context: has ``ground``, a ``TickGround``.
        extra: further positional arguments (the event of an asset sensor).

    Raises:
        InvalidInvocationError: when it takes something else.
    """
    shape = read_shape(fn)
    named = [
        *([shape.context] if shape.context else []),
        *([shape.config] if shape.config else []),
        *shape.inputs,
    ]
    values = [context, *extra] if len(named) > len(extra) else list(extra[: len(named)])
    required = [name for name in named[len(values) :] if name not in shape.defaults]
    if required:
        raise InvalidInvocationError(
            f"{getattr(fn, '__name__', fn)!r} ({shape.where}) wants {', '.join(required)}, which a tick has"
            " not. Annotate resources with their class, or with ResourceParam[…]."
        )
    given = dict(zip(named, values, strict=False))
    if shape.resources:
        opened = context.ground.resources
        given |= {name: getattr(opened, name) for name in shape.resources}
    return fn(**given)


def drained(answer: Any) -> Any:
    """An answer as it is; of a generator a list of what it yields, and of what it returns."""
    if not inspect.isgenerator(answer):
        return answer
    found: list[Any] = []

    def through() -> Iterator[Any]:
        last = yield from cast("Generator[Any, None, Any]", answer)
        if last is not None:
            yield last

    found.extend(through())
    return found


def surroundings(definition: Any, ground: TickGround, view: View, tags: dict[str, str]) -> Surroundings:
    """Where the requests of a tick are resolved.

    Args:
        definition: has ``targets``.
        ground: of the context.
        view: what counts as now, and who knows dynamic keys.
        tags: of every run.
    """
    return Surroundings(
        who=ground.who,
        targets=definition.targets,
        get_job=None if ground.project is None else ground.project.get_job,
        view=view,
        tags=tags,
    )

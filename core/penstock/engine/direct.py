"""Contexts for tests: built by hand, bound to an op when it is called directly.

Owns: ``build_op_context``, ``build_asset_context``, ``build_asset_check_context``, ``build_hook_context``,
``build_init_resource_context`` and ``direct_context``, which the definitions reach through their port.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from types import SimpleNamespace, TracebackType
from typing import Any, Self

from penstock.config import bind, config_dict, is_config_class
from penstock.define import port
from penstock.engine.context import AssetCheckExecutionContext, OpExecutionContext
from penstock.engine.hooks import HookContext
from penstock.engine.logs import RunLog
from penstock.engine.offered import Resources
from penstock.engine.resources import InitResourceContext, open_resources
from penstock.errors import InvalidInvocationError, ResourceRequirementError
from penstock.events.runs import Run
from penstock.partitions.keys import PartitionKeyRange

EPHEMERAL_RUN = "EPHEMERAL"


class DirectContext(AssetCheckExecutionContext):
    """A context made for a test; it becomes that of an op when the op is called with it.

    As a context manager it closes its resources at the end; without, they close with the process.
    """

    def __init__(self, hand: Any, stack: contextlib.ExitStack) -> None:
        super().__init__(hand)
        self._stack = stack

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def instance(self) -> Any:
        """The instance that was given; without one, an empty one in memory."""
        program: Any = self._hand.program
        if program.instance is None:
            program.instance = self._stack.enter_context(port.call("ephemeral_instance"))
        return program.instance

    @property
    def op_execution_context(self) -> OpExecutionContext:
        """This context: it serves as both."""
        return self

    @property
    def has_partition_key_range(self) -> bool:
        """Whether a range of partitions is pretended."""
        return self._ends is not None or super().has_partition_key_range

    @property
    def partition_key_range(self) -> PartitionKeyRange:
        """The first and the last partition that are pretended."""
        ends = self._ends
        return super().partition_key_range if ends is None else ends

    asset_partition_key_range = partition_key_range

    @property
    def _ends(self) -> PartitionKeyRange | None:
        pretended: Any = self._hand.program.plan
        return pretended.partition_key_range

    def get_events(self) -> Sequence[Any]:
        """What the op has logged by ``log_event`` so far."""
        return tuple(self._hand.events)

    def as_hook_context(self, op: Any, run: Run, error: BaseException | None) -> HookContext:
        """What a hook would see of an op that ended in this context."""
        hand: Any = self._hand
        hand.program.run = run
        opened: Any = hand.resources
        hand.program.resources = {key: getattr(opened, key) for key in opened}
        hand.bound.place = SimpleNamespace(node=op)
        pretended = SimpleNamespace(name="<direct call>", required_resource_keys=tuple(opened))
        return DirectHookContext(hand, pretended, error, self._stack)

    def bound_to(self, op: Any, assets: Any, config: Any) -> DirectContext:
        """The same context for one op; metadata and events stay visible here."""
        hand = SimpleNamespace(**vars(self._hand))
        hand.bound = SimpleNamespace(
            op=op, assets=assets, config=config, place=SimpleNamespace(node=op), hooks=(), inputs_config={}
        )
        hand.program = _for_partitions_of(assets, hand.program)
        hand.key = op.name
        hand.step = SimpleNamespace(
            key=op.name,
            checks=tuple(spec.key for spec in assets.check_specs) if assets is not None else (),
        )
        missing = sorted(op.required_resource_keys - set(self._hand.resources) - set(op.shape.resources))
        if missing:
            raise ResourceRequirementError(
                f"{op.name!r} requires the resources {', '.join(missing)}, which this context does not have."
                f" Build it with resources={{{missing[0]!r}: ...}}."
            )
        return DirectContext(hand, self._stack)


class DirectHookContext(HookContext):
    """A hook's context made for a test; as a context manager it closes its resources at the end."""

    def __init__(
        self, hand: Any, hook: Any, error: BaseException | None, stack: contextlib.ExitStack
    ) -> None:
        super().__init__(hand, hook, {}, error)
        self._stack = stack

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


def _for_partitions_of(assets: Any, program: Any) -> Any:
    """The program of a pretended run whose keys are those of an asset's partitions."""
    definition, keys = getattr(assets, "partitions_def", None), program.plan.partition_keys
    ends = program.plan.partition_key_range
    if definition is None or not (keys or ends):
        return program
    if ends is not None:
        keys = definition.get_partition_keys_in_range(ends, None, program.instance)
    as_key = getattr(definition, "get_partition_key_from_str", str)
    plan = SimpleNamespace(partition_keys=tuple(map(as_key, keys)), partition_key_range=ends)
    return SimpleNamespace(**{**vars(program), "plan": plan})


def _hand(
    *,
    resources: Any,
    config: Any,
    instance: Any,
    partition_keys: Sequence[str] | PartitionKeyRange,
    mapping_key: str | None,
    run_tags: Mapping[str, str],
) -> SimpleNamespace:
    run = Run(run_id=EPHEMERAL_RUN, job_name="<direct call>", tags=dict(run_tags))
    program = SimpleNamespace(
        run=run,
        job=None,
        instance=instance,
        plan=SimpleNamespace(
            partition_keys=() if isinstance(partition_keys, PartitionKeyRange) else tuple(partition_keys),
            partition_key_range=partition_keys if isinstance(partition_keys, PartitionKeyRange) else None,
        ),
    )
    return SimpleNamespace(
        program=program,
        step=SimpleNamespace(key="<direct call>", checks=()),
        bound=SimpleNamespace(op=None, assets=None, config=config, place=None, hooks=(), inputs_config={}),
        key="<direct call>",
        mapping_key=mapping_key,
        attempt=1,
        resources=resources,
        log=RunLog(run_id=run.run_id, job_name=run.job_name).for_step(""),
        output_metadata={},
        said_metadata={},
        given=set(),
        asset_metadata={},
        events=[],
    )


def build_op_context(
    resources: Mapping[str, Any] | None = None,
    op_config: Any = None,
    resources_config: Mapping[str, Any] | None = None,
    instance: Any = None,
    config: Any = None,
    partition_key: str | None = None,
    mapping_key: str | None = None,
    run_tags: Mapping[str, str] | None = None,
    **others: Any,
) -> DirectContext:
    """A context to call an op with.

    Args:
        resources: key → resource, definition or plain object; opened now.
        op_config, config: two names for the op's config.
        resources_config: key → ``{"config": ...}``.
        instance: offered as ``context.instance``.
        partition_key: the partition that is pretended.
        mapping_key: of a dynamic output.
        run_tags: tags of the pretended run.
        others: ``partition_keys`` or ``partition_key_range``, for a pretended range.
    """
    stack = contextlib.ExitStack()
    opened = stack.enter_context(
        open_resources(resources or {}, resources_config, env=port.call("environment"), instance=instance)
    )
    keys = others.pop("partition_keys", () if partition_key is None else (partition_key,))
    ends = others.pop("partition_key_range", None)
    if ends is not None and keys:
        raise InvalidInvocationError(
            f"A context is for the partition {keys[0]!r} or for a range, not both. Leave one of them out."
        )
    keys = keys if ends is None else ends
    if others:
        raise InvalidInvocationError(f"build_op_context has no arguments {', '.join(sorted(others))}.")
    hand = _hand(
        resources=opened,
        config=op_config if op_config is not None else config,
        instance=instance,
        partition_keys=keys,
        mapping_key=mapping_key,
        run_tags=run_tags or {},
    )
    return DirectContext(hand, stack)


def build_asset_context(
    resources: Mapping[str, Any] | None = None,
    resources_config: Mapping[str, Any] | None = None,
    asset_config: Any = None,
    instance: Any = None,
    partition_key: str | None = None,
    run_tags: Mapping[str, str] | None = None,
    **others: Any,
) -> DirectContext:
    """A context to call an asset with.

    Args: as of ``build_op_context``; ``asset_config`` is the asset's config.
    """
    return build_op_context(
        resources,
        asset_config,
        resources_config,
        instance,
        partition_key=partition_key,
        run_tags=run_tags,
        **others,
    )


def build_asset_check_context(
    resources: Mapping[str, Any] | None = None,
    resources_config: Mapping[str, Any] | None = None,
    asset_config: Any = None,
    instance: Any = None,
) -> DirectContext:
    """A context to call an asset check with.

    Args: as of ``build_op_context``.
    """
    return build_op_context(resources, asset_config, resources_config, instance)


def direct_context(context: Any, op: Any, assets: Any, config: Any) -> Any:
    """Bind a context to the op it is passed to.

    Args:
        context: made by one of the builders, or that of a running step; None for an empty one.
        op: the op that is called.
        assets: the assets definition behind it, or None.
        config: config given as an argument of the call, or the mark for none.

    Raises:
        InvalidConfigError: when the context's config does not fit the op.
    """
    if context is None:
        context = build_op_context()
    if not isinstance(context, DirectContext):
        return context
    given = context.op_config
    if given is None and not isinstance(config, type) and is_config_class(type(config)):
        given = config
    if op.config is not None:
        raw = config_dict(given) if given is not None and is_config_class(type(given)) else given
        bound = bind(op.config, {} if raw is None else raw, env=port.call("environment"), what=op.name)
    else:
        bound = given
    return context.bound_to(op, assets, bound)


def build_hook_context(
    resources: Mapping[str, Any] | None = None,
    op: Any = None,
    run_id: str | None = None,
    job_name: str | None = None,
    op_exception: BaseException | None = None,
    instance: Any = None,
) -> HookContext:
    """A context to call a hook with.

    Args:
        resources: key → resource; opened now.
        op: the op that is pretended to have ended.
        run_id, job_name: of the pretended run.
        op_exception: what it is pretended to have raised.
        instance: offered as ``context.instance``.
    """
    return build_op_context(resources, instance=instance).as_hook_context(
        op, Run(run_id=run_id or EPHEMERAL_RUN, job_name=job_name or "<direct call>"), op_exception
    )


def build_init_resource_context(
    config: Any = None,
    resources: Mapping[str, Any] | None = None,
    instance: Any = None,
) -> InitResourceContext:
    """A context to call a resource function with.

    Args:
        config: the resource's config.
        resources: key → resource that it requires; opened now.
        instance: offered as ``context.instance``.
    """
    opened = (
        build_op_context(resources, instance=instance).resources
        if resources
        else Resources({}, "This context")
    )
    return InitResourceContext(
        resource_config=config,
        resources=opened,
        instance=instance,
        log=RunLog(run_id=EPHEMERAL_RUN).for_step(""),
    )

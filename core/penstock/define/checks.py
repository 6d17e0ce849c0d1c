"""``@asset_check`` and ``@multi_asset_check``: checks evaluated by functions of their own.

Owns: what the arguments of the decorators mean. Checks that an asset evaluates itself are declared by
its ``check_specs``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Unpack

from attrs import evolve

from penstock.define.asset_ops import StepOptions, description_of, executor_of, make_op, wire
from penstock.define.assets import AssetChecksDefinition
from penstock.define.inference import ANY
from penstock.define.inout import OutputDefinition
from penstock.define.output import DEFAULT_OUTPUT
from penstock.define.signature import FunctionShape, read_shape
from penstock.define.spec_rules import check_name, check_options
from penstock.define.specs import AssetCheckSpec, AssetIn, key_of
from penstock.errors import InvalidDefinitionError
from penstock.keys import AssetKey

VERDICT = OutputDefinition(name=DEFAULT_OUTPUT, type=ANY, is_required=False)
"""The output of a function that gives no value but results: those become events."""


class CheckOptions(StepOptions, total=False):
    """What ``@asset_check`` may be told, beside what holds for every step.

    ``additional_ins`` and ``additional_deps`` are assets that the check looks at besides its own.
    """

    name: str | None
    description: str | None
    blocking: bool
    additional_ins: Mapping[str, AssetIn] | None
    additional_deps: Iterable[Any] | None
    metadata: Mapping[str, Any] | None
    automation_condition: Any
    partitions_def: Any
    compute_kind: str | None


def asset_check(
    *, asset: Any, **options: Unpack[CheckOptions]
) -> Callable[[Callable[..., Any]], AssetChecksDefinition]:
    """Make a check of an asset of a function that returns an ``AssetCheckResult``.

    Args:
        asset: the asset, in any spelling. The function's argument, if it has one, is its value.
        options: see ``CheckOptions``.

    Raises:
        InvalidDefinitionError: when an argument of the function names no asset.
    """
    check_options(options, CheckOptions.__annotations__, "@asset_check")
    key = key_of(asset)
    return lambda fn: _check(fn, key, options)


def _check(fn: Callable[..., Any], key: AssetKey, options: CheckOptions) -> AssetChecksDefinition:
    shape = read_shape(fn)
    name = options.get("name") or fn.__name__
    extra = dict(options.get("additional_ins") or {})
    own = _own_argument(shape, extra, key, name)
    spec = AssetCheckSpec(
        name,
        asset=key,
        description=description_of(fn, options.get("description")),
        additional_deps=options.get("additional_deps") or (),
        blocking=options.get("blocking", False),
        metadata=options.get("metadata"),
        automation_condition=options.get("automation_condition"),
        partitions_def=options.get("partitions_def"),
    )
    wiring = wire(shape, own | extra, (), spec.output_name)
    others = [dep for dep in wiring.deps if dep.asset_key != key]
    if others:
        spec = evolve(spec, additional_deps=[*others, *spec.additional_deps])
    return AssetChecksDefinition(
        node=make_op(
            spec.output_name, fn, shape, (wiring.ins, {DEFAULT_OUTPUT: VERDICT}), options, spec.description
        ),
        keys_by_input=wiring.keys,
        checks_by_output={spec.output_name: spec},
        partitions_def=options.get("partitions_def"),
        partition_mappings=wiring.partition_mappings,
        resource_defs=options.get("resource_defs") or {},
        hooks=frozenset(options.get("hooks") or ()),
        executor=executor_of(options),
    )


def _own_argument(
    shape: FunctionShape, extra: Mapping[str, Any], key: AssetKey, name: str
) -> dict[str, AssetIn]:
    """The argument that is the value of the checked asset: the one that nothing else explains."""
    for argument, one in extra.items():
        if (one.key_for(argument) if isinstance(one, AssetIn) else key_of(one)) == key:
            raise InvalidDefinitionError(
                f"The check {name!r} ({shape.where}) names its own asset {key.to_user_string()!r} among its"
                f" additional_ins. Leave {argument!r} out there: the argument that nothing else explains is"
                " its value."
            )
    left = [argument for argument in shape.inputs if argument not in extra]
    if len(left) > 1:
        raise InvalidDefinitionError(
            f"The check {name!r} ({shape.where}) has the arguments {', '.join(map(repr, left))}, but only"
            f" one can be the value of {key.to_user_string()!r}. Say by additional_ins which assets the"
            " others are."
        )
    return {argument: AssetIn(key) for argument in left}


class MultiCheckOptions(StepOptions, total=False):
    """What ``@multi_asset_check`` may be told, beside what holds for every step."""

    name: str | None
    description: str | None
    can_subset: bool
    ins: Mapping[str, Any] | None
    compute_kind: str | None


def multi_asset_check(
    *, specs: Sequence[AssetCheckSpec], **options: Unpack[MultiCheckOptions]
) -> Callable[[Callable[..., Any]], AssetChecksDefinition]:
    """Make several checks of a function that yields an ``AssetCheckResult`` for each.

    Args:
        specs: what it evaluates.
        options: see ``MultiCheckOptions``.

    Raises:
        InvalidDefinitionError: when a check stands twice, or an argument of the function is not among
            ``ins``.
    """
    check_options(options, MultiCheckOptions.__annotations__, "@multi_asset_check")
    by_output: dict[str, AssetCheckSpec] = {}
    for spec in specs:
        if by_output.setdefault(spec.output_name, spec) is not spec:
            raise InvalidDefinitionError(
                f"@multi_asset_check has the check {spec.key.to_user_string()!r} twice. Remove or rename one."
            )
    return lambda fn: _multi_check(fn, by_output, options)


def _multi_check(
    fn: Callable[..., Any], specs: Mapping[str, AssetCheckSpec], options: MultiCheckOptions
) -> AssetChecksDefinition:
    shape = read_shape(fn)
    name = check_name(options.get("name") or fn.__name__, "asset check")
    wiring = wire(shape, options.get("ins"), (), name)
    return AssetChecksDefinition(
        node=make_op(
            name,
            fn,
            shape,
            (wiring.ins, {DEFAULT_OUTPUT: VERDICT}),
            options,
            description_of(fn, options.get("description")),
        ),
        keys_by_input=wiring.keys,
        checks_by_output=specs,
        partition_mappings=wiring.partition_mappings,
        resource_defs=options.get("resource_defs") or {},
        can_subset=options.get("can_subset", False),
        hooks=frozenset(options.get("hooks") or ()),
        executor=executor_of(options),
    )

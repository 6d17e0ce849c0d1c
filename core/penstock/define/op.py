"""Ops: functions with named, typed inputs and outputs.

Owns: ``OpDefinition`` and ``@op``. Must not know assets, plans or runs. ``In``, ``Out`` and the
definitions made of them live in ``inout`` and are offered here too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from inspect import cleandoc
from typing import Any, overload

from attrs import evolve, field

from penstock.config import Field, as_field, configured_field
from penstock.define.composing import PLAIN_USE, current_composer
from penstock.define.inference import infer_ins, infer_outs
from penstock.define.inout import NO_VALUE, DynamicOut, In, InputDefinition, Out, OutputDefinition
from penstock.define.invoke import invoke_op
from penstock.define.names import as_tags, checked_name, name_of
from penstock.define.pending import PendingNode, checked_hooks
from penstock.define.retry import RetryPolicy, as_retry_policy, as_timeout
from penstock.define.signature import FunctionShape, read_shape
from penstock.errors import InvalidDefinitionError
from penstock.values import frozen

__all__ = [
    "NO_VALUE",
    "DynamicOut",
    "In",
    "InputDefinition",
    "OpDefinition",
    "Out",
    "OutputDefinition",
    "config_of",
    "described",
    "op",
]

_NO_TAGS: Mapping[str, str] = {}


@frozen(kw_only=True, eq=False)
class OpDefinition:
    """One function that a job can run as a step.

    Args:
        config: how ``ops.<name>.config`` is bound, None when the op takes none.
        required_resource_keys: every resource it needs, those of parameters included.
        timeout: seconds after which an attempt is stopped, None for no limit.
        lane: ``process``, ``thread`` or ``async``; None for what suits its function.
    """

    name: str
    fn: Callable[..., Any]
    shape: FunctionShape
    ins: Mapping[str, InputDefinition]
    outs: Mapping[str, OutputDefinition]
    config: Field | None = None
    required_resource_keys: frozenset[str] = frozenset()
    tags: Mapping[str, str] = _NO_TAGS
    description: str | None = None
    retry_policy: RetryPolicy | None = field(default=None, converter=as_retry_policy)
    code_version: str | None = None
    hooks: frozenset[Any] = frozenset()
    timeout: float | None = field(default=None, converter=as_timeout)
    pool: str | None = None
    lane: str | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Wire this op into the graph being composed; outside of one, call its function."""
        composer = current_composer()
        if composer is None:
            return invoke_op(self, args, kwargs)
        return composer.invoke(self, args, kwargs, PLAIN_USE)

    def __repr__(self) -> str:
        return f"<op {self.name!r} at {self.shape.where}>"

    @property
    def __name__(self) -> str:
        return self.name

    @property
    def config_schema(self) -> Field | None:
        """How its config is bound, None when it takes none."""
        return self.config

    @property
    def compute_fn(self) -> Callable[..., Any]:
        """The function of the user."""
        return self.fn

    @property
    def input_defs(self) -> list[InputDefinition]:
        """Its inputs in order."""
        return list(self.ins.values())

    @property
    def output_defs(self) -> list[OutputDefinition]:
        """Its outputs in order."""
        return list(self.outs.values())

    def output_named(self, name: str) -> OutputDefinition:
        """One of its outputs."""
        return self.outs[name]

    def alias(self, name: str) -> PendingNode:
        """A use of this op under another name."""
        return PendingNode(self).alias(name)

    def tag(self, tags: Mapping[str, Any] | None) -> PendingNode:
        """A use of this op with more tags."""
        return PendingNode(self).tag(tags)

    def with_hooks(self, hook_defs: Iterable[Any]) -> PendingNode:
        """A use of this op with hooks."""
        return PendingNode(self).with_hooks(hook_defs)

    def with_retry_policy(self, retry_policy: RetryPolicy) -> PendingNode:
        """A use of this op with a retry policy."""
        return PendingNode(self).with_retry_policy(retry_policy)

    def configured(
        self,
        config_or_config_fn: Any,
        name: str | None = None,
        config_schema: Any = None,
        description: str | None = None,
    ) -> OpDefinition:
        """A new op whose config is settled, wholly or by a function of less config.

        Args:
            config_or_config_fn: the config, or a function from the outer config to the inner one.
            name: of the new op; by default that of the function, else that of this op.
            config_schema: what the function takes.
            description: of the new op.

        Raises:
            InvalidDefinitionError: when this op takes no config.
        """
        if self.config is None:
            raise InvalidDefinitionError(
                f"Op {self.name!r} ({self.shape.where}) takes no config, so there is nothing to settle."
                " Give it a config_schema or a config parameter first."
            )
        fallback = getattr(config_or_config_fn, "__name__", None) or self.name
        return evolve(
            self,
            name=checked_name(name or fallback, "op"),
            config=configured_field(self.config, config_or_config_fn, config_schema),
            description=description or self.description,
        )


@overload
def op(compute_fn: Callable[..., Any], /) -> OpDefinition: ...
@overload
def op(
    *,
    name: str | None = None,
    description: str | None = None,
    ins: Mapping[str, In] | None = None,
    out: Out | Mapping[str, Out] | None = None,
    config_schema: Any = None,
    required_resource_keys: Iterable[str] | None = None,
    tags: Mapping[str, Any] | None = None,
    version: str | None = None,
    retry_policy: RetryPolicy | None = None,
    code_version: str | None = None,
    pool: str | None = None,
    timeout: float | None = None,
    lane: str | None = None,
    hooks: Iterable[Any] | None = None,
) -> Callable[[Callable[..., Any]], OpDefinition]: ...
def op(
    compute_fn: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    ins: Mapping[str, In] | None = None,
    out: Out | Mapping[str, Out] | None = None,
    config_schema: Any = None,
    required_resource_keys: Iterable[str] | None = None,
    tags: Mapping[str, Any] | None = None,
    version: str | None = None,
    retry_policy: RetryPolicy | None = None,
    code_version: str | None = None,
    pool: str | None = None,
    timeout: float | None = None,
    lane: str | None = None,
    hooks: Iterable[Any] | None = None,
) -> Any:
    """Make an op of a function.

    Args:
        compute_fn: the function, when used without parentheses.
        name: of the op, by default that of the function.
        description: for people, by default the function's docstring.
        ins: what is said of inputs beside their annotations; those of type ``Nothing`` have no parameter.
        out: the output, or several by name.
        config_schema: of ``context.op_config``; a parameter ``config`` says it by its annotation.
        required_resource_keys: attributes of ``context.resources`` that the function uses.
        tags: of every use of the op.
        version: older spelling of ``code_version``.
        retry_policy: when a failed attempt is followed by another.
        code_version: changes when the function's results would.
        pool: slots that limit how many steps run at once.
        timeout: seconds after which an attempt is stopped.
        lane: where a pool of processes runs it: in a ``process`` of its own, in a ``thread`` beside others
            that mostly wait, or on the ``async`` loop (the default of async functions).
        hooks: run after every use of the op.

    Raises:
        InvalidDefinitionError: when name, inputs, outputs and function do not fit each other.
    """

    def decorate(fn: Callable[..., Any]) -> OpDefinition:
        shape = read_shape(fn)
        own_name = checked_name(name or name_of(fn), "op")
        version_of_code = code_version or version
        keys = frozenset(required_resource_keys or ())
        return OpDefinition(
            name=own_name,
            fn=fn,
            shape=shape,
            ins=infer_ins(shape, ins, own_name),
            outs=infer_outs(shape, out, own_name, version_of_code),
            config=config_of(shape, config_schema, own_name),
            required_resource_keys=keys.union(shape.resources) if shape.resources else keys,
            tags=as_tags(tags, own_name),
            description=description or described(fn),
            retry_policy=retry_policy,
            code_version=version_of_code,
            hooks=checked_hooks(hooks, own_name),
            timeout=timeout,
            pool=pool,
            lane=lane,
        )

    return decorate if compute_fn is None else decorate(compute_fn)


def config_of(shape: FunctionShape, config_schema: Any, owner: str) -> Field | None:
    """How the config of a function is bound: by its schema or by its config parameter.

    Args:
        shape: of the function.
        config_schema: as given to the decorator, or None.
        owner: whose config it is, for messages.

    Raises:
        InvalidDefinitionError: when both are given, or the annotation cannot be resolved.
    """
    if shape.config is None:
        return None if config_schema is None else as_field(config_schema)
    if config_schema is not None:
        raise InvalidDefinitionError(
            f"{owner!r} ({shape.where}) has a config_schema and a parameter 'config'. Keep one of them."
        )
    if isinstance(shape.config_class, str):
        raise InvalidDefinitionError(
            f"The annotation {shape.config_class!r} of the parameter 'config' of {owner!r}"
            f" ({shape.where}) names nothing that is known there. Import the class where it is used."
        )
    return as_field(shape.config_class)


def described(fn: Any) -> str | None:
    """A function's docstring as a description, None when it has none."""
    text = getattr(fn, "func", fn).__doc__
    if not text:
        return None
    return cleandoc(text) if "\n" in text else text.strip()

"""Hooks: functions that run after a step ended.

Owns: ``HookDefinition`` and its decorators. When hooks run and what they see is the engine's matter;
it calls ``run``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, cast, overload

from attrs import field

from penstock.define.callables import positional_parameters
from penstock.define.names import checked_name
from penstock.define.signature import CONTEXT_NAMES
from penstock.errors import InvalidDefinitionError, InvalidInvocationError, ResourceRequirementError
from penstock.values import frozen

ON_SUCCESS, ON_FAILURE, ON_END = "success", "failure", "end"


@frozen
class HookExecutionResult:
    """What an ``event_list_hook`` says of itself.

    Args:
        hook_name: the hook.
        is_skipped: whether it had no reason to do anything.
    """

    hook_name: str
    is_skipped: bool = False


def _as_keys(keys: Iterable[str] | None) -> frozenset[str]:
    return frozenset(keys or ())


@frozen(eq=False)
class HookDefinition:
    """A function that runs after steps.

    Args:
        name: of the hook.
        hook_fn: called with a context, and with the step's events when the trigger is ``"end"``.
        required_resource_keys: attributes of ``context.resources`` that it uses.
        decorated_fn: the function of the user, when a decorator made the hook.
        trigger: ``"success"``, ``"failure"`` or ``"end"`` of the step.
    """

    name: str
    hook_fn: Callable[..., Any]
    required_resource_keys: frozenset[str] = field(default=frozenset(), converter=_as_keys)
    decorated_fn: Callable[..., Any] | None = None
    trigger: str = ON_END

    __penstock_hook__: ClassVar[bool] = True

    def applies(self, *, succeeded: bool) -> bool:
        """Whether the hook has a reason to run after such a step."""
        return self.trigger == ON_END or (self.trigger == ON_SUCCESS) is succeeded

    def run(self, context: Any, *, succeeded: bool) -> bool:
        """Run the hook if it has a reason to.

        Args:
            context: what the hook sees.
            succeeded: whether the step did.

        Returns:
            Whether it ran.
        """
        if not self.applies(succeeded=succeeded):
            return False
        if self.trigger != ON_END:
            self.hook_fn(context)
            return True
        answer = self.hook_fn(context, getattr(context, "events", ()))
        return not getattr(answer, "is_skipped", False)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function directly, as tests do: with a context from ``build_hook_context``."""
        given = [*args, *kwargs.values()]
        wanted = 2 if self.trigger == ON_END else 1
        if len(given) != wanted:
            extra = " and a list of events" if self.trigger == ON_END else ""
            raise InvalidInvocationError(
                f"Hook {self.name!r} is called with a context{extra}; found {len(given)} arguments."
                " Make a context with build_hook_context(resources=...)."
            )
        self._refuse_missing(given[0])
        return (self.decorated_fn or self.hook_fn)(*given)

    def _refuse_missing(self, context: Any) -> None:
        is_ours = getattr(context, "__penstock_context__", False) is True
        missing = sorted(self.required_resource_keys - set(context.resources)) if is_ours else ()
        if missing:
            raise ResourceRequirementError(
                f"Hook {self.name!r} requires the resources {', '.join(missing)}, which this context does not"
                f" have. Build it with build_hook_context(resources={{{missing[0]!r}: ...}})."
            )


@overload
def success_hook(hook_fn: Callable[[Any], Any], /) -> HookDefinition: ...
@overload
def success_hook(
    *, name: str | None = None, required_resource_keys: Iterable[str] | None = None
) -> Callable[[Callable[[Any], Any]], HookDefinition]: ...
def success_hook(
    hook_fn: Callable[[Any], Any] | None = None,
    /,
    *,
    name: str | None = None,
    required_resource_keys: Iterable[str] | None = None,
) -> Any:
    """Make a hook that runs after every step that succeeded.

    Args:
        hook_fn: takes ``context``.
        name: of the hook, by default that of the function.
        required_resource_keys: attributes of ``context.resources`` that it uses.
    """
    return _decorator(hook_fn, name, required_resource_keys, ON_SUCCESS)


@overload
def failure_hook(hook_fn: Callable[[Any], Any], /) -> HookDefinition: ...
@overload
def failure_hook(
    *, name: str | None = None, required_resource_keys: Iterable[str] | None = None
) -> Callable[[Callable[[Any], Any]], HookDefinition]: ...
def failure_hook(
    hook_fn: Callable[[Any], Any] | None = None,
    /,
    *,
    name: str | None = None,
    required_resource_keys: Iterable[str] | None = None,
) -> Any:
    """Make a hook that runs after every step that failed; ``context.op_exception`` says why.

    Args:
        hook_fn: takes ``context``.
        name: of the hook, by default that of the function.
        required_resource_keys: attributes of ``context.resources`` that it uses.
    """
    return _decorator(hook_fn, name, required_resource_keys, ON_FAILURE)


@overload
def event_list_hook(hook_fn: Callable[[Any, Any], Any], /) -> HookDefinition: ...
@overload
def event_list_hook(
    *,
    name: str | None = None,
    required_resource_keys: Iterable[str] | None = None,
    decorated_fn: Callable[..., Any] | None = None,
) -> Callable[[Callable[[Any, Any], Any]], HookDefinition]: ...
def event_list_hook(
    hook_fn: Callable[[Any, Any], Any] | None = None,
    /,
    *,
    name: str | None = None,
    required_resource_keys: Iterable[str] | None = None,
    decorated_fn: Callable[..., Any] | None = None,
) -> Any:
    """Make a hook that runs after every step, with all events of the step.

    Args:
        hook_fn: takes ``context`` and ``event_list``; may return ``HookExecutionResult``.
        name: of the hook, by default that of the function.
        required_resource_keys: attributes of ``context.resources`` that it uses.
        decorated_fn: what a direct call calls instead.
    """
    del decorated_fn  # direct calls go to the function itself
    return _decorator(hook_fn, name, required_resource_keys, ON_END)


def _decorator(fn: Any, name: str | None, keys: Iterable[str] | None, trigger: str) -> Any:
    def decorate(function: Callable[..., Any]) -> HookDefinition:
        _check_parameters(function, trigger)
        own_name = checked_name(name or function.__name__, "hook")
        return HookDefinition(own_name, function, keys, function, trigger)  # type: ignore[arg-type]  # the field converts it

    return decorate if fn is None else decorate(cast("Callable[..., Any]", fn))


def _check_parameters(fn: Callable[..., Any], trigger: str) -> None:
    parameters = positional_parameters(fn)
    names = [one.name for one in parameters]
    wanted = ["context", "event_list"] if trigger == ON_END else ["context"]
    needed = [one for one in parameters if one.default is one.empty and one.kind is not one.VAR_POSITIONAL]
    right_first = bool(names) and names[0] in CONTEXT_NAMES
    if not right_first or len(names) < len(wanted) or len(needed) > len(wanted):
        raise InvalidDefinitionError(
            f"The hook function {getattr(fn, '__name__', fn)!r} takes {' and '.join(wanted)};"
            f" found {', '.join(names) or 'no parameters'}."
        )

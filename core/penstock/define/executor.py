"""Executors as users name them: which one carries out the steps of a job, and with what config.

Owns: ``ExecutorDefinition``, ``@executor`` and the definitions that come with Penstock. An executor
itself is a plugin (``spi.executor``); the ready-made definitions name theirs by its plugin name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Self, cast, overload

from attrs import evolve, field

from penstock.config import Any as AnyConfig
from penstock.config import Field, Int, Noneable, Permissive, Selector, as_field, configured_field
from penstock.config.python_nodes import Checked, Rule
from penstock.define.callables import is_schema
from penstock.define.names import checked_name
from penstock.errors import InvalidDefinitionError
from penstock.values import frozen


def _as_config(schema: Any) -> Field | None:
    return None if schema is None else as_field(schema)


@frozen(eq=False)
class ExecutorDefinition:
    """How the steps of a job are carried out.

    Args:
        name: for run config and people.
        config: how ``execution.config`` is bound.
        requirements: what it needs of the run, by name.
        executor_creation_fn: takes an init context and gives an ``Executor``; None for those of plugins.
        description: for people.
        target: the name of the plugin's executor, when no function makes it.
    """

    name: str
    config: Field | None = field(default=None, converter=_as_config, alias="config_schema")
    requirements: Any = ()
    executor_creation_fn: Callable[..., Any] | None = None
    description: str | None = None
    target: str | None = None

    def __repr__(self) -> str:
        return f"<executor {self.name!r}>"

    @property
    def config_schema(self) -> Field | None:
        """How its config is bound."""
        return self.config

    def configured(
        self,
        config_or_config_fn: Any,
        name: str | None = None,
        config_schema: Any = None,
        description: str | None = None,
    ) -> Self:
        """The same executor with its config settled, wholly or by a function of less config.

        Args:
            config_or_config_fn: the config, or a function from the outer config to the inner one.
            name: of the new definition.
            config_schema: what the function takes.
            description: for people.
        """
        settled = configured_field(self.config, config_or_config_fn, config_schema)
        return evolve(
            self,
            name=name or self.name,
            config_schema=settled,
            description=description or self.description,
        )


@overload
def executor(name: Callable[..., Any], /) -> ExecutorDefinition: ...
@overload
def executor(
    name: str | None = None,
    config_schema: Any = None,
    requirements: Iterable[Any] | Callable[..., Any] | None = None,
) -> Callable[[Callable[..., Any]], ExecutorDefinition]: ...
def executor(
    name: Any = None,
    config_schema: Any = None,
    requirements: Iterable[Any] | Callable[..., Any] | None = None,
) -> Any:
    """Make an executor of a function that returns one.

    Args:
        name: of the executor, by default that of the function; or the function, without parentheses.
        config_schema: of ``init_context.executor_config``.
        requirements: what it needs of the run.
    """
    if name is not None and not is_schema(name):
        return ExecutorDefinition(name.__name__, executor_creation_fn=name, description=name.__doc__)

    def decorate(fn: Callable[..., Any]) -> ExecutorDefinition:
        own_name = checked_name(name or fn.__name__, "executor")
        return ExecutorDefinition(own_name, config_schema, requirements or (), fn, fn.__doc__)

    return decorate


_COUNT = "a whole number above 0"
_BYTES = "a number of bytes"
_START_METHODS = ("fork", "forkserver", "spawn")
RETRIES = Selector({"enabled": {}, "disabled": {}, "deferred": {}})


def _retries() -> Field:
    return Field(
        RETRIES,
        default_value={"enabled": {}},
        description="whether failed steps are tried again as their policies say",
    )


def _from(least: int, wanted: str) -> Checked:
    """A whole number that is not too small."""
    return Checked(Int, (Rule(wanted, partial(_is_from, least)),))


def _is_from(least: int, value: int) -> bool:
    return value >= least


def _is_start_method(value: Any) -> bool:
    names: list[Any] = list(cast("Mapping[Any, Any]", value)) if isinstance(value, Mapping) else [value]
    return len(names) == 1 and names[0] in _START_METHODS


_START_METHOD = Checked(AnyConfig, (Rule('"forkserver" or "spawn", or {"spawn": {}}', _is_start_method),))
TAG_LIMITS = Field(
    [Permissive({"key": str, "limit": _from(1, _COUNT)})],
    is_required=False,
    description="steps at once by tag",
)

IN_PROCESS_CONFIG = {
    "retries": _retries(),
    "marker_to_close": Field(str, is_required=False, description="accepted and not used"),
}
MULTIPROCESS_CONFIG = {
    "retries": _retries(),
    "max_concurrent": Field(
        Noneable(_from(0, "a whole number, or 0 for one per processor")),
        default_value=None,
        description="steps at once; None or 0 for one per processor",
    ),
    "tag_concurrency_limits": TAG_LIMITS,
    "start_method": Field(
        _START_METHOD, is_required=False, description="forkserver (the usual) or spawn: how workers begin"
    ),
    "max_steps_per_worker": Field(
        _from(1, _COUNT), is_required=False, description="a worker is replaced after so many"
    ),
    "max_worker_memory": Field(
        _from(1, _BYTES), is_required=False, description="bytes; a larger worker is replaced"
    ),
    "max_step_memory": Field(
        _from(1, _BYTES), is_required=False, description="bytes; a step that holds more is killed"
    ),
    "shelf_directory": Field(str, is_required=False, description="where values lie that are handed on"),
    "max_threads": Field(
        _from(1, _COUNT), is_required=False, description="steps at once on the thread and async lanes"
    ),
}

in_process_executor = ExecutorDefinition(
    "in_process",
    IN_PROCESS_CONFIG,
    description="One step after the other in the process of the run.",
    target="in_process",
)
multiprocess_executor = ExecutorDefinition(
    "multiprocess",
    MULTIPROCESS_CONFIG,
    description="Steps side by side in warm worker processes of this machine.",
    target="multiprocess",
)
multi_or_in_process_executor = ExecutorDefinition(
    "multi_or_in_process_executor",
    Field(
        Selector({"multiprocess": MULTIPROCESS_CONFIG, "in_process": IN_PROCESS_CONFIG}),
        default_value={"multiprocess": {}},
    ),
    description="Worker processes, or this process when the run says so.",
    target="multi_or_in_process",
)


def constantly(executor: Any) -> Callable[..., Any]:
    """A function that always gives the same executor."""
    return lambda *_context: executor


_ALSO = {
    "inline": in_process_executor,
    "in_process_executor": in_process_executor,
    "multiprocess_executor": multiprocess_executor,
    "process": multiprocess_executor,
}
_NAMED = {
    **{one.name: one for one in (in_process_executor, multiprocess_executor, multi_or_in_process_executor)},
    **_ALSO,
}


def as_executor(given: Any) -> ExecutorDefinition | None:
    """The definition that anything given as an executor stands for.

    Args:
        given: a definition, the name of one (of Penstock or a plugin), ``{name: config}``, an object that
            is an executor itself, or None.

    Returns:
        The definition, None for None.

    Raises:
        InvalidDefinitionError: when it is none of these.
    """
    if given is None or isinstance(given, ExecutorDefinition):
        return given
    if isinstance(given, str):
        known = _NAMED.get(given)
        return known or ExecutorDefinition(given, Permissive(), target=given)
    if isinstance(given, Mapping):
        entries = cast("Mapping[Any, Any]", given)
        if len(entries) == 1:
            ((name, config),) = entries.items()
            named = as_executor(name)
            return None if named is None else named.configured(config or {})
    made = cast("Any", given)
    if callable(getattr(made, "submit", None)) and callable(getattr(made, "collect", None)):
        return ExecutorDefinition(type(made).__name__, executor_creation_fn=constantly(made))
    raise InvalidDefinitionError(
        f"executor= takes a name such as 'process' or 'ray', {{name: config}} or an executor,"
        f" found {given!r}."
    )

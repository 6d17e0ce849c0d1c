"""Loggers of jobs: where lines of ``context.log`` go besides the run's own log.

Owns: ``LoggerDefinition``, ``@logger`` and a console logger. Files and events of a run are not
loggers; they are always written.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any, Self, overload

from attrs import evolve, field

from penstock.config import Field, as_field, bind, configured_field
from penstock.define.callables import is_schema, takes_argument
from penstock.errors import InvalidInvocationError
from penstock.values import frozen

_COLOURS = {logging.WARNING: "33", logging.ERROR: "31", logging.CRITICAL: "1;31"}


@frozen(kw_only=True)
class InitLoggerContext:
    """What a logger function sees.

    Args:
        logger_config: its bound config.
        logger_def: its definition.
        job_def: the job that runs, None outside of one.
        run_id: the run, None outside of one.
    """

    logger_config: Any = None
    logger_def: Any = None
    job_def: Any = None
    run_id: str | None = None


def _as_config(schema: Any) -> Field | None:
    return None if schema is None else as_field(schema)


@frozen(eq=False)
class LoggerDefinition:
    """How a logger is made.

    Args:
        logger_fn: takes an ``InitLoggerContext`` and gives a ``logging.Logger``.
        config: how ``loggers.<key>.config`` is bound.
        description: for people.
    """

    logger_fn: Callable[..., Any]
    config: Field | None = field(default=None, converter=_as_config, alias="config_schema")
    description: str | None = None

    @property
    def config_schema(self) -> Field | None:
        """How its config is bound."""
        return self.config

    def make(self, init_context: Any) -> logging.Logger:
        """Make the logger.

        Args:
            init_context: with ``logger_config`` bound.
        """
        takes = takes_argument(self.logger_fn, "@logger", "init_context")
        return self.logger_fn(init_context) if takes else self.logger_fn()

    def configured(
        self, config_or_config_fn: Any, config_schema: Any = None, description: str | None = None
    ) -> Self:
        """The same logger with its config settled, wholly or by a function of less config."""
        settled = configured_field(self.config, config_or_config_fn, config_schema)
        return evolve(self, config_schema=settled, description=description or self.description)

    def __call__(self, *args: Any, **kwargs: Any) -> logging.Logger:
        """Make the logger directly, as tests do: with a context from ``build_init_logger_context``."""
        given = [*args, *kwargs.values()]
        if len(given) != 1 or given[0] is None:
            raise InvalidInvocationError(
                "A logger is called with one init context. Make one with build_init_logger_context(...)."
            )
        context = given[0]
        if isinstance(context, InitLoggerContext) and self.config is not None:
            raw = context.logger_config
            bound = bind(self.config, env={}) if raw is None else bind(self.config, raw, env={})
            context = evolve(context, logger_config=bound, logger_def=self)
        return self.make(context)


@overload
def logger(  # pyright: ignore[reportOverlappingOverload]  # a schema may stand in the same place
    config_schema: Callable[..., logging.Logger], /
) -> LoggerDefinition: ...
@overload
def logger(
    config_schema: Any = None, description: str | None = None
) -> Callable[[Callable[..., logging.Logger]], LoggerDefinition]: ...
def logger(config_schema: Any = None, description: str | None = None) -> Any:
    """Make a logger of a function that returns a ``logging.Logger``.

    Args:
        config_schema: of ``init_context.logger_config``; or the function, without parentheses.
        description: for people, by default the function's docstring.
    """
    if config_schema is not None and not is_schema(config_schema):
        return LoggerDefinition(config_schema, description=config_schema.__doc__)

    def decorate(fn: Callable[..., Any]) -> LoggerDefinition:
        return LoggerDefinition(fn, config_schema, description or fn.__doc__)

    return decorate


def build_init_logger_context(logger_config: Any = None, job_def: Any = None) -> InitLoggerContext:
    """A context to call a logger function with.

    Args:
        logger_config: its config.
        job_def: the job it would log for.
    """
    return InitLoggerContext(logger_config=logger_config, job_def=job_def)


_LEVEL_AND_NAME = {
    "log_level": Field(
        str, default_value="INFO", is_required=False, description="lines below it are dropped"
    ),
    "name": Field(str, default_value="penstock_console", is_required=False, description="of the logger"),
}


@logger(_LEVEL_AND_NAME, description="Lines on standard error, warnings and errors coloured.")
def colored_console_logger(init_context: Any) -> logging.Logger:
    """Lines on standard error, warnings and errors coloured."""
    return _console(init_context.logger_config, _ColouredLines())


@logger(_LEVEL_AND_NAME, description="One JSON object a line on standard error.")
def json_console_logger(init_context: Any) -> logging.Logger:
    """One JSON object a line on standard error."""
    return _console(init_context.logger_config, _JsonLines())


def _console(config: Any, formatter: logging.Formatter) -> logging.Logger:
    made = logging.Logger(config["name"], config["log_level"].upper())  # noqa: LOG001  # of one run
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    made.addHandler(handler)
    return made


class _ColouredLines(logging.Formatter):
    """``time name level message``, coloured from WARNING on."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(name)s %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line = super().format(record)
        colour = _COLOURS.get(record.levelno)
        return line if colour is None else f"\033[{colour}m{line}\033[0m"


class _JsonLines(logging.Formatter):
    """One object a line, with what Penstock knows of run and step."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        entry = {
            "time": record.created,
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "run_id": getattr(record, "penstock_run_id", None),
            "step": getattr(record, "penstock_step", None),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)

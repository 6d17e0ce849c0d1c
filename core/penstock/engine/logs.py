"""The log of a step: what ``context.log`` writes, and where it goes.

Owns: ``LogManager`` with the familiar methods. A line goes to Python's logger ``penstock`` and to the
sinks of the run (the step's log file). A step that says nothing costs nothing.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import define

from penstock.values import frozen

LOGGER_NAME = "penstock"
Sink = Callable[[str, int, str], None]
"""Takes step key, level number and message."""


@frozen(kw_only=True, eq=False)
class RunLog:
    """The log of a run: where lines of its steps go.

    Args:
        run_id, job_name: told to Python's loggers.
        sinks: called for every line.
        loggers: Python loggers besides ``penstock`` (those that the job defines).
        level: lines below this number are dropped.
    """

    run_id: str = ""
    job_name: str = ""
    sinks: Sequence[Sink] = ()
    loggers: Sequence[logging.Logger] = ()
    level: int = logging.DEBUG

    def for_step(self, key: str) -> LogManager:
        """The logger of one step."""
        return LogManager(self, key)


@define(eq=False)
class LogManager:
    """Writes log lines of one step; behaves like a standard logger.

    Args:
        run: the log of the run.
        step_key: the step, empty outside of one.
    """

    run: RunLog
    step_key: str = ""

    def debug(self, message: object, *args: Any, **kwargs: Any) -> None:
        """Write a line of level DEBUG."""
        self.log(logging.DEBUG, message, *args, **kwargs)

    def info(self, message: object, *args: Any, **kwargs: Any) -> None:
        """Write a line of level INFO."""
        self.log(logging.INFO, message, *args, **kwargs)

    def warning(self, message: object, *args: Any, **kwargs: Any) -> None:
        """Write a line of level WARNING."""
        self.log(logging.WARNING, message, *args, **kwargs)

    warn = warning

    def error(self, message: object, *args: Any, **kwargs: Any) -> None:
        """Write a line of level ERROR."""
        self.log(logging.ERROR, message, *args, **kwargs)

    def exception(self, message: object, *args: Any, **kwargs: Any) -> None:
        """Write a line of level ERROR with the exception being handled."""
        self.log(logging.ERROR, message, *args, exc_info=True, **kwargs)

    def critical(self, message: object, *args: Any, **kwargs: Any) -> None:
        """Write a line of level CRITICAL."""
        self.log(logging.CRITICAL, message, *args, **kwargs)

    fatal = critical

    def log(self, level: int | str, message: object, *args: Any, **kwargs: Any) -> None:
        """Write a line.

        Args:
            level: number or name of the level.
            message: with ``%`` places for ``args``.
            kwargs: as Python's ``logging.Logger.log`` takes them (``exc_info``, ``extra`` …).
        """
        number = (
            level
            if isinstance(level, int)
            else logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
        )
        if number < self.run.level:
            return
        text = str(message) % args if args else str(message)
        given: Mapping[str, Any] = kwargs.pop("extra", None) or {}
        extra = {**given, "penstock_run_id": self.run.run_id, "penstock_step": self.step_key}
        for logger in (logging.getLogger(LOGGER_NAME), *self.run.loggers):
            logger.log(number, "%s", text, extra=extra, **kwargs)
        shown = f"{text}\n{traceback.format_exc().rstrip()}" if kwargs.get("exc_info") else text
        for sink in self.run.sinks:
            sink(self.step_key, number, shown)


def get_logger(name: str | None = None) -> logging.Logger:
    """Python's logger of Penstock, or a child of it.

    Args:
        name: of the child; None for the logger itself.
    """
    return logging.getLogger(LOGGER_NAME if name is None else f"{LOGGER_NAME}.{name}")

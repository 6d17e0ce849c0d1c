"""Stands in for the engine: what tasks share, and a runner that carries out functions of the kit.

Owns: ``StandIn`` (a ``Shared``), ``StandInRunner``, the body of a task (``Work``) and what its function gets
(``Scene``). All of it travels by plain pickle. The runner leaves marks, so that a test sees what truly
happened, whatever the executor says. Table libraries are lazy here: only packed values need them.
"""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from penstock.errors import UnmetExecutorRequirementsError
from penstock.spi.executor import Place, Report, Runner, TaskResult, Wants
from penstock.testing.conformance.executor import marks
from penstock.values import frozen


@frozen(kw_only=True)
class Scene:
    """What a function of the kit gets.

    Args:
        key: of its task.
        folder: of the test, on the disk that all workers see.
        handed: values of earlier tasks and given ones, unpacked.
        report: as the executor gave it.
        place: where the runner lives.
        patience: seconds for which it may wait for anything.
    """

    key: str
    folder: str
    handed: Mapping[str, Any]
    report: Report | None
    place: Place
    patience: float

    def mark(self, what: str, more: str = "") -> None:
        """Write down that something happened."""
        marks.leave(self.folder, what, self.key, more)


@frozen(kw_only=True)
class Work:
    """The body of a task: a function of the kit and what it is called with.

    Args:
        key: of the task.
        function: at the top of a module that workers can import.
        arguments: follow the scene.
        wanted: annotation by name of the value: what the function would like to get.
    """

    key: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    wanted: Mapping[str, Any] | None = None


@frozen(kw_only=True)
class Answer:
    """The record of a task that came to its end: what its function returned or raised."""

    value: Any = None
    fault: str = ""


class SystemFault(Exception):
    """What a runner raises when it is broken itself."""


class StandInRunner:
    """Carries out ``Work`` and writes down when.

    Args:
        folder: where the marks are left.
        patience: seconds for which a task may wait for anything.
        place: where it lives.
    """

    def __init__(self, folder: str, patience: float, place: Place) -> None:
        self._folder = folder
        self._patience = patience
        self._place = place
        self._closed = False
        marks.leave(folder, "made", more=f"owns_process={place.owns_process}")

    def run(self, body: Work, handed: Mapping[str, Any], report: Report | None) -> TaskResult:
        """Call the function; its faults become records, but for what is no ``Exception``."""
        marks.leave(self._folder, "start", body.key, str(time.monotonic()))
        try:
            return self._call(body, handed, report)
        except SystemFault:
            raise
        except Exception as error:  # noqa: BLE001 - whatever user code raises is its answer
            return TaskResult(record=Answer(fault=f"{type(error).__name__}: {error}"))
        finally:
            marks.leave(self._folder, "end", body.key)

    def close(self) -> None:
        """Write down that it was told to close, once."""
        if not self._closed:
            self._closed = True
            marks.leave(self._folder, "closed")

    def _call(self, body: Work, handed: Mapping[str, Any], report: Report | None) -> TaskResult:
        wanted = body.wanted or {}
        values = {name: unpacked(value, wanted.get(name)) for name, value in handed.items()}
        scene = Scene(
            key=body.key,
            folder=self._folder,
            handed=values,
            report=report,
            place=self._place,
            patience=self._patience,
        )
        made = body.function(scene, *body.arguments)
        return made if isinstance(made, TaskResult) else TaskResult(record=Answer(value=made))


class StandIn:
    """What the tasks of a test share; remembers what it was asked for.

    Args:
        folder: where marks are left; its path names the run.
        patience: seconds for which a task may wait for anything.
        modules: that workers are to have.
        refusal: what ``blob`` raises, when something cannot travel.
        number: of the run in this test.
    """

    def __init__(
        self,
        folder: str,
        patience: float = 30.0,
        modules: Sequence[str] = (),
        refusal: str = "",
        number: int = 1,
    ) -> None:
        self.number = number
        self.asked: list[str] = []
        self._folder = folder
        self._patience = patience
        self._modules = tuple(modules)
        self._refusal = refusal
        self._runner: StandInRunner | None = None

    @property
    def key(self) -> str:
        """Unique among drivers and tests."""
        return f"kit-{os.getpid()}-{self._folder}-{self.number}"

    @property
    def modules(self) -> Sequence[str]:
        """What the test said, and the kit itself."""
        return ("penstock.testing.conformance.executor.tasks", *self._modules)

    @property
    def wants(self) -> Sequence[tuple[str, Wants]]:
        """Nothing beforehand."""
        return ()

    def runner(self) -> Runner:
        """The one runner of this process."""
        self.asked.append("runner")
        if self._runner is None:
            self._runner = StandInRunner(self._folder, self._patience, Place())
        return self._runner

    def blob(self) -> bytes:
        """A plain pickle.

        Raises:
            UnmetExecutorRequirementsError: when the test wants it so.
        """
        self.asked.append("blob")
        if self._refusal:
            raise UnmetExecutorRequirementsError(self._refusal)
        return pickle.dumps(partial(StandInRunner, self._folder, self._patience))


def unpacked(value: Any, wanted: Any = None) -> Any:
    """A value as it was handed on, or as the wanted type, whether it travelled packed or not."""
    from penstock.tables import Packed, convert, unpack  # noqa: PLC0415 - lazy: only handed values need it

    if isinstance(value, Packed):
        return unpack(value, wanted)
    return convert(value, wanted) if wanted is not None else value

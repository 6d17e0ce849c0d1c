"""Executors that outlive a run, for runs that one process carries out one after another.

Owns: ``WarmExecutors``: which executor serves again, and the end of all of them. One that can rest is given
to the next run that asks for the same with the same config; a run that was torn by an exception takes its
executors with it. What an executor keeps while it rests is its own matter (``spi.executor``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from attrs import define, field

from penstock.host.settings import Settings
from penstock.spi.executor import Executor
from penstock.values import frozen


@frozen(kw_only=True)
class Kind:
    """What makes two executors the same.

    Args:
        name: under which it is registered.
        config: bound, without what is the engine's.
        settings: that choose among plugins.
    """

    name: str
    config: Mapping[str, Any]
    settings: Settings


@define(eq=False)
class WarmExecutors:
    """Executors for the runs of one thread, one run at a time; ``close`` ends them.

    Args:
        most: how many may rest at once; 0 has each end with its run.
    """

    most: int = 3
    _lent: list[tuple[Kind | None, Executor]] = field(factory=list[tuple[Kind | None, Executor]])
    _resting: list[tuple[Kind, Executor]] = field(factory=list[tuple[Kind, Executor]])

    def take(self, kind: Kind | None, make: Callable[[], Executor]) -> Executor:
        """An executor for the run that is about to begin.

        Args:
            kind: of what is asked for; None for one that no other run gets.
            make: makes one.
        """
        found = next((place for place, one in enumerate(self._resting) if one[0] == kind), None)
        executor = make() if found is None else self._resting.pop(found)[1]
        self._lent.append((kind, executor))
        return executor

    def take_back(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The run has ended: have what it was given rest or end; arguments as of ``__exit__``."""
        del kind, trace
        lent, self._lent = self._lent, []
        with ExitStack() as ends:  # the others end also when one of them fails to
            for its_kind, executor in lent:
                if self.most and its_kind is not None and error is None and executor.features.rests:
                    ends.callback(self._have_rest, its_kind, executor)
                else:
                    ends.callback(executor.close)

    def close(self) -> None:
        """End all of them; idempotent."""
        resting, self._resting = self._resting, []
        with ExitStack() as ends:
            for _, executor in resting:
                ends.callback(executor.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _have_rest(self, kind: Kind, executor: Executor) -> None:
        executor.rest()
        self._resting.append((kind, executor))
        while len(self._resting) > self.most:
            self._resting.pop(0)[1].close()

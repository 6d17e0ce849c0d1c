"""Workers as the driver knows them, whichever way they are heard.

Owns: ``Worker``, what is known of a process that was heard. Two ways lead from one: the ``hub``, and the
``mailbox`` where the hub cannot be dialled; both bring the same frames, and to both a word can be given.
Must not know Ray.
"""

from __future__ import annotations

from typing import Protocol

from attrs import define

from penstock_ray import wire
from penstock_ray.exits import Watched


class Voice(Protocol):
    """What carries a word to a worker."""

    def say(self, frame: wire.Frame) -> bool:
        """Say something; False when that is not possible now."""
        ...


@define(eq=False)
class Worker:
    """A process that runs tasks of the run, and told so.

    Args:
        voice: carries what it is told.
        where: node and pid, for people.
        task: key of the task that it is running, or the empty text.
        is_open: False after its end, or that of the way to it.
        is_cut: whether that came by a fault, which takes away what was on its way.
        process: tells how it ended; None where that cannot be known.
        is_direct: whether what it sent before a crash arrives for certain.
        heard: when something came from it last, by the monotonic clock; None before, and after its end.
    """

    voice: Voice
    where: str = "a worker"
    task: str = ""
    is_open: bool = True
    is_cut: bool = False
    process: Watched | None = None
    is_direct: bool = True
    heard: float | None = None

    def introduce(self, frame: wire.Frame, space: str) -> None:
        """It says hello.

        Args:
            frame: in which it does.
            space: of the process ids here.
        """
        _, self.where, pid, (its_space,) = frame
        if space and its_space == space:
            self.process = Watched(pid)

    def tell(self, kind: wire.Kind, task: str = "", number: int = 0) -> bool:
        """Say something about a task; False when that is not possible now."""
        return self.is_open and self.voice.say((kind, task, number, ()))

    @property
    def is_over(self) -> bool:
        """Whether all was heard that it said: its process has ended, or the way from it did in order."""
        if self.process is not None and self.process.ending():
            return True
        return not self.is_open and not self.is_cut

    def forget(self) -> None:
        """Nobody will ask how it ended."""
        if self.process is not None:
            self.process.close()

    def end(self) -> None:
        """Nothing more comes from it."""
        self.is_open = False
        if not self.task:
            self.forget()


Heard = tuple[Worker, wire.Frame | None]
"""A worker and its frame; None when nothing more comes from it."""

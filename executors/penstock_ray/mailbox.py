"""The mailbox: an actor of the cluster through which workers are heard that cannot dial the driver.

Owns: ``Mailbox``, the driver's side of it, and ``Box``, which runs as the actor. It has no name, so it is
known to those alone that get its handle with a task of the run; what goes through it is pickled by Ray, which
asks for no more trust than the results of tasks do. It needs no processor, stands on the driver's own node
where that is possible, is never started again, and ends with the driver.

The driver sleeps on a bell with its sockets, while one call waits in the mailbox until letters come. Each
worker has a call there too, for what it is told. A mark says how far the driver has read: what a worker put
there before it died comes before a mark that is made afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from typing import Any

import ray as _ray
from attrs import define, field
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from penstock_ray import wire
from penstock_ray.bell import Bell
from penstock_ray.exits import here
from penstock_ray.letters import Letter, asked
from penstock_ray.workers import Heard, Worker

ray: Any = _ray  # ships types that a strict checker cannot follow

MOST = 64 << 20
"""Bytes that wait for a driver that is busy; beyond these, what can be left out is: outcomes repeat it."""

_RENEWED = 60.0
_GOODBYE = 0.5
_CALLERS = 100_000

Item = tuple[str, bytes | int | None]
"""From whom, and a frame; a mark; or None when nothing more comes from there."""


class Box:
    """Letters for the driver, words for workers; runs as an actor."""

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._size = 0
        self._news = asyncio.Event()
        self._words: dict[str, _Words] = {}

    async def enter(self, name: str) -> None:
        """A worker will write under this name."""
        self._words[name] = _Words()

    async def leave(self, name: str) -> None:
        """Nothing more comes from a worker."""
        if self._words.pop(name, None) is not None:
            self._add(name, None)

    async def put(self, name: str, letters: Sequence[Letter]) -> None:
        """Letters of a worker, in their order."""
        for is_needed, letter in letters:
            if is_needed or self._size <= MOST:
                self._size += len(letter)
                self._add(name, letter)

    async def hear(self, name: str) -> list[bytes]:
        """What a worker is told; waits for it."""
        words = self._words[name]
        with suppress(TimeoutError):
            await asyncio.wait_for(words.news.wait(), _RENEWED)
        words.news.clear()
        said, words.frames = words.frames, []
        return said

    async def say(self, name: str, frame: bytes) -> None:
        """Tell a worker something."""
        if name in self._words:
            self._words[name].frames.append(frame)
            self._words[name].news.set()

    async def mark(self, name: str, number: int) -> None:
        """Give the driver a number back behind what is here.

        Args:
            name: of a worker that is gone, or the empty text.
            number: of the mark.
        """
        self._words.pop(name, None)
        self._add(name, number)

    async def take(self) -> list[Item]:
        """Everything that is here; waits for it."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), _RENEWED)
        self._news.clear()
        items, self._items, self._size = self._items, [], 0
        return items

    def _add(self, name: str, item: bytes | int | None) -> None:
        self._items.append((name, item))
        self._news.set()


@define(eq=False)
class _Words:
    frames: list[bytes] = field(factory=list[bytes])
    news: asyncio.Event = field(factory=asyncio.Event)


@define(eq=False)
class _Slot:
    """Carries words to one worker.

    Args:
        mailbox: handle of the actor.
        name: of the worker's line.
    """

    mailbox: Any
    name: str

    def say(self, frame: wire.Frame) -> bool:
        """Leave it there; whether it is heard nobody knows."""
        asked(self.mailbox.say, self.name, wire.packed(frame))
        return True


class Mailbox:
    """The driver's side: hears workers as the hub does.

    Args:
        start: gives the handle of a new ``Box``.
    """

    def __init__(self, start: Callable[[], Any]) -> None:
        self.handle = start()
        self.is_open = True
        self._bell = Bell()
        self._space = here()
        self._workers: dict[str, Worker] = {}
        self._made = self._passed = 0  # marks
        self._taken = self._take()

    @property
    def is_awaited(self) -> bool:
        """Whether workers that are not in the midst of a task have not hung up yet."""
        return self.is_open and any(map(_hangs_up, self._workers.values()))

    def fileno(self) -> int:
        """Of the bell, which rings when letters have come."""
        return self._bell.fileno()

    def hear(self) -> Sequence[Heard]:
        """What has come; at the end of the mailbox, the end of each worker."""
        self._bell.hush()
        if not self.is_open:
            return self._end_all()
        if not self._taken.done():
            return []
        try:
            items = self._taken.result()
        except Exception:  # noqa: BLE001 - any of Ray's: it is gone
            self.is_open = False
            return self._end_all()
        self._taken = self._take()
        heard = [self._opened(name, item) for name, item in items]
        return [one for one in heard if one is not None]

    def mark(self, worker: Worker | None, *, is_gone: bool) -> int:
        """Ask for what is still there.

        Args:
            worker: whose letters are of interest; None when it is not known yet.
            is_gone: whether it has died.

        Returns:
            For ``has_passed``; 0 when nothing can be there.
        """
        name = next((name for name, one in self._workers.items() if one is worker), "")
        if worker is not None and not name:
            return 0
        self._made += 1
        asked(self.handle.mark, name if is_gone else "", self._made)
        return self._made

    def has_passed(self, mark: int) -> bool:
        """Whether all that was there before a mark has been heard."""
        return self._passed >= mark

    def give_up(self) -> None:
        """It does not answer: it is as good as gone."""
        self.is_open = False
        self._bell.ring()

    def say_goodbye(self) -> None:
        """Tell the workers that the run has ended."""
        for worker in self._workers.values():
            worker.tell("bye")

    def close(self) -> None:
        """End the actor."""
        self.is_open = False
        self._end_all()
        self._bell.close()
        if ray.is_initialized():  # or ``kill`` would start a Ray
            asked(self.handle.mark, "", 0)  # answers the call that waits: Ray need not fail it
            wait([self._taken], _GOODBYE)
            with suppress(Exception):
                ray.kill(self.handle)

    def _take(self) -> Future[Any]:
        future = asked(self.handle.take)
        future.add_done_callback(self._bell.ring)
        return future

    def _opened(self, name: str, item: bytes | int | None) -> Heard | None:
        if isinstance(item, bytes):
            return self._read(name, item)
        if item is not None:
            self._passed = max(self._passed, item)  # marks may overtake each other on their way
        return self._end(name)

    def _end(self, name: str) -> Heard | None:
        worker = self._workers.pop(name, None)
        if worker is None:
            return None
        worker.end()
        return worker, None

    def _read(self, name: str, letter: bytes) -> Heard | None:
        frame = wire.unpacked(letter)
        if frame is None:
            return None
        if frame[0] == "hello":
            worker = self._workers[name] = Worker(_Slot(self.handle, name), is_direct=False)
            worker.introduce(frame, self._space)
            return None
        if frame[0] == "bye":
            return self._end(name)
        return (self._workers[name], frame) if name in self._workers else None

    def _end_all(self) -> list[Heard]:
        workers, self._workers = list(self._workers.values()), {}
        for worker in workers:
            worker.is_cut = True
            worker.end()
        return [(worker, None) for worker in workers]


def _hangs_up(worker: Worker) -> bool:
    """Whether a worker is able to: it lives, as far as that is known, and no task holds it up."""
    return not worker.task and not (worker.process is not None and worker.process.ending())


def start_box() -> Any:
    """Start the actor; gives its handle at once."""
    node = ray.get_runtime_context().get_node_id()
    options = {
        "num_cpus": 0,
        "max_restarts": 0,
        "max_task_retries": 0,
        "max_concurrency": _CALLERS,
        "enable_task_events": False,
        "scheduling_strategy": NodeAffinitySchedulingStrategy(node, soft=True),
    }
    return ray.remote(Box).options(**options).remote()

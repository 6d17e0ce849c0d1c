"""A graph of trivial steps, as bare Ray would run it and as the Ray executor does without an engine."""

from __future__ import annotations

import pickle
import resource
import time
from collections import deque
from typing import Any, Self

from penstock.spi.executor import Outcome, Progress, Task, TaskResult

EVENT = ("StepEvent", "layer[17]#1", 1_700_000_000.0, {"rows": 1000, "path": "/data/layer/17"})


def layered(layers: int, width: int) -> list[tuple[int, ...]]:
    """Parents of each step: two of the layer above."""
    first: list[tuple[int, ...]] = [() for _ in range(width)]
    return first + [
        ((layer - 1) * width + at, (layer - 1) * width + (at + 1) % width)
        for layer in range(1, layers)
        for at in range(width)
    ]


def chain(length: int) -> list[tuple[int, ...]]:
    """Parents of each step: the one before."""
    return [(), *((at,) for at in range(length - 1))]


class BenchRunner:
    """Adds numbers up and tells a few records."""

    def run(self, body: Any, handed: Any, report: Any) -> TaskResult:
        """``body`` is the number of records; one that is negative is a chain of so many steps in one task.

        ``("fan", n)`` hands on ``n`` values, ``("tell", n)`` tells the time ``n`` times.
        """
        if isinstance(body, tuple):
            return self._other(body[0], body[1], report)
        records = []
        for _ in range(max(1, -body)):
            for _ in range(abs(body) if body > 0 else 3):
                if report is not None:
                    report(EVENT)
                records.append(EVENT)
        return TaskResult(record=tuple(records), handed={"result": len(handed)})

    def _other(self, what: str, count: int, report: Any) -> TaskResult:
        if what == "fan":
            return TaskResult(record=count, handed={f"part[{n}]": n for n in range(count)})
        for _ in range(count):
            time.sleep(0.07)
            report(time.time())
        return TaskResult(record=count)

    def close(self) -> None:
        """Nothing was opened."""


def make_runner(_place: Any) -> BenchRunner:
    """By which workers get theirs."""
    return BenchRunner()


class BenchShared:
    """What the tasks of a benchmark share."""

    modules: tuple[str, ...] = ()

    def __init__(self, key: str) -> None:
        self.key = key

    def runner(self) -> BenchRunner:
        """Of this process."""
        return BenchRunner()

    wants = ()

    def blob(self) -> bytes:
        """Of other processes."""
        return pickle.dumps(make_runner)


class Spent:
    """Wall seconds and processor seconds of a block."""

    def __enter__(self) -> Self:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall = time.perf_counter() - self._wall
        self.cpu = time.process_time() - self._cpu


def up_front(ray: Any, step: Any, graph: list[tuple[int, ...]]) -> None:
    """Everything submitted at once, references as arguments."""
    refs: list[Any] = []
    for parents in graph:
        refs.append(step.remote(*[refs[one] for one in parents]))
    ray.get(refs)


def wait_loop(ray: Any, step: Any, graph: list[tuple[int, ...]], window: int = 64) -> None:
    """Submit when ready, ``ray.wait`` for one, drain, get."""
    children: list[list[int]] = [[] for _ in graph]
    left = [len(parents) for parents in graph]
    for at, parents in enumerate(graph):
        for one in parents:
            children[one].append(at)
    uses = [len(some) for some in children]
    refs: dict[int, Any] = {}
    at_of: dict[Any, int] = {}
    ready = deque(at for at, count in enumerate(left) if count == 0)
    while ready or at_of:
        while ready and len(at_of) < window:
            at = ready.popleft()
            refs[at] = step.remote(*[refs[one] for one in graph[at]])
            at_of[refs[at]] = at
        waiting = list(at_of)
        done, rest = ray.wait(waiting, num_returns=1)
        if rest:
            more, _ = ray.wait(rest, num_returns=len(rest), timeout=0)
            done += more
        ray.get(done)
        for ref in done:
            at = at_of.pop(ref)
            for one in graph[at]:
                uses[one] -= 1
                if not uses[one]:
                    del refs[one]
            for child in children[at]:
                left[child] -= 1
                if not left[child]:
                    ready.append(child)
        del done, waiting, rest


def by_executor(executor: Any, graph: list[tuple[int, ...]], events: int, prefix: str) -> int:
    """The same through the executor, as the engine would; how many records came live."""
    children: list[list[int]] = [[] for _ in graph]
    left = [len(parents) for parents in graph]
    for at, parents in enumerate(graph):
        for one in parents:
            children[one].append(at)
    uses = [len(some) for some in children]
    tickets: dict[int, Any] = {}
    at_of: dict[Any, int] = {}
    ready = deque(at for at, count in enumerate(left) if count == 0)
    told = 0
    while ready or at_of:
        while ready:
            at = ready.popleft()
            task = Task(key=f"{prefix}s{at}#1", body=events, hands=("result",))
            upstream = {f"in{one}": (tickets[one], "result") for one in graph[at]}
            tickets[at] = executor.submit(task, upstream)
            at_of[tickets[at]] = at
        for message in executor.collect(None):
            if type(message) is Progress:
                told += 1
                continue
            assert type(message) is Outcome, message
            at = at_of.pop(message.ticket)
            for one in graph[at]:
                uses[one] -= 1
                if not uses[one]:
                    executor.release(tickets.pop(one), ("result",))
            for child in children[at]:
                left[child] -= 1
                if not left[child]:
                    ready.append(child)
    for ticket in tickets.values():
        executor.release(ticket, ("result",))
    return told


def peak_bytes() -> int:
    """Of this process, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

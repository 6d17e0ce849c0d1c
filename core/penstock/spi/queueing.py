"""Queues in which what is more urgent waits further in front.

Owns: ``enqueue``, for the engine and for executors that keep accepted tasks waiting. Pure.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def enqueue(queue: deque[T], one: T, priority: Callable[[T], int]) -> None:
    """Let something wait behind all that is as urgent or more so.

    Args:
        queue: in which nothing stands before what is more urgent.
        one: what is to wait.
        priority: of whatever waits; higher goes first.
    """
    own = priority(one)
    if not queue or priority(queue[-1]) >= own:
        queue.append(one)
    else:
        queue.insert(next(place for place, other in enumerate(queue) if priority(other) < own), one)

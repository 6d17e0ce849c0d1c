"""Buffers that lie side by side in memory, to travel as one.

Owns: finding such neighbours in what arrays are made of again, and cutting them apart where they arrive.
Columns lie so when they are rows of one NumPy array, or were read from one Arrow stream or shared memory.
A store of shared memory takes each buffer by itself, in several threads that are begun and awaited each time.
Imported on first use, so pyarrow may stand at the top.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias, cast

import pyarrow as pa

from penstock.values import frozen

arrow: Any = pa  # ships no types; the aliases say what is meant
Buffer: TypeAlias = Any
Tree: TypeAlias = Any
"""Tuples and lists, nested, with buffers in them."""

_PADDING = 64
"""Bytes; what Arrow leaves between the buffers of a stream is less."""
_ALIGNED = 8
_LEAST = 4 << 10
"""Bytes; smaller buffers cost less than joining them."""


@frozen
class Piece:
    """A buffer as part of a span: the place of the span, where the piece starts in it, and its bytes."""

    span: int
    start: int
    size: int

    def __reduce__(self) -> tuple[Any, ...]:
        """The shortest way: there are many in a wide table."""
        return Piece, (self.span, self.start, self.size)


def joined(tree: Tree) -> tuple[Tree, tuple[Buffer, ...]]:
    """What arrays are made of, with neighbours in memory as pieces of spans.

    Args:
        tree: with ``pyarrow.Buffer`` objects in it.

    Returns:
        The tree, with a piece for each buffer that has a neighbour, and the spans.
    """
    runs = [run for run in _runs(_buffers(tree)) if len(run) > 1]
    if not runs:
        return tree, ()
    pieces: dict[int, Piece] = {
        id(one): Piece(place, one.address - run[0].address, one.size)
        for place, run in enumerate(runs)
        for one in run
    }
    return _changed(tree, arrow.Buffer, lambda one: pieces.get(id(one), one)), tuple(map(_span, runs))


def parted(tree: Tree, spans: Sequence[Buffer]) -> Tree:
    """What ``joined`` was given, over the memory of the spans."""
    if not spans:
        return tree
    return _changed(tree, Piece, lambda one: spans[one.span].slice(one.start, one.size))


def _runs(buffers: Iterable[Buffer]) -> Iterator[list[Buffer]]:
    """The buffers in order of their addresses, neighbours together."""
    run: list[Buffer] = []
    end = 0
    for one in sorted(buffers, key=lambda one: (one.address, one.size)):
        if run and not _is_near(run, end, one):
            yield run
            run, end = [], 0
        run.append(one)
        end = max(end, one.address + one.size)
    yield run


def _is_near(run: Sequence[Buffer], end: int, one: Buffer) -> bool:
    """Whether a buffer continues a run that ends at an address, with no bytes of others between."""
    gap = one.address - end
    if (one.address - run[0].address) % _ALIGNED:
        return False
    return gap <= 0 or (gap < _PADDING and _owner(one) == _owner(run[-1]))


def _owner(buffer: Buffer) -> tuple[int, int]:
    """The memory that a buffer is a part of."""
    while buffer.parent is not None:
        buffer = buffer.parent
    return buffer.address, buffer.size


def _span(run: Sequence[Buffer]) -> Buffer:
    start = run[0].address
    return arrow.foreign_buffer(start, max(one.address + one.size for one in run) - start, run)


def _buffers(tree: Tree) -> Iterator[Buffer]:
    """The buffers that can be joined."""
    if isinstance(tree, (tuple, list)):
        for one in cast("Sequence[Tree]", tree):
            yield from _buffers(one)
    elif isinstance(tree, arrow.Buffer) and tree.size >= _LEAST and tree.is_cpu:
        yield tree


def _changed(tree: Tree, kind: type, change: Callable[[Any], Any]) -> Tree:
    """The tree with what is of a kind changed."""
    if isinstance(tree, kind):
        return change(tree)
    if isinstance(tree, (tuple, list)):
        parts = [_changed(one, kind, change) for one in cast("Sequence[Tree]", tree)]
        return tuple(parts) if isinstance(tree, tuple) else parts
    return tree

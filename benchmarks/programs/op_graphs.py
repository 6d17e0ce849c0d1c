"""Graphs of trivial ops as one asset: between the ops values are handed straight on, nothing is stored."""

from __future__ import annotations

from typing import Any

from shapes import functions, parents

NAMES = ("source", "follower", "joiner")


def op_asset(library: Any, shape: str, count: int) -> Any:
    """An asset made by so many ops in a shape of ``shapes``; one more counts what nobody reads."""
    graph = parents(shape, count)
    ops = {
        reads: library.op(name=NAMES[reads])(functions(tuple(range(reads))))
        for reads in {len(read) for read in graph}
    }
    read_by_some = {parent for read in graph for parent in read}
    gather = library.op(name="gather")(gathered)

    @library.graph_asset(name=f"{shape}_{count}")
    def whole() -> Any:
        values: list[Any] = []
        for number, read in enumerate(graph):
            step = ops[len(read)].alias(f"s{number}")
            values.append(step(*[values[parent] for parent in read]))
        return gather([value for number, value in enumerate(values) if number not in read_by_some])

    return whole


def gathered(values: list[int]) -> int:
    """How many there are."""
    return len(values)


def fan_out_asset(library: Any, count: int) -> Any:
    """An asset made by one op that gives so many dynamic outputs, one op for each, and one for all."""

    @library.op(out=library.DynamicOut(int))
    def items() -> Any:
        for number in range(count):
            yield library.DynamicOutput(number, mapping_key=f"k{number}")

    @library.op
    def mapped(item: int) -> int:
        return item + 1

    gather = library.op(name="gather")(gathered)

    @library.graph_asset(name=f"fan_out_{count}")
    def whole() -> Any:
        return gather(items().map(mapped).collect())

    return whole

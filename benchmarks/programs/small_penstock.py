"""The small graph on the Ray executor, each run recorded in a durable store."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from library import instance_of, load
from quiet_ray import small_ray
from small_graph import STEPS, add, compare, parents, size, table

library = load("penstock")
EXECUTOR = {"ray": {}}


def source() -> int:
    return add()


def joiner(left: int, right: int) -> int:
    return add(left, right)


def last(values: list[int]) -> int:
    return len(values)


def layers() -> Any:
    """The graph as an asset."""
    first, join, gather = (library.op(function) for function in (source, joiner, last))

    @library.graph_asset(name="layers")
    def whole() -> Any:
        made: list[Any] = []
        for number in range(STEPS):
            read = [made[one] for one in parents(number)]
            made.append((join if read else first).alias(f"s{number}")(*read))
        return gather(made[-10:])

    return whole


def tables() -> Any:
    """The hand-off as an asset; the two would run in one process if nobody said otherwise."""
    alone = {"penstock/alone": "true"}
    produce, consume = library.op(tags=alone)(table), library.op(tags=alone)(size)

    @library.graph_asset(name="tables")
    def whole() -> Any:
        return consume(produce())

    return whole


def main() -> None:
    with instance_of("penstock", "durable", Path(mkdtemp(prefix="bench-"))) as instance:

        def run(asset: Any) -> None:
            assert library.materialize([asset], instance=instance, executor=EXECUTOR).success

        graph, hand_off = layers(), tables()
        compare(lambda: run(graph), lambda: run(hand_off))


if __name__ == "__main__":
    with small_ray(1 << 30):
        main()

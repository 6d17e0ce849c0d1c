"""Numbers for partitions: each key of a definition as one whole number, and sets of them as bits of one.

Owns: ``Numbering`` and ``numbering_of``. A number depends on the definition alone, never on what counts as
now, so it can be written down; the ruler says by which definition. Of several dimensions only the first to
nest may be without end, and the last takes whole bytes, so that a set is cut into slices without shifting.
Partitions that come and go have no numbers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, product
from math import prod
from operator import mul
from typing import Any, Protocol

from penstock.partitions.bits import BitForm, Bits
from penstock.partitions.boxes import BoxForm, boxes_of
from penstock.partitions.definition import PartitionsDefinition
from penstock.partitions.keys import fingerprint
from penstock.partitions.span_form import SpanForm
from penstock.partitions.spans import Run, Spans
from penstock.partitions.view import View
from penstock.values import frozen

_ONES = re.compile("1+")
_BYTES = re.compile(rb"\xff+|[^\x00]")


_FULL = 0xFF
_RUNS = tuple(tuple(one.span() for one in _ONES.finditer(f"{byte:b}"[::-1])) for byte in range(_FULL))


CHUNK = 4096
"""Numbers in a chunk of a set."""

Chunks = Mapping[int, int]
"""A set of numbers as the masks of its chunks; those that are empty are left away."""

_FULL_CHUNK = (1 << CHUNK) - 1


class Numbering(Protocol):
    """The numbers of a definition's keys; a mask has bit n set when number n is in a set."""

    @property
    def ruler(self) -> str:
        """Equal rulers number alike."""
        ...

    def number_of(self, key: str) -> int | None:
        """The number of a key that may ever exist, None for others."""
        ...

    def between(self, first: str, last: str) -> int:
        """The mask of a range of keys, of each dimension if there are several; 0 when there is none."""
        ...

    def layers(self, sets: Sequence[Chunks], view: View) -> list[Any]:
        """All partitions there are, each in the first of some sets that has it, or else in the last body.

        Args:
            sets: those on top first.
            view: says which partitions there are.

        Returns:
            A body in the form of the definition for each set, and one for what is in none of them.
        """
        ...

    def each_of(self, keys: Collection[str]) -> list[int | None]:
        """The number of each of these keys, as ``number_of`` says; faster than one by one."""
        ...

    def numbers_of(self, keys: Sequence[str]) -> Sequence[int] | None:
        """The numbers of keys that exist, in their order; None when one has none."""
        ...


def numbering_of(definition: PartitionsDefinition) -> Numbering | None:
    """The numbers of a definition's keys, None for partitions that come and go."""
    form = definition.form
    if isinstance(form, (SpanForm, BitForm)):
        return Line(form)
    if not isinstance(form, BoxForm):
        return None
    head, *rest = (form.forms[name] for name in form.order)
    if isinstance(head, (SpanForm, BitForm)) and all(isinstance(one, BitForm) for one in rest):
        return Cube(form)
    return None


def numbered(definition: PartitionsDefinition, keys: Sequence[str]) -> tuple[str, Sequence[int]] | None:
    """The ruler and the numbers of the partitions that a run covers, None when they have none.

    Args:
        definition: the partitions of the run.
        keys: those that it covers, in order.
    """
    numbering = numbering_of(definition) if keys else None
    numbers = None if numbering is None else numbering.numbers_of(keys)
    return None if numbering is None or numbers is None else (numbering.ruler, numbers)


# ---- one dimension -------------------------------------------------------------------------------


@frozen
class Line:
    """Numbers of windows of time, or of listed keys: their places."""

    form: SpanForm | BitForm

    @property
    def ruler(self) -> str:
        """Changes with the form, with the first window and with the end."""
        if isinstance(self.form, BitForm):
            return self.form.identity
        line = self.form.timeline
        return fingerprint(f"{self.form.identity} from {line.kept.at(0)} to {line.rules.end}")

    def number_of(self, key: str) -> int | None:
        """The number of a key that may ever exist, None for others."""
        return self.form.place_of(key)

    def between(self, first: str, last: str) -> int:
        """The mask of a range of keys, 0 when there is none."""
        start, end = self.number_of(first), self.number_of(last)
        return 0 if start is None or end is None else ones(start, end)

    def layers(self, sets: Sequence[Chunks], view: View) -> list[Any]:
        """All partitions there are, by the first set that has them; see ``Numbering``."""
        count = len(self.form.everything(view))
        if isinstance(self.form, BitForm):
            return list(map(Bits, layers_of([mask_of(one) for one in sets], ones(0, count - 1))))
        found = _layered_runs(sets, count)
        return [Spans(tuple(one)) for one in found]

    def numbers_of(self, keys: Sequence[str]) -> Sequence[int] | None:
        """The numbers of keys that exist, in their order; those of a range are not looked up one by one."""
        first, last = self.number_of(keys[0]), self.number_of(keys[-1])
        if first is not None and last is not None and last - first == len(keys) - 1:
            return range(first, last + 1)
        return _all_of(self.each_of(keys))

    def each_of(self, keys: Collection[str]) -> list[int | None]:
        """The number of each key that may ever exist, None for others."""
        return self.form.places_of(keys)


# ---- several dimensions --------------------------------------------------------------------------


@frozen
class Cube:
    """Numbers of combinations: the first dimension to nest counts slices, the last one bits of them."""

    form: BoxForm

    @property
    def ruler(self) -> str:
        """Changes with that of any dimension."""
        return fingerprint(repr([(name, Line(form).ruler) for name, form in self._sides()]))

    def _sides(self) -> list[tuple[str, Any]]:
        return [(name, self.form.forms[name]) for name in self.form.order]

    def _strides(self) -> list[int]:
        """How many numbers a step in each dimension is, as they nest."""
        sizes = [len(form.keys) for _, form in self._sides()[1:]]
        if not sizes:
            return [1]
        sizes[-1] = -(-sizes[-1] // 8) * 8
        return [*(prod(sizes[at:]) for at in range(len(sizes))), 1]

    def number_of(self, key: str) -> int | None:
        """The number of a key that may ever exist, None for others."""
        return self.each_of([key])[0]

    def each_of(self, keys: Collection[str]) -> list[int | None]:
        """The number of each key that may ever exist, None for others."""
        steps = dict(zip(self.form.order, self._strides(), strict=True))
        by_name = tuple(steps[name] for name in self.form.forms)
        places = self.form.places_of(keys)
        return [None if one is None else sum(map(mul, one, by_name)) for one in places]

    def between(self, first: str, last: str) -> int:
        """The mask of all combinations of a range in each dimension, 0 when there are none."""
        start, end = self.form.place_of(first), self.form.place_of(last)
        if start is None or end is None:
            return 0
        ends = dict(zip(self.form.forms, zip(start, end, strict=True), strict=True))
        return self._box([ends[name] for name in self.form.order])

    def layers(self, sets: Sequence[Chunks], view: View) -> list[Any]:
        """All partitions there are, by the first set that has them; see ``Numbering``."""
        everything = self._box([(0, len(form.everything(view)) - 1) for _, form in self._sides()])
        return [self._body(mask) for mask in layers_of([mask_of(one) for one in sets], everything)]

    def _box(self, ends: Sequence[tuple[int, int]]) -> int:
        strides = self._strides()
        mask = ones(*ends[-1])
        for (first, last), stride in reversed(list(zip(ends[:-1], strides[:-1], strict=True))):
            if last < first:
                return 0
            slices = mask.to_bytes(stride // 8, "little") * (last - first + 1)
            mask = int.from_bytes(slices, "little") << (first * stride)
        return mask

    def _body(self, mask: int) -> Any:
        return self._gathered(mask.to_bytes((mask.bit_length() + 7) // 8, "little"), 0)

    def _gathered(self, held: bytes, depth: int) -> Any:
        (_, form), stride = self._sides()[depth], self._strides()[depth] // 8
        if not stride:
            mask = int.from_bytes(held, "little")
            return Bits(mask) if isinstance(form, BitForm) else Spans(tuple(runs_in(mask)))
        by_tail: dict[bytes, list[int]] = {}
        for head, at in enumerate(range(0, len(held), stride)):
            by_tail.setdefault(held[at : at + stride].ljust(stride, b"\0"), []).append(head)
        by_tail.pop(bytes(stride), None)
        return boxes_of(
            (form.body_of(heads), self._gathered(tail, depth + 1)) for tail, heads in by_tail.items()
        )

    def numbers_of(self, keys: Sequence[str]) -> Sequence[int] | None:
        """The numbers of keys that exist, in their order; those of a box are reckoned by dimension."""
        first, last = self.form.place_of(keys[0]), self.form.place_of(keys[-1])
        if first is None or last is None:
            return None
        sides = [range(low, high + 1) for low, high in zip(first, last, strict=True)]
        if prod(map(len, sides)) == len(keys):
            steps = dict(zip(self.form.order, self._strides(), strict=True))
            scaled = [
                [one * steps[name] for one in side] for name, side in zip(self.form.forms, sides, strict=True)
            ]
            return tuple(map(sum, product(*scaled)))
        return _all_of(self.each_of(keys))


def _all_of(numbers: Sequence[int | None]) -> tuple[int, ...] | None:
    return None if None in numbers else tuple(one for one in numbers if one is not None)


# ---- masks ---------------------------------------------------------------------------------------


def ones(first: int, last: int) -> int:
    """The mask of all numbers from one to another, both included; 0 the wrong way round."""
    return ((1 << last - first + 1) - 1) << first if first <= last else 0


def has(chunks: Chunks, number: int) -> bool:
    """Whether a set has a number."""
    return bool(chunks.get(number // CHUNK, 0) >> number % CHUNK & 1)


def mask_of(chunks: Chunks) -> int:
    """One large mask of chunks."""
    size = CHUNK // 8
    held = bytearray(size * (1 + max(chunks, default=-1)))
    for chunk, mask in chunks.items():
        held[size * chunk : size * (chunk + 1)] = mask.to_bytes(size, "little")
    return int.from_bytes(held, "little")


def layers_of(masks: Sequence[int], everything: int) -> list[int]:
    """What each mask adds to those before it, within everything; at the end what is in none."""
    found: list[int] = []
    left = everything
    for mask in masks:
        found.append(left & mask)
        left &= ~mask
    return [*found, left]


def _layered_runs(sets: Sequence[Chunks], count: int) -> list[list[Run]]:
    """The ranges of each layer of the numbers below a count, and of the rest; cost goes by chunks."""
    found: list[list[Run]] = [[] for _ in range(len(sets) + 1)]
    after = 0
    for chunk in sorted(frozenset[int]().union(*sets)):
        start, end = chunk * CHUNK, min((chunk + 1) * CHUNK, count)
        if start >= count:
            break
        if start > after:
            _extend(found[-1], after, start)
        whole = _FULL_CHUNK if end - start == CHUNK else ones(0, end - start - 1)
        for runs, mask in zip(found, layers_of([one.get(chunk, 0) for one in sets], whole), strict=True):
            if mask == whole:
                _extend(runs, start, end)
            elif mask:
                for first, last in runs_in(mask):
                    _extend(runs, start + first, start + last)
        after = end
    if count > after:
        _extend(found[-1], after, count)
    return found


def _extend(runs: list[Run], start: int, end: int) -> None:
    """Add a range behind the others, which it may touch."""
    if runs and runs[-1][1] == start:
        runs[-1] = (runs[-1][0], end)
    else:
        runs.append((start, end))


def numbers_in(mask: int) -> Iterator[int]:
    """The numbers of a mask, in order."""
    return chain.from_iterable(map(range, *zip(*runs_in(mask), strict=True))) if mask else iter(())


def runs_in(mask: int) -> Iterator[Run]:
    """From and up to (without) of each range without a gap, in order."""
    held = mask.to_bytes(-(-mask.bit_length() // 8), "little")
    start = end = 0
    for first, last in _pieces(held):
        if first > end:
            if end > start:
                yield start, end
            start = first
        end = last
    if end > start:
        yield start, end


def _pieces(held: bytes) -> Iterator[Run]:
    """The ranges, those that touch not yet made one: bytes that are full or empty are not looked into."""
    for some in _BYTES.finditer(held):
        start, end = some.span()
        if held[start] == _FULL:
            yield 8 * start, 8 * end
        else:
            for first, last in _RUNS[held[start]]:
                yield 8 * start + first, 8 * start + last

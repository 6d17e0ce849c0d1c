"""Numbers for partitions: each key of a definition as one whole number, and sets of them as bits of one.

Owns: ``Numbering`` and ``numbering_of``. A number depends on the definition alone, never on what counts as
now, so it can be written down; the ruler says by which definition. Of several dimensions only the first to
nest may be without end, and the last takes whole bytes, so that a set is cut into slices without shifting.
Partitions that come and go have no numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
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

    def everything(self, view: View) -> int:
        """The mask of all partitions there are."""
        ...

    def body(self, mask: int) -> Any:
        """A set in the form of the definition."""
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

    def everything(self, view: View) -> int:
        """The mask of all partitions there are."""
        return ones(0, len(self.form.everything(view)) - 1)

    def body(self, mask: int) -> Any:
        """A set as bits or as ranges."""
        return Bits(mask) if isinstance(self.form, BitForm) else Spans(tuple(runs_in(mask)))

    def numbers_of(self, keys: Sequence[str]) -> Sequence[int] | None:
        """The numbers of keys that exist, in their order; those of a range are not looked up one by one."""
        first, last = self.number_of(keys[0]), self.number_of(keys[-1])
        if first is not None and last is not None and last - first == len(keys) - 1:
            return range(first, last + 1)
        found = [self.number_of(key) for key in keys]
        return None if None in found else tuple(one for one in found if one is not None)


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
        place = self.form.place_of(key)
        if place is None:
            return None
        by_name = dict(zip(self.form.forms, place, strict=True))
        return sum(by_name[name] * one for name, one in zip(self.form.order, self._strides(), strict=True))

    def between(self, first: str, last: str) -> int:
        """The mask of all combinations of a range in each dimension, 0 when there are none."""
        start, end = self.form.place_of(first), self.form.place_of(last)
        if start is None or end is None:
            return 0
        ends = dict(zip(self.form.forms, zip(start, end, strict=True), strict=True))
        return self._box([ends[name] for name in self.form.order])

    def everything(self, view: View) -> int:
        """The mask of all partitions there are."""
        return self._box([(0, len(form.everything(view)) - 1) for _, form in self._sides()])

    def _box(self, ends: Sequence[tuple[int, int]]) -> int:
        strides = self._strides()
        mask = ones(*ends[-1])
        for (first, last), stride in reversed(list(zip(ends[:-1], strides[:-1], strict=True))):
            if last < first:
                return 0
            slices = mask.to_bytes(stride // 8, "little") * (last - first + 1)
            mask = int.from_bytes(slices, "little") << (first * stride)
        return mask

    def body(self, mask: int) -> Any:
        """A set as boxes."""
        return self._gathered(mask.to_bytes((mask.bit_length() + 7) // 8, "little"), 0)

    def _gathered(self, held: bytes, depth: int) -> Any:
        (_, form), stride = self._sides()[depth], self._strides()[depth] // 8
        if not stride:
            return Line(form).body(int.from_bytes(held, "little"))
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
        found = [self.number_of(key) for key in keys]
        return None if None in found else tuple(one for one in found if one is not None)


# ---- masks ---------------------------------------------------------------------------------------


def ones(first: int, last: int) -> int:
    """The mask of all numbers from one to another, both included; 0 the wrong way round."""
    return ((1 << last - first + 1) - 1) << first if first <= last else 0


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

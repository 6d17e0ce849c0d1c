"""Subsets of partitions with several dimensions, as boxes: some keys of one dimension times some of the rest.

Owns: ``Boxes`` and ``BoxForm``. Each box pairs a set of the first dimension with the set of the rest that
all of them have; no two boxes have the same rest or share a first, so equal sets are written alike. The
cost of everything goes by the number of boxes, not of keys: a year of days in each of ten regions is one.
Dimensions of time go first, because their sets are long ranges.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import product
from operator import itemgetter
from typing import Any

from penstock.errors import UnknownPartitionError
from penstock.partitions.forms import Body, Form
from penstock.partitions.keys import SEPARATOR, MultiPartitionKey, fingerprint, parts_of
from penstock.partitions.view import View
from penstock.values import frozen

Box = tuple[Body, Body]


@frozen
class Boxes:
    """A set of pairs.

    Args:
        boxes: each a set of firsts and the set of rests of all of them.
    """

    boxes: frozenset[Box] = frozenset()

    def __or__(self, other: Boxes) -> Boxes:
        found = [(head & head2, tail | tail2) for head, tail in self.boxes for head2, tail2 in other.boxes]
        found += _beside(self, other)
        found += _beside(other, self)
        return boxes_of(found)

    def __and__(self, other: Boxes) -> Boxes:
        return boxes_of(
            (head & head2, tail & tail2) for head, tail in self.boxes for head2, tail2 in other.boxes
        )

    def __sub__(self, other: Boxes) -> Boxes:
        found = [(head & head2, tail - tail2) for head, tail in self.boxes for head2, tail2 in other.boxes]
        return boxes_of([*found, *_beside(self, other)])

    def __len__(self) -> int:
        return sum(len(head) * len(tail) for head, tail in self.boxes)


def boxes_of(boxes: Iterable[Box]) -> Boxes:
    """Boxes that share no first, empty ones left out and those of one rest made one."""
    by_tail: dict[Body, Body] = {}
    for head, tail in boxes:
        if len(head) and len(tail):
            by_tail[tail] = by_tail[tail] | head if tail in by_tail else head
    return Boxes(frozenset((head, tail) for tail, head in by_tail.items()))


def _beside(one: Boxes, other: Boxes) -> Iterator[Box]:
    """The boxes of one, less all the firsts of the other."""
    for head, tail in one.boxes:
        left = head
        for taken, _ in other.boxes:
            left = left - taken
        yield left, tail


@frozen
class BoxForm:
    """Subsets of several dimensions. A place is the places in the dimensions, these sorted by name.

    Args:
        explain: what to say about a key that cannot exist.
        forms: the form of each dimension.
        order: the dimensions as boxes nest.
    """

    explain: Callable[[str], UnknownPartitionError]
    forms: Mapping[str, Form]
    order: tuple[str, ...]

    @property
    def identity(self) -> str:
        """Changes with that of any dimension."""
        return fingerprint(repr([(name, form.identity) for name, form in self.forms.items()]))

    def place_of(self, key: str) -> tuple[Any, ...] | None:
        """The places in the dimensions, None when one has none."""
        parts = parts_of(key, tuple(self.forms))
        if parts is None:
            return None
        places = tuple(form.place_of(one) for form, one in zip(self.forms.values(), parts, strict=True))
        return None if None in places else places

    def places_of(self, keys: Collection[str]) -> list[tuple[Any, ...] | None]:
        """The places of each of these keys, None for those that can never exist: each part is read once."""
        names = tuple(self.forms)
        split = [key.split(SEPARATOR) if type(key) is str else parts_of(key, names) for key in keys]
        split = [one if one is not None and len(one) == len(names) else None for one in split]
        known: list[dict[str, Any]] = []
        for at, form in enumerate(self.forms.values()):
            parts = {one[at] for one in split if one is not None}
            known.append(dict(zip(parts, form.places_of(parts), strict=True)))
        found: list[tuple[Any, ...] | None] = []
        for one in split:
            places = None if one is None else tuple(map(dict[str, Any].__getitem__, known, one))
            found.append(None if places is None or None in places else places)
        return found

    def key_at(self, place: tuple[Any, ...]) -> MultiPartitionKey:
        """The key of a place."""
        pairs = zip(self.forms.items(), place, strict=True)
        return MultiPartitionKey({name: form.key_at(one) for (name, form), one in pairs})

    def keys_of(self, body: Any) -> Iterator[str]:
        """The keys of a body, in order."""
        return map(self.key_at, self.places(body))

    def unknown(self, key: str) -> UnknownPartitionError:
        """What to say about a key that cannot exist, in the dimension where it fails."""
        return self.explain(key)

    def _nested(self, place: tuple[Any, ...]) -> tuple[Any, ...]:
        by_name = dict(zip(self.forms, place, strict=True))
        return tuple(by_name[name] for name in self.order)

    def _flat(self, nested: tuple[Any, ...]) -> tuple[Any, ...]:
        by_name = dict(zip(self.order, nested, strict=True))
        return tuple(by_name[name] for name in self.forms)

    def body_of(self, places: Iterable[tuple[Any, ...]]) -> Any:
        """The body that holds these places."""
        names = tuple(self.forms)
        if names != self.order:
            places = map(itemgetter(*(names.index(name) for name in self.order)), places)
        return self._gathered(list(places), 0)

    def _gathered(self, places: list[tuple[Any, ...]], depth: int) -> Any:
        form = self.forms[self.order[depth]]
        if depth == len(self.order) - 1:
            return form.body_of(place[depth] for place in places)
        by_head: dict[Any, list[tuple[Any, ...]]] = {}
        for place in places:
            by_head.setdefault(place[depth], []).append(place)
        by_tail: dict[Body, list[Any]] = {}
        for head, those in by_head.items():
            by_tail.setdefault(self._gathered(those, depth + 1), []).append(head)
        return Boxes(frozenset((form.body_of(heads), tail) for tail, heads in by_tail.items()))

    def box(self, sides: Mapping[str, Body]) -> Any:
        """The body of all combinations of these sets, one a dimension."""
        *names, last = self.order
        found: Body = sides[last]
        for name in reversed(names):
            found = boxes_of([(sides[name], found)])
        return found

    def boxes(self, body: Any) -> Iterator[dict[str, Body]]:
        """The sets of each dimension whose combinations make up a body."""
        return self._opened(body, 0)

    def _opened(self, body: Any, depth: int) -> Iterator[dict[str, Body]]:
        name = self.order[depth]
        if depth == len(self.order) - 1:
            if len(body):
                yield {name: body}
            return
        for head, tail in body.boxes:
            for rest in self._opened(tail, depth + 1):
                yield {name: head, **rest}

    def span(self, first: tuple[Any, ...], last: tuple[Any, ...], view: View) -> Any:
        """The body of all combinations of a range in each dimension."""
        sides = zip(self.forms.items(), first, last, strict=True)
        return self.box({name: form.span(low, high, view) for (name, form), low, high in sides})

    def everything(self, view: View) -> Any:
        """The body of all partitions there are."""
        return self.box({name: form.everything(view) for name, form in self.forms.items()})

    def contains(self, body: Any, place: tuple[Any, ...]) -> bool:
        """Whether a body holds a place."""
        *heads, last = zip(self.order, self._nested(place), strict=True)
        for name, one in heads:
            body = next((tail for head, tail in body.boxes if self.forms[name].contains(head, one)), None)
            if body is None:
                return False
        return self.forms[last[0]].contains(body, last[1])

    def places(self, body: Any) -> Iterator[tuple[Any, ...]]:
        """The places of a body, in order."""
        found = [
            place
            for sides in self.boxes(body)
            for place in product(*(form.places(sides[name]) for name, form in self.forms.items()))
        ]
        return iter(sorted(found))

    def runs(self, body: Any, view: View) -> Iterator[tuple[Any, Any]]:
        """First and last place of boxes without a gap, as a range of each dimension."""
        found: list[tuple[Any, Any]] = []
        for sides in self.boxes(body):
            runs = [list(form.runs(sides[name], view)) for name, form in self.forms.items()]
            found.extend(
                (tuple(low for low, _ in one), tuple(high for _, high in one)) for one in product(*runs)
            )
        return iter(sorted(found))

    def write(self, body: Any) -> Any:
        """A body as nested lists."""
        return self._written(body, 0)

    def _written(self, body: Any, depth: int) -> Any:
        form = self.forms[self.order[depth]]
        if depth == len(self.order) - 1:
            return form.write(body)
        pairs = [[form.write(head), self._written(tail, depth + 1)] for head, tail in body.boxes]
        return sorted(pairs, key=json.dumps)

    def read(self, written: Any) -> Any:
        """A body from its lists."""
        return self._read(written, 0)

    def _read(self, written: Any, depth: int) -> Any:
        form = self.forms[self.order[depth]]
        if depth == len(self.order) - 1:
            return form.read(written)
        return boxes_of((form.read(head), self._read(tail, depth + 1)) for head, tail in written)

"""``frozen`` gives what ``attrs.frozen`` gives."""

from __future__ import annotations

import copy
import pickle

import attrs
import pytest
from attrs import field

from penstock.values import frozen


@frozen
class Point:
    x: int
    y: int = 0


@frozen
class Pixel(Point):
    color: int = 0


@frozen(kw_only=True)
class Tag:
    name: str
    seen: int = field(default=0, eq=False)
    hidden: int = field(default=0, repr=False, hash=False)


@frozen(eq=False)
class Thing:
    x: int = 1


@frozen(hash=False)
class Facts:
    x: int = 1


@frozen
class Nothing:
    pass


@frozen
class Polite:
    x: int = 1

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 7

    def __repr__(self):
        return "how do you do"


@frozen
class Ring:
    inside: list[object]


def test_equal_fields_make_equal_objects():
    assert Point(1, 2) == Point(1, 2)
    assert hash(Point(1, 2)) == hash(Point(1, 2))
    assert Point(1, 2) != Point(1, 3)
    assert Nothing() == Nothing()


def test_objects_of_another_class_are_different():
    assert Point(1) != (1, 0)
    assert Thing() != Facts()


def test_fields_are_left_out_where_they_say_so():
    assert Tag(name="a", seen=1) == Tag(name="a", seen=2)
    assert Tag(name="a", hidden=1) != Tag(name="a", hidden=2)
    assert hash(Tag(name="a", hidden=1)) == hash(Tag(name="a", hidden=2))
    assert repr(Tag(name="a", seen=1, hidden=2)) == "Tag(name='a', seen=1)"


def test_identity_is_kept_where_it_is_asked_for():
    assert Thing() != Thing()
    assert Facts() == Facts()
    assert hash(Facts()) != hash(Facts()) or Facts.__hash__ is object.__hash__


def test_methods_of_the_class_itself_stay():
    assert Polite(1) == 5
    assert hash(Polite(1)) == 7
    assert repr(Polite(1)) == "how do you do"


def test_shown_as_attrs_shows_it():
    shown = attrs.frozen(type("Point", (), {"__annotations__": {"x": int, "y": int}}))
    assert repr(Point(1, 2)) == repr(shown(1, 2))
    ring = Ring([])
    ring.inside.append(ring)
    assert repr(ring) == "Ring(inside=[...])"


def test_fields_cannot_be_set_and_there_are_no_others():
    point = Point(1)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        point.x = 2
    assert not hasattr(point, "__dict__")


@pytest.mark.parametrize("value", [Point(1, 2), Tag(name="a"), Facts(3), Nothing()], ids=repr)
def test_values_are_copied_and_pickled(value):
    assert pickle.loads(pickle.dumps(value)) == value
    assert copy.deepcopy(value) == value
    assert attrs.evolve(value) == value


def test_fields_of_a_class_that_grew_or_shrank_are_read_by_name():
    point = Point.__new__(Point)
    point.__setstate__((("gone", "x"), (1, 2)))
    assert point.x == 2
    assert not hasattr(point, "y")


def test_names_of_fields_are_pickled_once_for_all_objects_of_a_class():
    assert pickle.dumps([Tag(name=str(one)) for one in range(9)]).count(b"hidden") == 1


def test_a_subclass_is_pickled_with_the_fields_it_inherits():
    assert pickle.loads(pickle.dumps(Pixel(1, 2, 3))) == Pixel(1, 2, 3)

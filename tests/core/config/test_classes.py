"""Config classes: their fields, defaults, validators and objects."""

from __future__ import annotations

import collections
import copy
import dataclasses
import datetime as dt
import decimal
import enum
import pathlib
import pickle
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, TypedDict

import attrs
import pydantic
import pytest

from penstock.config import (
    Config,
    EnvVar,
    PermissiveConfig,
    Structured,
    bind,
    bind_class,
    config_dict,
    describe,
    resolve,
)
from penstock.errors import InvalidConfigDefinitionError, InvalidConfigError, InvalidInvocationError


def made(cls, value=None, **env):
    return bind_class(cls, {} if value is None else value, env=env)


def paths(cls, value, **env):
    with pytest.raises(InvalidConfigError) as caught:
        bind_class(cls, value, env=env)
    return [fault.path for fault in caught.value.faults]


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


class Oven(Config):
    degrees: int


class Bake(Config):
    oven: Oven
    name: str = "bread"
    days: list[int] = [1, 2]


class Bus(Config):
    kind: Literal["bus"] = "bus"
    line: int


class Bike(Config):
    kind: Literal["bike"] = "bike"
    gears: int = 3


class Trip(Config):
    by: Bus | Bike = pydantic.Field(discriminator="kind")


class Login(Config):
    user: str
    port: int = 1
    rate: float = 0.5


class Tree(Config):
    name: str
    children: list[Tree] = []


class Loose(PermissiveConfig):
    known: int = 1


def test_a_class_has_required_fields_and_defaults():
    bake = made(Bake, {"oven": {"degrees": 220}})
    assert (bake.oven.degrees, bake.name, bake.days) == (220, "bread", [1, 2])


def test_it_is_an_attrs_class():
    assert [each.name for each in attrs.fields(Bake)] == ["oven", "name", "days"]
    assert attrs.evolve(Oven(degrees=1), degrees=2) == Oven(degrees=2)


def test_faults_of_all_depths_are_collected():
    assert paths(Bake, {"oven": {"degrees": "hot", "fan": 1}, "nam": "x", "days": [1, "b"]}) == [
        "$.days[1]",
        "$.nam",
        "$.oven.degrees",
        "$.oven.fan",
    ]


def test_a_missing_nested_object_names_what_it_needs():
    assert paths(Bake, {}) == ["$.oven.degrees"]


def test_a_nested_object_of_defaults_fills_itself():
    class Garage(Config):
        bike: Bike

    assert made(Garage) == Garage(bike=Bike(gears=3))


def test_mutable_defaults_are_not_shared():
    first, second = made(Bake, {"oven": {"degrees": 1}}), made(Bake, {"oven": {"degrees": 1}})
    first.days.append(3)
    assert second.days == [1, 2]


def test_objects_are_made_by_keywords_and_checked():
    assert Bake(oven=Oven(degrees=1)) == Bake(oven={"degrees": 1})
    with pytest.raises(InvalidConfigError, match=r"\$\.degrees: wanted Int, found 'hot'"):
        Oven(degrees="hot")
    with pytest.raises(InvalidConfigError, match="unknown entry 'fan'"):
        Oven(degrees=1, fan=True)


def test_objects_cannot_be_changed():
    oven = Oven(degrees=1)
    with pytest.raises(InvalidInvocationError, match="degrees"):
        oven.degrees = 2
    with pytest.raises(AttributeError):
        del oven.degrees
    assert oven.degrees == 1


def test_objects_compare_show_copy_and_pickle():
    bake = Bake(oven=Oven(degrees=1))
    assert repr(Oven(degrees=1)) == "Oven(degrees=1)"
    assert hash(Oven(degrees=1)) == hash(Oven(degrees=1))
    assert bake == copy.deepcopy(bake) == pickle.loads(pickle.dumps(bake))
    assert bake != Bake(oven=Oven(degrees=2))
    assert bake.model_dump() == {"oven": {"degrees": 1}, "name": "bread", "days": [1, 2]}
    assert Oven(degrees=1).model_copy(update={"degrees": 2}) == Oven(degrees=2)


def test_classes_inherit_fields_and_override_defaults():
    class Base(Config):
        path: str
        retries: int = 1

    class Derived(Base):
        retries = 5
        extra: str = "e"
        constant: ClassVar[int] = 3

    assert made(Derived, {"path": "p"}) == Derived(path="p", retries=5, extra="e")
    assert made(Base, {"path": "p"}).retries == 1


def test_annotations_may_name_local_classes_and_the_class_itself():
    class Leaf(Config):
        n: int

    class Branch(Config):
        leaf: Leaf

    assert made(Branch, {"leaf": {"n": 1}}).leaf == Leaf(n=1)
    assert made(Tree, {"name": "a", "children": [{"name": "b"}]}).children == [Tree(name="b")]


def test_an_annotation_that_names_nothing_is_refused_on_use():
    class Broken(Config):
        n: Nowhere  # noqa: F821

    with pytest.raises(InvalidConfigDefinitionError, match=r"Broken\.n"):
        made(Broken)


def test_lists_dicts_tuples_and_sets():
    class Many(Config):
        ovens: list[Oven]
        prices: dict[str, float] = {}
        pair: tuple[int, str] = (1, "a")
        names: tuple[str, ...] = ()
        tags: set[str] = set()
        anything: dict = {}

    many = made(
        Many,
        {"ovens": [{"degrees": 1}], "prices": {"a": 1}, "pair": [2, "b"], "names": ["x"], "tags": ["t"]},
    )
    assert many.ovens == [Oven(degrees=1)]
    assert (many.prices, many.pair, many.names, many.tags) == ({"a": 1.0}, (2, "b"), ("x",), {"t"})
    assert paths(Many, {"ovens": [], "pair": [1]}) == ["$.pair"]


def test_optional_fields_may_be_left_out_or_none():
    class Note(Config):
        text: str | None = None
        size: int | None
        old: str = None

    assert made(Note, {"text": None, "old": None}) == made(Note)
    assert made(Note, {"text": "hot"}).text == "hot"
    assert paths(Note, {"text": 1}) == ["$.text"]


def test_enum_fields_take_names():
    class Order(Config):
        size: Size = Size.SMALL

    assert made(Order).size is Size.SMALL
    assert made(Order, {"size": "LARGE"}).size is Size.LARGE
    assert Order(size=Size.LARGE) == Order(size="LARGE") == Order(size="l")
    assert config_dict(Order(size=Size.LARGE)) == {"size": "LARGE"}
    assert paths(Order, {"size": "l"}) == ["$.size"]


def test_literal_fields_accept_the_listed_values():
    class Paint(Config):
        colour: Literal["red", "blue"] = "red"

    assert made(Paint, {"colour": "blue"}).colour == "blue"
    with pytest.raises(InvalidConfigError, match=r"colour.*'red', 'blue'.*'mauve'"):
        made(Paint, {"colour": "mauve"})


def test_leaf_types_are_read_from_text():
    class Leaves(Config):
        at: dt.datetime
        day: dt.date
        where: pathlib.Path
        price: decimal.Decimal
        wait: dt.timedelta = dt.timedelta(seconds=1)

    given = {"at": "2024-01-02T03:04:05", "day": "2024-01-02", "where": "a/b", "price": "1.50", "wait": 2}
    leaves = made(Leaves, given)
    assert leaves.at == dt.datetime(2024, 1, 2, 3, 4, 5)  # noqa: DTZ001
    assert leaves.where == pathlib.Path("a/b")
    assert leaves.price == decimal.Decimal("1.50")
    assert leaves.wait == dt.timedelta(seconds=2)
    assert config_dict(leaves) == given
    assert paths(Leaves, {**given, "at": "soon", "price": "dear", "wait": "x"}) == [
        "$.at",
        "$.price",
        "$.wait",
    ]


def test_types_of_no_known_kind_are_structured_by_cattrs():
    class Queue(Config):
        waiting: collections.deque[int]

    assert made(Queue, {"waiting": [1, 2]}).waiting == collections.deque([1, 2])
    assert paths(Queue, {"waiting": ["x"]}) == ["$.waiting"]


def test_named_tuples_are_lists_of_known_length():
    class Canvas(Config):
        origin: Point

    assert made(Canvas, {"origin": [1, 2]}).origin == Point(1, 2)
    assert paths(Canvas, {"origin": ["x", 2]}) == ["$.origin[0]"]


def test_types_of_pydantic_are_made_by_pydantic():
    class Secret(Config):
        token: pydantic.SecretStr

    secret = made(Secret, {"token": {"env": "TOKEN"}}, TOKEN="hunter2")
    assert secret.token.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(secret)


class Point(NamedTuple):
    x: int
    y: int


class Row(TypedDict, total=False):
    n: int
    word: str


def test_typed_dicts_are_shapes():
    assert bind(Row, {"n": 1}, env={}) == {"n": 1}
    with pytest.raises(InvalidConfigError, match=r"\$\.n"):
        bind(Row, {"n": "x"}, env={})


@pytest.mark.parametrize("value", [{"bike": {"gears": 4}}, {"kind": "bike", "gears": 4}])
def test_a_discriminated_union_is_given_by_key_or_by_field(value):
    trip = made(Trip, {"by": value})
    assert trip.by == Bike(gears=4)
    assert config_dict(trip) == {"by": {"bike": {"gears": 4}}}


def test_a_wrong_choice_lists_the_choices():
    with pytest.raises(InvalidConfigError, match=r"by\.boat: wanted one of 'bus', 'bike', found 'boat'"):
        made(Trip, {"by": {"boat": {}}})
    assert paths(Trip, {"by": {"bus": {"line": 1}, "bike": {}}}) == ["$.by"]
    assert paths(Trip, {"by": {"bus": {}}}) == ["$.by.bus.line"]
    assert paths(Trip, {}) == ["$.by"]


def test_a_shared_literal_tells_the_options_of_a_plain_union_apart():
    class Ride(Config):
        by: Bus | Bike | None = None
        stops: list[Bus | Bike] = []

    ride = made(Ride, {"by": {"kind": "bus", "line": 2}, "stops": [{"bike": {}}]})
    assert (ride.by, ride.stops) == (Bus(line=2), [Bike(gears=3)])
    assert made(Ride, config_dict(ride)) == ride


def test_a_union_of_other_types_takes_the_first_that_fits():
    class Flexible(Config):
        limit: int | str | list[int] = 0

    assert [made(Flexible, {"limit": v}).limit for v in (1, "a", [1])] == [1, "a", [1]]
    assert paths(Flexible, {"limit": 1.5}) == ["$.limit"]


def test_pydantic_constraints_are_enforced():
    class Speed(Config):
        kmh: int = pydantic.Field(default=50, ge=0, le=130, description="how fast")
        word: str = pydantic.Field(default="ab", min_length=2, max_length=3, pattern="^[a-z]+$")
        step: Annotated[int, pydantic.Field(multiple_of=5, default=5)]

    assert made(Speed) == Speed(kmh=50, word="ab", step=5)
    assert paths(Speed, {"kmh": 131, "word": "A", "step": 7}) == ["$.kmh", "$.step", "$.word", "$.word"]
    with pytest.raises(InvalidConfigError, match="kmh: wanted at least 0, found -1"):
        Speed(kmh=-1)


def test_pydantic_defaults_factories_and_aliases():
    class Named(Config):
        from_: str = pydantic.Field(alias="from", default="a")
        items: list[int] = pydantic.Field(default_factory=lambda: [1])

    assert made(Named, {"from": "x"}) == Named(from_="x", items=[1])
    assert config_dict(made(Named)) == {"from": "a", "items": [1]}


def test_field_validators_of_pydantic_guard_and_change_values():
    class Even(Config):
        n: int
        word: str = "w"

        @pydantic.field_validator("n")
        @classmethod
        def must_be_even(cls, value):
            if value % 2:
                raise ValueError("odd number")
            return value

        @pydantic.field_validator("word", mode="before")
        @classmethod
        def strip(cls, value):
            return value.strip()

    assert made(Even, {"n": 4, "word": " a "}) == Even(n=4, word="a")
    with pytest.raises(InvalidConfigError, match=r"\$\.n: .*odd number"):
        made(Even, {"n": 5})
    with pytest.raises(InvalidConfigError, match="odd number"):
        Even(n=5)


def test_validators_are_inherited_and_see_the_fields_before():
    class Range(Config):
        low: int
        high: int

        @pydantic.field_validator("high")
        @classmethod
        def in_order(cls, value, info):
            if value < info.data["low"]:
                raise ValueError("high is below low")
            return value

    class Narrow(Range):
        step: int = 1

    assert paths(Narrow, {"low": 2, "high": 1}) == ["$.high"]


def test_model_validators_of_pydantic_run_before_and_after():
    class Window(Config):
        start: int
        end: int

        @pydantic.model_validator(mode="before")
        @classmethod
        def from_length(cls, data):
            if "length" in data:
                data["end"] = data["start"] + data.pop("length")
            return data

        @pydantic.model_validator(mode="after")
        def in_order(self):
            if self.end < self.start:
                raise ValueError("ends before it starts")
            return self

    assert made(Window, {"start": 1, "length": 2}) == Window(start=1, end=3)
    with pytest.raises(InvalidConfigError, match="ends before it starts"):
        made(Window, {"start": 2, "end": 1})


def test_attrs_fields_with_validators_are_accepted():
    class Speed(Config):
        kmh: int = attrs.field(default=50, validator=attrs.validators.ge(0))
        tags: list[str] = attrs.field(factory=list)

    assert made(Speed) == Speed(kmh=50, tags=[])
    with pytest.raises(InvalidConfigError, match="kmh"):
        made(Speed, {"kmh": -1})


def test_permissive_classes_keep_other_entries():
    loose = made(Loose, {"extra": "yes"})
    assert (loose.known, loose.extra) == (1, "yes")
    assert loose == Loose(extra="yes") == copy.copy(loose) == pickle.loads(pickle.dumps(loose))
    assert config_dict(loose) == {"known": 1, "extra": "yes"}
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = loose.nothing_here


def test_private_attributes_are_state_and_not_fields():
    class Client(Structured):
        url: str
        _calls: list = []
        _session: Any = pydantic.PrivateAttr(default=None)

    first, second = Client(url="a"), Client(url="a")
    first._calls.append(1)
    first._session = object()
    assert second._calls == []
    assert second._session is None
    assert first == second


def test_environment_variables_are_kept_until_they_are_resolved():
    login = Login(user=EnvVar("A"), port=EnvVar.int("B"), rate=EnvVar("C"))
    assert config_dict(login) == {"user": {"env": "A"}, "port": {"env": "B"}, "rate": {"env": "C"}}
    assert resolve(login, env={"A": "ann", "B": "9", "C": "1.5"}) == Login(user="ann", port=9, rate=1.5)
    assert made(Login, config_dict(login), A="ann", B="9", C="1.5") == Login(user="ann", port=9, rate=1.5)


def test_unset_variables_of_one_object_are_named_together():
    login = Login(user=EnvVar("A"), port=EnvVar.int("B"))
    with pytest.raises(InvalidConfigError) as caught:
        resolve(login, env={}, path="$.resources.login.config")
    assert [fault.path for fault in caught.value.faults] == [
        "$.resources.login.config.port",
        "$.resources.login.config.user",
    ]


def test_checks_wait_until_references_are_resolved():
    class Speed(Config):
        kmh: int = pydantic.Field(ge=0)

        @pydantic.field_validator("kmh")
        @classmethod
        def even(cls, value):
            if value % 2:
                raise ValueError("odd")
            return value

    speed = Speed(kmh=EnvVar.int("KMH"))
    assert resolve(speed, env={"KMH": "4"}).kmh == 4
    for text, message in (("-2", "at least 0"), ("3", "odd")):
        with pytest.raises(InvalidConfigError, match=message):
            resolve(speed, env={"KMH": text})


def test_a_default_may_be_a_reference():
    class Token(Config):
        token: str = EnvVar("TOKEN")

    assert made(Token, {}, TOKEN="t").token == "t"
    assert Token().token == EnvVar("TOKEN")


@dataclasses.dataclass
class Plain:
    n: int
    oven: Oven
    word: str = "w"


@attrs.frozen
class Frozen:
    n: int
    _hidden: str = "h"
    items: list[int] = attrs.field(factory=list)


class Model(pydantic.BaseModel):
    n: int = pydantic.Field(ge=0)
    inner: Model | None = None
    word: str = "w"


@pytest.mark.parametrize(
    ("cls", "value", "expected"),
    [
        (Plain, {"n": 1, "oven": {"degrees": 2}}, Plain(1, Oven(degrees=2))),
        (Frozen, {"n": 1, "hidden": "x"}, Frozen(1, "x")),
        (Model, {"n": 1, "inner": {"n": 2}}, Model(n=1, inner=Model(n=2))),
    ],
)
def test_classes_of_other_libraries_are_config_classes(cls, value, expected):
    bound = made(cls, value)
    assert bound == expected
    assert made(cls, config_dict(bound)) == bound
    assert paths(cls, {**value, "n": "x", "other": 1}) == ["$.n", "$.other"]


def test_other_classes_nest_in_config_classes():
    class Outer(Config):
        plain: Plain
        model: Model = Model(n=0)

    outer = made(Outer, {"plain": {"n": 1, "oven": {"degrees": 2}}, "model": {"n": {"env": "N"}}}, N="3")
    assert (outer.plain.oven.degrees, outer.model.n) == (2, 3)
    assert paths(Outer, {"plain": {"n": 1}, "model": {"n": -1}}) == ["$.model.n", "$.plain.oven.degrees"]


def test_a_model_inside_an_unfinished_object_waits_for_its_variables():
    class Outer(Config):
        model: Model

    outer = Outer(model={"n": EnvVar.int("N")})
    assert resolve(outer, env={"N": "3"}).model == Model(n=3)


def test_a_class_gives_a_schema_whose_values_are_dicts():
    schema = Bake.to_config_schema()
    assert bind(schema, {"oven": {"degrees": 1}}, env={}) == {
        "oven": {"degrees": 1},
        "name": "bread",
        "days": [1, 2],
    }
    assert bind(Login.to_fields_dict(), {"user": "a"}, env={}) == {"user": "a", "port": 1, "rate": 0.5}


def test_parts_that_no_config_gives_are_taken_as_they_are():
    class Part:
        pass

    class Whole(Structured):
        part: Part
        n: int = 1

        @classmethod
        def __config_opaque__(cls, annotation):
            return annotation is Part

    part = Part()
    whole = Whole(part=part, n=EnvVar.int("N"))
    assert resolve(whole, env={"N": "2"}).part is part
    assert config_dict(whole) == {"n": {"env": "N"}}


def test_a_class_with_its_own_init_is_asked_to_make_the_object():
    class Own(Config):
        n: int

        def __init__(self, **values):
            super().__init__(**{"n": 0, **values})

    assert Own().n == 0
    assert made(Own, {"n": 2}).n == 2


def test_a_class_is_described_on_one_line():
    assert describe(Bake) == (
        "Bake {oven: Oven {degrees: Int}, name: String (optional), days: a list of Int (optional)}"
    )


class Shade(enum.Enum):
    DARK = "d"


class Paint(Config):
    shade: Shade = Shade.DARK
    note: str | None = None


class Room(Config):
    paint: Paint = Paint()
    doors: int = 1


def test_a_dump_leaves_out_what_is_not_wanted():
    room = Room()
    assert room.model_dump(exclude={"doors"}) == {"paint": {"shade": Shade.DARK, "note": None}}
    assert room.model_dump(include={"doors"}) == {"doors": 1}
    assert room.model_dump(exclude_none=True) == {"paint": {"shade": Shade.DARK}, "doors": 1}


def test_a_dump_as_json_has_the_values_of_enums():
    assert Room().model_dump_json() == '{"paint":{"shade":"d","note":null},"doors":1}'


def test_an_object_is_made_of_a_dict_of_values():
    assert Room.model_validate({"doors": 2}) == Room(doors=2)
    with pytest.raises(InvalidConfigError, match="doors"):
        Room.model_validate({"doors": "two"})

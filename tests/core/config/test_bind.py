"""Schemas of dicts, types and Fields, and what they accept."""

from __future__ import annotations

import enum

import pytest

from penstock.config import (
    ANY_CONFIG,
    MISSING,
    Array,
    BoolSource,
    Config,
    Enum,
    EnumValue,
    EnvVar,
    Field,
    IntSource,
    Map,
    Noneable,
    Permissive,
    ScalarUnion,
    Selector,
    Shape,
    StringSource,
    bind,
    check,
    collect,
    is_needed,
)
from penstock.errors import InvalidConfigDefinitionError, InvalidConfigError


def bound(schema, value=MISSING, **env):
    return bind(schema, value, env=env)


def faults(schema, value=MISSING, **env):
    return {fault.path: fault for fault in collect(schema, value, env=env)[1]}


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (int, 7),
        (float, 0.5),
        (bool, True),
        (str, "x"),
        ([str], ["a", "b"]),
        ({"n": int}, {"n": 1}),
        (Array(int), [1, 2]),
        (Map(str, float), {"a": 1.5}),
        ({str: int}, {"a": 1}),
        (Noneable(int), None),
        (Selector({"bus": int, "bike": str}), {"bike": "b"}),
        (Permissive({"known": int}), {"known": 1, "other": [1, {"a": 2}]}),
        (ScalarUnion(str, {"x": int}), "a"),
        (ScalarUnion(str, {"x": int}), {"x": 1}),
        (list[int], [1]),
        (dict[str, int], {"a": 1}),
        (int | str, "a"),
        (dict, {"any": {"thing": 1}}),
        (object, {1, 2}),
    ],
)
def test_a_value_that_fits_comes_back(schema, value):
    assert bound(schema, value) == value


@pytest.mark.parametrize(
    ("schema", "value", "path"),
    [
        (int, "5", "$"),
        (int, True, "$"),
        (int, 1.0, "$"),
        (bool, 1, "$"),
        (str, 5, "$"),
        (float, "1", "$"),
        (float, True, "$"),
        ([int], [1, "b"], "$[1]"),
        ([int], "ab", "$"),
        ({"n": int}, {"n": "x"}, "$.n"),
        ({"n": int}, [], "$"),
        (Map(str, float), {"a b": "x"}, "$['a b']"),
        (Noneable(int), "none", "$"),
        (Selector({"bus": int, "bike": int}), {"bus": 1, "bike": 2}, "$"),
        (Selector({"bus": int, "bike": int}), {}, "$"),
        (Selector({"bus": int, "bike": int}), {"boat": 1}, "$.boat"),
        (ScalarUnion(str, {"x": int}), {"x": "a"}, "$.x"),
        (int | str, 1.5, "$"),
        ({"o": {"i": [{"n": int}]}}, {"o": {"i": [{"n": 1}, {"n": None}]}}, "$.o.i[1].n"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_its_path(schema, value, path):
    assert list(faults(schema, value)) == [path]


def test_all_faults_are_reported_together():
    schema = {"first": int, "second": str}
    with pytest.raises(InvalidConfigError) as caught:
        bind(schema, {"first": "x", "thrid": 1}, env={}, path="$.ops.load.config")
    assert [fault.path for fault in caught.value.faults] == [
        "$.ops.load.config.first",
        "$.ops.load.config.second",
        "$.ops.load.config.thrid",
    ]


def test_a_fault_says_what_was_wanted_and_found():
    (fault,) = faults({"rows": int}, {"rows": "many"}).values()
    assert str(fault) == "$.rows: wanted Int, found 'many' (str)."


def test_an_unknown_entry_is_answered_with_the_nearest_known_one():
    fault = faults({"minutes": Field(int, default_value=1)}, {"minuts": 2})["$.minuts"]
    assert "Did you mean 'minutes'?" in str(fault)


def test_defaults_fill_in_at_every_depth():
    schema = {
        "outer": {
            "inner": {"n": Field(int, default_value=3)},
            "word": Field(str, default_value="w"),
        },
        "limit": Noneable(int),
        "only": Selector({"a": {"x": Field(int, default_value=1)}}),
    }
    filled = {"outer": {"inner": {"n": 3}, "word": "w"}, "limit": None, "only": {"a": {"x": 1}}}
    assert bound(schema) == filled
    assert bound(schema, {"outer": {"inner": {"n": 4}}})["outer"] == {"inner": {"n": 4}, "word": "w"}


def test_an_optional_entry_without_default_stays_out():
    schema = {"a": Field(str, is_required=False), "b": Field({"x": int}, is_required=False)}
    assert bound(schema) == {}


def test_a_missing_entry_is_named_where_it_belongs():
    assert list(faults({"outer": {"n": int}})) == ["$.outer.n"]
    assert list(faults(int)) == ["$"]


def test_an_integer_is_accepted_as_a_float():
    made = bound(float, 5)
    assert made == 5.0
    assert type(made) is float


def test_a_selector_with_none_takes_the_defaults_of_its_choice():
    schema = Selector({"a": {"x": Field(int, default_value=1)}, "b": int})
    assert bound(schema, {"a": None}) == {"a": {"x": 1}}


def test_config_without_a_schema_passes():
    assert bind(None, env={}) is None
    assert bind(ANY_CONFIG, {"x": 1}, env={}) == {"x": 1}


def test_sources_read_the_environment_that_is_given():
    schema = {"word": StringSource, "number": IntSource, "on": BoolSource}
    value = {"word": {"env": "WORD"}, "number": {"env": "NUMBER"}, "on": {"env": "ON"}}
    env = {"WORD": "w", "NUMBER": "42", "ON": "false"}
    assert bound(schema, value, **env) == {"word": "w", "number": 42, "on": False}


def test_an_unset_variable_is_named_with_its_place():
    (fault,) = faults({"word": StringSource}, {"word": {"env": "CONF_WROD"}}, CONF_WORD="x").values()
    assert fault.path == "$.word"
    assert "CONF_WROD" in str(fault)
    assert "Did you mean 'CONF_WORD'?" in str(fault)


def test_the_text_of_a_variable_is_never_shown():
    (fault,) = faults({"port": int}, {"port": EnvVar("PORT")}, PORT="hunter2").values()
    assert "PORT" in str(fault)
    assert "hunter2" not in str(fault)


def test_references_are_resolved_in_values_of_any_type():
    assert bound(object, {"a": [EnvVar("A")], "b": EnvVar.int("B")}, A="x", B="3") == {"a": ["x"], "b": 3}


def test_an_enum_maps_names_to_python_values():
    by_class = Enum.from_python_enum(Colour)
    sizes = Enum("Size", [EnumValue("S", python_value=1), EnumValue("L", 2), EnumValue("XS")])
    assert bound(by_class, "RED") is Colour.RED
    assert bound(Enum.from_python_enum_direct_values(Colour), "BLUE") == "b"
    assert [bound(sizes, name) for name in ("S", "L", "XS")] == [1, 2, "XS"]
    assert "'XL'" in str(faults(sizes, "XL")["$"])


def test_a_default_of_an_enum_is_bound_as_well():
    assert bound({"c": Field(Enum.from_python_enum(Colour), default_value="RED")}) == {"c": Colour.RED}


def test_a_default_that_does_not_fit_is_refused_when_the_field_is_made():
    with pytest.raises(InvalidConfigError, match="wanted Int, found 'x'"):
        Field(int, default_value="x")


def test_a_required_field_has_no_default():
    with pytest.raises(InvalidConfigDefinitionError, match="found both"):
        Field(int, default_value=1, is_required=True)


@pytest.mark.parametrize("schema", [5, [int, str], {"a": 5}, {"a": "int"}])
def test_what_is_no_schema_is_refused(schema):
    with pytest.raises(InvalidConfigDefinitionError):
        Shape({"x": schema})


def test_a_runtime_type_with_a_typing_type_is_a_schema():
    class Runtime:
        typing_type = list[int]

    assert bound({"a": Runtime()}, {"a": [1]}) == {"a": [1]}


def test_text_keys_spell_numbers_where_numbers_are_wanted():
    assert bound(Map(int, str), {"1": "a"}) == {1: "a"}


def test_checking_does_not_look_variables_up():
    assert check({"word": StringSource}, {"word": {"env": "NOWHERE"}}) == []
    assert [fault.path for fault in check({"word": StringSource}, {"word": 1})] == ["$.word"]


def test_is_needed_tells_whether_something_must_be_given():
    class Loose(Config):
        n: int = 1

    class Strict(Config):
        n: int

    assert [is_needed(schema) for schema in (None, ANY_CONFIG, {}, Loose)] == [False] * 4
    assert [is_needed(schema) for schema in (int, {"a": int}, Strict)] == [True] * 3


def test_a_field_knows_whether_it_is_required():
    assert Field(int).is_required
    assert not Field(int, default_value=1).is_required
    assert not Field({"a": Field(int, default_value=1)}).is_required
    assert Field({"a": int}).is_required

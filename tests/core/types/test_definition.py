"""Types and the call of their checks."""

from __future__ import annotations

import numpy as np
import pytest

from penstock.errors import InvalidDefinitionError, InvariantViolationError, TypeCheckError
from penstock.metadata import MetadataValue
from penstock.types import PythonObjectType, Type, TypeCheck, TypeKind, check_type, refusal


def even(_context, value):
    return isinstance(value, int) and value % 2 == 0


def test_a_type_has_a_name_and_a_check():
    found = Type(name="Even", type_check_fn=even, description="whole and even", metadata={"n": 1})
    assert found.display_name == found.unique_name == found.key == "Even"
    assert found.description == "whole and even"
    assert found.metadata == {"n": MetadataValue.int(1)}
    assert found.kind is TypeKind.REGULAR
    assert check_type(found, 4).success
    assert not check_type(found, 5).success


def test_a_type_needs_a_name_or_a_key():
    with pytest.raises(InvalidDefinitionError, match="name, a key"):
        Type(even)
    assert Type(even, key="k").display_name == "k"
    assert not Type(even, key="k").has_unique_name


@pytest.mark.parametrize("function", [lambda value: True, lambda a, b, c: True, 3])
def test_a_check_function_takes_context_and_value(function):
    with pytest.raises(InvalidDefinitionError, match=r"\(context, value\)"):
        Type(function, name="Odd")


def test_a_check_may_answer_with_description_and_metadata():
    made = Type(name="T", type_check_fn=lambda _c, v: TypeCheck(v < 3, "small", {"v": v}))
    check = check_type(made, 2)
    assert check == TypeCheck(success=True, description="small", metadata={"v": MetadataValue.int(2)})


def test_a_check_may_answer_with_a_numpy_bool():
    made = Type(name="T", type_check_fn=lambda _c, v: np.all(v > 0))
    assert check_type(made, np.ones(3)) == TypeCheck(success=True)
    assert check_type(made, np.zeros(3)).success is False


def test_a_check_that_raises_is_a_type_check_error_with_its_cause():
    def fails(_context, value):
        raise ValueError("broken")

    with pytest.raises(TypeCheckError, match="'Bad' raised ValueError: broken") as caught:
        check_type(Type(name="Bad", type_check_fn=fails), 3)
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_check_that_answers_something_else_is_refused():
    with pytest.raises(InvariantViolationError, match="'T' returned 3"):
        check_type(Type(name="T", type_check_fn=lambda _c, _v: 3), 1)
    with pytest.raises(InvariantViolationError, match="success"):
        TypeCheck("yes")


def test_the_check_function_gets_the_context():
    seen = []
    made = Type(name="T", type_check_fn=lambda context, _v: seen.append(context) is None)
    context = object()
    assert made.type_check(context, 3).success
    assert seen == [context]


def test_outside_of_a_run_a_check_has_a_logger_too():
    made = Type(name="T", type_check_fn=lambda context, _v: context.log.isEnabledFor(10) in {True, False})
    assert check_type(made, 1).success


def test_a_class_is_a_type_of_its_instances():
    made = PythonObjectType(dict)
    assert made.display_name == "dict"
    assert made.typing_type is dict
    assert check_type(made, {}).success
    assert check_type(made, 3).description == "expected dict, found int 3"


def test_several_classes_are_a_type_of_instances_of_any():
    made = PythonObjectType((int, str), description="d")
    assert made.display_name == "Union[int, str]"
    assert made.typing_type == int | str
    assert check_type(made, "a").success
    assert not check_type(made, 1.5).success
    assert made.description == "d"


def test_only_classes_make_python_object_types():
    with pytest.raises(InvalidDefinitionError, match="takes a class"):
        PythonObjectType(3)


def test_a_value_whose_repr_fails_is_still_described():
    class Broken:
        def __repr__(self):
            raise RuntimeError

    assert "repr fails" in check_type(int, Broken()).description


def test_a_refusal_names_type_place_and_reason():
    check = TypeCheck(success=False, description="too long", metadata={"n": 3})
    error = refusal("Short", check, 'output "result" of step "listing"')
    assert "'Short'" in str(error)
    assert 'output "result" of step "listing"' in str(error)
    assert "too long." in str(error)
    assert error.type_name == "Short"
    assert error.metadata == {"n": MetadataValue.int(3)}

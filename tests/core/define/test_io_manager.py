from __future__ import annotations

import pytest

from penstock.define.inout import In
from penstock.define.io_manager import (
    ConfigurableIOManager,
    ConfigurableIOManagerFactory,
    InputManagerDefinition,
    IOManager,
    IOManagerDefinition,
    input_manager,
    io_manager,
)
from penstock.define.job_decorator import job
from penstock.define.op import op
from penstock.errors import InvalidDefinitionError


class Shelf(IOManager):
    def __init__(self, label=""):
        self.label = label
        self.stored = []

    def handle_output(self, context, obj):
        self.stored.append((self.label, obj))

    def load_input(self, context):
        return self.stored[-1][1]


@op
def emit():
    return 5


def run_with(manager):
    made = job(name="made", resource_defs={"io_manager": manager})(lambda: emit() and None)
    return made.execute_in_process()


def test_an_io_manager_wants_both_methods():
    class Half(IOManager):
        def handle_output(self, context, obj): ...

    with pytest.raises(TypeError, match="load_input"):
        Half()
    with pytest.raises(InvalidDefinitionError, match="load_input"):
        IOManagerDefinition.hardcoded_io_manager(object())


def test_objects_functions_and_classes_are_io_managers():
    shelf, hardcoded = Shelf(), Shelf()
    made = []

    @io_manager(config_schema={"label": str}, description="d")
    def labelled(init_context):
        made.append(Shelf(init_context.resource_config["label"]))
        return made[-1]

    class Fields(ConfigurableIOManager):
        label: str

        def handle_output(self, context, obj):
            made.append((self.label, obj))

        def load_input(self, context): ...

    class Factory(ConfigurableIOManagerFactory):
        label: str

        def create_io_manager(self, context):
            made.append(Shelf(self.label))
            return made[-1]

    run_with(shelf)
    run_with(IOManagerDefinition.hardcoded_io_manager(hardcoded))
    run_with(labelled.configured({"label": "L"}))
    run_with(Fields(label="F"))
    run_with(Factory(label="C"))
    assert (shelf.stored, hardcoded.stored) == ([("", 5)], [("", 5)])
    assert (made[0].stored, made[1], made[2].stored) == ([("L", 5)], ("F", 5), [("C", 5)])


def test_a_configured_io_manager_is_one_still():
    @io_manager({"a": int}, output_config_schema={"b": int})
    def made(init_context): ...

    settled = made.configured({"a": 1})
    assert isinstance(settled, IOManagerDefinition)
    assert settled.output_config_schema is made.output_config_schema is not None


def test_a_bare_decorator_makes_an_io_manager():
    @io_manager
    def made():
        """Made."""
        return Shelf()

    assert (type(made), made.description) == (IOManagerDefinition, "Made.")


def test_an_input_manager_is_a_function_of_the_input():
    @input_manager
    def name_of(context):
        return context.name

    @op(ins={"x": In(input_manager_key="names")})
    def read(x):
        return x

    assert type(name_of) is InputManagerDefinition
    made = job(name="made", resource_defs={"names": name_of})(lambda: read() and None)
    assert made.execute_in_process().output_for_node("read") == "x"


def test_a_factory_wants_create_io_manager():
    with pytest.raises(NotImplementedError, match="create_io_manager"):
        ConfigurableIOManagerFactory().create_resource(None)


def test_an_input_manager_may_go_without_context():
    @input_manager
    def eleven():
        return 11

    @op(ins={"n": In(input_manager_key="eleven")})
    def take(n):
        return n

    @job(resource_defs={"eleven": eleven})
    def taking():
        take()

    assert taking.execute_in_process().output_for_node("take") == 11

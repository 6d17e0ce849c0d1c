from __future__ import annotations

import pytest

from penstock.define.graph_decorator import graph
from penstock.define.hook import success_hook
from penstock.define.inout import In, Out
from penstock.define.job_decorator import job
from penstock.define.op import op
from penstock.define.requirements import check_resources, missing_resources, requirements_of
from penstock.define.resource import resource
from penstock.errors import InvalidDefinitionError
from penstock.types import Type


@success_hook(required_resource_keys={"chat"})
def cheer(context): ...


@resource(required_resource_keys={"base"})
def oven(init_context): ...


Even = Type(lambda _context, value: True, name="Even", required_resource_keys={"parity"})


@op(
    required_resource_keys={"oven"},
    ins={"flour": In(Even, input_manager_key="mill")},
    out=Out(io_manager_key="shelf"),
)
def bake(context, flour): ...


@graph
def bakery():
    bake.with_hooks({cheer})()


def made(**resource_defs):
    return job(name="made", resource_defs=resource_defs)(lambda: bakery() and None)


def test_everything_that_needs_a_resource_is_found():
    found = {one.key: one.who for one in requirements_of(made(oven=oven))}
    assert list(found) == ["chat", "oven", "mill", "parity", "shelf", "base"]
    assert found["oven"].startswith("op 'bakery.bake' (")
    assert found["chat"] == "hook 'cheer' of node 'bakery.bake'"
    assert found["base"] == "resource 'oven'"


def test_what_nobody_provides_is_missing():
    job_def = made(oven=oven, base=1, mill=2, parity=3)
    assert [one.key for one in missing_resources(job_def)] == ["chat", "shelf"]


def test_the_default_io_manager_is_always_there():
    @op
    def emit(): ...

    assert missing_resources(job(name="made")(lambda: emit() and None)) == []


def test_every_missing_key_is_named_with_who_needs_it():
    with pytest.raises(InvalidDefinitionError) as caught:
        check_resources(made(ovem=oven, base=1, mill=2, parity=3, shelf=4))
    text = str(caught.value)
    assert "job 'made'" in text
    assert "'bakery.bake'" in text
    assert "Did you mean 'ovem'" in text
    assert "'chat'" in text


def test_a_complete_job_passes():
    check_resources(made(oven=oven, base=1, mill=2, parity=3, shelf=4, chat=5))

"""Plugins make types tables by their names."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from penstock import tables
from penstock.errors import PluginError
from penstock.spi.tables import TypeHandler
from penstock.tables import registry


class Ledger:
    """A table type of a plugin."""

    def __init__(self, amounts: list[int]) -> None:
        self.amounts = amounts


class LedgerHandler:
    kind = "plugin.Ledger"

    def to_arrow(self, value: Ledger) -> pa.Table:
        return pa.table({"amount": value.amounts})

    def from_arrow(self, table: pa.Table) -> Ledger:
        return Ledger(table["amount"].to_pylist())


NAME = f"{Ledger.__module__}.{Ledger.__qualname__}"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Registrations are for the whole process, so each test puts them back."""
    targets = dict(registry._targets)
    yield
    registry._targets.clear()
    registry._targets.update(targets)
    registry._registered.clear()
    registry._forget_all()


def test_a_registered_type_is_a_table():
    assert tables.recognize(Ledger([1])) is None
    tables.register(NAME, LedgerHandler())
    assert tables.kind_of(Ledger([1])) == "plugin.Ledger"
    assert tables.convert(Ledger([1, 2]), pa.Table).to_pydict() == {"amount": [1, 2]}
    assert tables.convert(pa.table({"amount": [5]}), Ledger).amounts == [5]


def test_a_recorded_kind_finds_the_registered_handler():
    tables.register(NAME, LedgerHandler())
    assert tables.from_arrow(pa.table({"amount": [7]}), None, "plugin.Ledger").amounts == [7]


def test_a_way_found_before_registration_is_forgotten():
    table = pa.table({"amount": [1]})
    assert tables.convert(table, Ledger) is table
    tables.register(NAME, LedgerHandler())
    assert isinstance(tables.convert(table, Ledger), Ledger)


def test_a_handler_named_by_string_is_imported_on_first_use():
    tables.register(NAME, "penstock.no_such_module:HANDLER")
    assert tables.recognize(Ledger([1])) is not None
    with pytest.raises(PluginError, match="no_such_module"):
        tables.to_arrow(Ledger([1]))


def test_the_built_in_handlers_keep_the_contract():
    for target in registry._by_kind.values():
        assert isinstance(registry.load_target(target), TypeHandler)


def test_a_class_is_no_handler():
    with pytest.raises(PluginError, match=r"is the class LedgerHandler(?s:.*)HANDLER = LedgerHandler\(\)"):
        tables.register(NAME, LedgerHandler)


def test_what_a_handler_lacks_is_named():
    with pytest.raises(PluginError, match=r"json:decoder' lacks kind, to_arrow, from_arrow: it is a module"):
        registry.load_target("json:decoder")

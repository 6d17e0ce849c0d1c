"""Plugins make types tables by their names."""

from __future__ import annotations

import pandas as pd
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


def test_a_type_taken_back_is_no_table(keeps_registrations):
    tables.register(NAME, LedgerHandler())
    assert tables.recognize(Ledger([1])) is not None
    tables.unregister(NAME)
    assert tables.recognize(Ledger([1])) is None
    assert NAME not in tables.registrations()


def test_a_built_in_type_taken_back_is_handled_as_before(keeps_registrations):
    tables.register("pandas.DataFrame", LedgerHandler())
    tables.unregister("pandas.DataFrame")
    assert tables.to_arrow(pd.DataFrame({"a": [1]})).to_pydict() == {"a": [1]}


def test_what_was_not_registered_cannot_be_taken_back():
    with pytest.raises(PluginError, match=r"No table type is registered as 'acme\.Frame'.*registered are"):
        tables.unregister("acme.Frame")


def test_a_registered_type_is_a_table(keeps_registrations):
    assert tables.recognize(Ledger([1])) is None
    tables.register(NAME, LedgerHandler())
    assert tables.kind_of(Ledger([1])) == "plugin.Ledger"
    assert tables.convert(Ledger([1, 2]), pa.Table).to_pydict() == {"amount": [1, 2]}
    assert tables.convert(pa.table({"amount": [5]}), Ledger).amounts == [5]


def test_a_recorded_kind_finds_the_registered_handler(keeps_registrations):
    tables.register(NAME, LedgerHandler())
    assert tables.from_arrow(pa.table({"amount": [7]}), None, "plugin.Ledger").amounts == [7]


def test_a_way_found_before_registration_is_forgotten(keeps_registrations):
    table = pa.table({"amount": [1]})
    assert tables.convert(table, Ledger) is table
    tables.register(NAME, LedgerHandler())
    assert isinstance(tables.convert(table, Ledger), Ledger)


def test_a_handler_named_by_string_is_imported_on_first_use(keeps_registrations):
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

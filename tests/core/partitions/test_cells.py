"""Cells against counting keys one by one."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.partitions.cells import cells_of
from penstock.partitions.dynamic import DynamicPartitionsDefinition
from penstock.partitions.multi import MultiPartitionsDefinition
from penstock.partitions.periods import DailyPartitionsDefinition, HourlyPartitionsDefinition
from penstock.partitions.static import StaticPartitionsDefinition
from penstock.partitions.view import DynamicKeys, View

DAYS = DailyPartitionsDefinition("2024-03-01", end_date="2024-04-11", timezone="America/New_York")
LETTERS = StaticPartitionsDefinition([*"zyxwvutsrqponmlkjihgfedcba"])
FILES = DynamicPartitionsDefinition(name="files")
VIEW = View(
    datetime(2025, 1, 1, tzinfo=UTC), DynamicKeys({"files": tuple(f"{n}.csv" for n in range(31, 0, -1))})
)
SIMPLE = {"time": DAYS, "static": LETTERS, "dynamic": FILES}


def keys_of(definition):
    return list(definition.get_partition_keys(VIEW.effective_dt, VIEW.dynamic_partitions_store))


@pytest.mark.parametrize("kind", SIMPLE)
@given(data=st.data(), columns=st.integers(1, 50))
def test_each_cell_counts_the_partitions_of_its_span(kind, data, columns):
    definition, keys = SIMPLE[kind], keys_of(SIMPLE[kind])
    chosen = data.draw(st.sets(st.sampled_from(keys)))
    cells = cells_of(definition, VIEW, columns=columns, rows=1)
    axis = cells.across
    spans = [keys[axis.edge(n) : axis.edge(n + 1)] for n in range(axis.cells)]
    assert [key for span in spans for key in span] == keys
    assert [(span[0], span[-1]) for span in spans] == [axis.ends(n) for n in range(axis.cells)]
    assert [axis.cell_of(keys.index(key)) for key in keys] == [
        n for n, span in enumerate(spans) for _ in span
    ]
    counted = {(0, n): len(chosen & set(span)) for n, span in enumerate(spans)}
    found = cells.counts(definition.subset_with_partition_keys(chosen))
    assert found == {place: count for place, count in counted.items() if count}


@pytest.mark.parametrize("kind", SIMPLE)
@given(data=st.data())
def test_ranges_are_the_places_that_follow_each_other(kind, data):
    definition, keys = SIMPLE[kind], keys_of(SIMPLE[kind])
    chosen = data.draw(st.sets(st.sampled_from(keys)))
    axis = cells_of(definition, VIEW, columns=10, rows=1).across
    runs = list(axis.runs(definition.subset_with_partition_keys(chosen).body))
    assert {keys[place] for start, end in runs for place in range(start, end)} == chosen
    assert all(end < start for (_, end), (start, _) in pairwise(runs))


@given(data=st.data(), columns=st.integers(1, 50), rows=st.integers(1, 30))
def test_a_table_counts_all_dimensions(data, columns, rows):
    table = MultiPartitionsDefinition({"letter": LETTERS, "day": DAYS, "file": FILES})
    parts = st.tuples(*(st.sampled_from(keys_of(one)) for one in (DAYS, FILES, LETTERS)))
    chosen = data.draw(st.sets(parts, max_size=20))
    cells = cells_of(table, VIEW, columns=columns, rows=rows)
    assert (cells.across.name, cells.down.name, [one.name for one in cells.others]) == (
        "day",
        "file",
        ["letter"],
    )
    counted = Counter(
        (cells.down.cell_of(keys_of(FILES).index(file)), cells.across.cell_of(keys_of(DAYS).index(day)))
        for day, file, _ in chosen
    )
    assert cells.counts(table.subset_with_partition_keys("|".join(one) for one in chosen)) == counted
    whole = table.subset_with_all_partitions(VIEW.effective_dt, VIEW.dynamic_partitions_store)
    assert all(cells.size(place) == count for place, count in cells.counts(whole).items())
    assert cells.total == len(whole)


def test_keys_that_are_gone_are_not_counted():
    cells = cells_of(FILES, VIEW, columns=4, rows=1)
    assert cells.counts(FILES.subset_with_partition_keys(["gone.csv"])) == {}


def test_no_partition_has_no_cells():
    assert cells_of(FILES, View(None, DynamicKeys()), columns=4, rows=1) is None
    assert (
        cells_of(
            MultiPartitionsDefinition({"a": FILES, "b": DAYS}), View(None, DynamicKeys()), columns=4, rows=1
        )
        is None
    )


def test_a_million_hours_are_counted_without_listing_them(monkeypatch):
    hours = HourlyPartitionsDefinition("1900-01-01-00:00")
    listed = []
    monkeypatch.setattr(type(hours), "get_partition_keys", lambda *_: listed.append(1))
    cells = cells_of(hours, VIEW, columns=80, rows=1)
    found = cells.counts(hours.subset_with_all_partitions(VIEW.effective_dt))
    assert sum(found.values()) == cells.total > 1_000_000
    assert listed == []

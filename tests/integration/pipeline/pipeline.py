"""A pipeline with tables, JSON values, text and bytes, busy for about half a second: the sweep kills it."""

from __future__ import annotations

import sys

import pyarrow as pa
import pyarrow.compute as pc

from penstock import AssetCheckResult, AssetOut, Config, Output, asset, asset_check, multi_asset


class Size(Config):
    """How much there is."""

    rows: int = 300_000


@asset
def numbers(config: Size) -> pa.Table:
    """The beginning: integers and texts."""
    values = pa.array(range(config.rows))
    return pa.table({"value": values, "name": pc.cast(values, pa.string())})


@multi_asset(outs={"evens": AssetOut(), "odds": AssetOut()})
def halves(numbers: pa.Table):
    """Two tables from one step."""
    rest = pc.bit_wise_and(numbers["value"], 1)
    yield Output(numbers.filter(pc.equal(rest, 0)), output_name="evens")
    yield Output(numbers.filter(pc.equal(rest, 1)), output_name="odds")


@asset
def longest(evens: pa.Table, odds: pa.Table) -> dict:
    """A JSON value."""
    return {"evens": pc.max(evens["name"]).as_py(), "odds": pc.max(odds["name"]).as_py(), "of": len(evens)}


@asset
def sorted_names(numbers: pa.Table) -> pa.Table:
    """A table that takes a while."""
    return numbers.sort_by([("name", "descending")])


@asset
def page(longest: dict, sorted_names: pa.Table) -> str:
    """Text, long enough to be written in several pieces."""
    return "\n".join([str(longest), *sorted_names["name"].to_pylist()])


@asset
def packed(page: str) -> bytes:
    """Bytes."""
    return page.encode("utf-16")


@asset
def pairs(evens: pa.Table) -> dict:
    """What only pickle takes."""
    return dict(enumerate(evens["name"].slice(0, 50_000).to_pylist()))


def _counted(number: int, previous: str):
    @asset(name=f"count_{number}", deps=[previous])
    def count(evens: pa.Table) -> dict:
        sys.stdout.write(f"counting {number}\n")
        return {"number": number, "rows": len(evens)}

    return count


counts = [_counted(number, f"count_{number - 1}" if number else "pairs") for number in range(40)]
globals().update({one.key.to_user_string(): one for one in counts})


@asset_check(asset=numbers)
def numbers_are_there(numbers: pa.Table) -> AssetCheckResult:
    """A check of a table."""
    return AssetCheckResult(passed=len(numbers) > 0)

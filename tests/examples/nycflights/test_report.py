"""What people read: the chart, the page and their metadata."""

from __future__ import annotations

import base64

import pandas as pd
from nycflights.report import markdown_table

PNG = b"\x89PNG\r\n\x1a\n"


def test_the_chart_is_a_picture_in_storage_and_in_the_folder(flown):
    picture = flown.table("delay_chart")
    assert picture.startswith(PNG)
    assert (flown.reports / "delays.png").read_bytes() == picture


def test_the_chart_is_shown_in_its_metadata(flown):
    metadata = flown.metadata("delay_chart")
    assert metadata["chart"].value == str(flown.reports / "delays.png")
    _, encoded = metadata["preview"].value.removesuffix(")").split("base64,")
    assert base64.b64decode(encoded) == flown.table("delay_chart")


def test_the_report_names_the_worst_route_in_a_table(flown):
    metadata = flown.metadata("delay_report")
    assert metadata["worst_route"].value == "EWR → RIC"
    assert metadata["routes"].value.startswith("| route | to | flights |")
    assert "| EWR → RIC | Richmond Intl | 1,667 | 25.8 | 40.7% | 3.1% |" in metadata["routes"].value


def test_the_page_is_a_file_too(flown):
    page = (flown.reports / "delays.md").read_text(encoding="utf-8")
    assert page.startswith("# Delays out of New York, 2013")
    assert page.count("\n|") > 20


def test_a_table_of_nothing_has_its_titles():
    empty = pd.DataFrame({"route": [], "late_share": []})
    assert markdown_table(empty, {"route": "route", "late_share": "late"}) == "| route | late |\n|---|---|"

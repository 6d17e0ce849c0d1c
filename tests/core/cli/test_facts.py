from __future__ import annotations

from penstock.cli.fact_blocks import show_facts
from penstock.cli.facts import fact_text
from penstock.cli.screen import Screen
from penstock.metadata import MetadataValue, TableColumn, TableRecord, TableSchema

SCHEMA = TableSchema(columns=[TableColumn("id", "int64"), TableColumn("name", "string")])


def shown(capsys, metadata, **flags):
    """What is written of facts, as lines."""
    show_facts(Screen(**flags), metadata)
    return capsys.readouterr().out.splitlines()


def test_data_is_json_and_a_schema_its_columns():
    assert fact_text(MetadataValue.json({"a": [True, None]})) == '{"a": [true, null]}'
    assert fact_text(MetadataValue.table_schema(SCHEMA)) == "2 columns: id, name"
    assert fact_text(MetadataValue.int(1234567)) == "1,234,567"


def test_images_are_named_and_not_dumped():
    text = fact_text(MetadataValue.md("![delays](data:image/png;base64,AAAA) and ![map](a/map.png)"))
    assert text == "[image: delays (image/png, 26 characters)] and [image: map (a/map.png)]"


def test_a_schema_is_a_table_of_columns_and_types(capsys):
    lines = shown(capsys, {"schema": MetadataValue.table_schema(SCHEMA), "rows": MetadataValue.int(5)})
    assert lines == ["  rows  5", "", "  schema", "  COLUMN  TYPE", "  id      int64", "  name    string"]


def test_a_table_shows_its_rows(capsys):
    table = MetadataValue.table([TableRecord(city="Lima", people=10), TableRecord(city="Oslo", people=2000)])
    assert shown(capsys, {"top": table})[2:] == ["  CITY  PEOPLE", "  Lima      10", "  Oslo   2,000"]


def test_a_long_text_is_folded_beside_its_name(capsys):
    lines = shown(capsys, {"note": MetadataValue.text("word " * 20)}, width=40)
    assert lines[0].startswith("  note  word word")
    assert lines[1].startswith("        word")
    assert all(len(line) <= 40 for line in lines)


def test_markdown_is_rendered_where_colours_show_and_plain_elsewhere(capsys):
    metadata = {"page": MetadataValue.md("# Delays\n\n- one\n")}
    assert "  # Delays" in shown(capsys, metadata)
    rendered = shown(capsys, metadata, color=True, width=60)
    assert any("•" in line and "one" in line for line in rendered)
    assert not any("#" in line for line in rendered)


def test_the_end_of_a_long_block_is_shown_on_request(capsys):
    metadata = {"page": MetadataValue.md("\n".join(f"line {number}" for number in range(100)))}
    assert shown(capsys, metadata)[-1] == "  … and 70 more lines (-v)"
    assert shown(capsys, metadata, verbose=1)[-1] == "  line 99"

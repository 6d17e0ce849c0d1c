"""Long metadata is cut where one sees it; short values and facts are left alone."""

from __future__ import annotations

import pytest

from penstock.events import values as v
from penstock.events.metadata_cut import cut_metadata
from penstock.metadata import MetadataValue, TableColumn, TableSchema, TextMetadataValue

LONG = "x" * 1000
WIDE = TableSchema([TableColumn(name=f"column_{number}") for number in range(200)])
HOLDING = {
    "failure": lambda metadata: v.StepFailed(
        at=1.0,
        step="s",
        error=v.ErrorInfo(cls_name="E", message=""),
        failure=v.UserFailure(metadata=metadata),
    ),
    "type_check": lambda metadata: v.InputChecked(
        at=1.0, step="s", input_name="i", type_check=v.TypeChecked(metadata=metadata)
    ),
    "evaluation": lambda metadata: v.CheckEvaluated(
        at=1.0,
        evaluation=v.AssetCheckEvaluation(
            asset_key=v.AssetMaterialization("a").asset_key, check_name="c", passed=True, metadata=metadata
        ),
    ),
    "receipt": lambda metadata: v.OutputStored(at=1.0, step="s", receipt=v.Receipt(metadata=metadata)),
    "materialization": lambda metadata: v.AssetMaterialized(
        at=1.0, materialization=v.AssetMaterialization("a", metadata=metadata)
    ),
    "observation": lambda metadata: v.AssetObserved(
        at=1.0, observation=v.AssetObservation("a", metadata=metadata)
    ),
}


@pytest.mark.parametrize("holder", HOLDING)
def test_metadata_is_cut_wherever_an_event_holds_it(holder):
    event = HOLDING[holder]({"long": MetadataValue.text(LONG), "short": MetadataValue.text("s")})
    found = getattr(cut_metadata(event, 100), holder).metadata
    assert found["long"].value == f"{'x' * 100} … [900 more characters were cut]"
    assert found["short"].value == "s"


def test_metadata_of_the_event_itself_is_cut():
    event = v.OutputProduced(at=1.0, step="s", metadata={"long": MetadataValue.md(LONG)})
    found = cut_metadata(event, 100).metadata["long"]
    assert found.kind == "md"
    assert "900 more characters were cut" in found.value


@pytest.mark.parametrize("value", [MetadataValue.json([LONG]), MetadataValue.table([{"a": LONG}])])
def test_a_structure_that_is_cut_becomes_text(value):
    found = cut_metadata(v.OutputProduced(at=1.0, step="s", metadata={"long": value}), 100).metadata["long"]
    assert isinstance(found, TextMetadataValue)
    assert found.value.endswith("more characters were cut]")


@pytest.mark.parametrize("value", [MetadataValue.path(LONG), MetadataValue.table_schema(WIDE)])
def test_a_part_of_which_would_be_wrong_stays_whole(value):
    event = v.OutputProduced(at=1.0, step="s", metadata={"fact": value})
    assert cut_metadata(event, 100) == event


def test_an_event_without_metadata_stays_the_same_object():
    event = v.StepSucceeded(at=1.0, step="s", seconds=1.0)
    assert cut_metadata(event, 1) is event


def test_a_picture_inside_markdown_stays_whole():
    picture = MetadataValue.md(f"![chart](data:image/png;base64,{'A' * 200_000})")
    event = v.AssetMaterialized(
        at=0.0, materialization=v.AssetMaterialization("chart", metadata={"chart": picture})
    )
    assert cut_metadata(event, 512).materialization.metadata["chart"] == picture

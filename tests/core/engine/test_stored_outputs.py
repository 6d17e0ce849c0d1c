"""What becomes of an output: stored once, handed on whole, described by its function first."""

from __future__ import annotations

import pyarrow as pa

import penstock
from penstock.events.values import OutputStored
from penstock.spi.store import EventQuery


def test_a_stream_is_stored_and_handed_on_whole(tmp_path):
    @penstock.asset
    def streamed() -> pa.RecordBatchReader:
        return pa.table({"n": [1, 2, 3]}).to_reader()

    @penstock.asset
    def counted(streamed: pa.Table) -> int:
        return streamed.num_rows

    with penstock.Instance.local_temp(str(tmp_path)) as instance:
        result = penstock.materialize([streamed, counted], instance=instance)
        assert result.asset_value("counted") == 3
        defs = penstock.Definitions(assets=[streamed, counted])
        assert defs.load_asset_value("streamed", instance=instance).num_rows == 3


def test_metadata_of_the_function_wins_over_that_of_the_manager(tmp_path):
    @penstock.asset
    def report():
        return penstock.Output("text", metadata={"path": "somewhere else"})

    with penstock.Instance.local_temp(str(tmp_path)) as instance:
        result = penstock.materialize([report], instance=instance)
        (made,) = result.asset_materializations_for_node("report")
        assert made.metadata["path"].value == "somewhere else"
        assert made.metadata["bytes"].value == 4


def test_the_receipt_tells_where_a_value_lies_when_the_metadata_does_not(tmp_path):
    @penstock.asset
    def report():
        return penstock.Output("text", metadata={"path": "somewhere else"})

    with penstock.Instance.local_temp(str(tmp_path)) as instance:
        run_id = penstock.materialize([report], instance=instance).run_id
        (stored,) = instance.store.read(EventQuery(run_id=run_id, kinds=(OutputStored,)))
        assert isinstance(stored.event, OutputStored)
        assert str(stored.event.receipt.uri).endswith("report.txt")


def test_what_a_manager_tells_of_an_ops_values_is_on_the_events():
    class Telling(penstock.IOManager):
        def handle_output(self, context, obj):
            context.add_output_metadata({"rows": 3})
            assert context.get_logged_metadata()["rows"].value == 3

        def load_input(self, context):
            context.add_input_metadata({"read": 4})
            return 5

    @penstock.op
    def first():
        return 1

    @penstock.op
    def second(x):
        return x

    @penstock.job(resource_defs={"io_manager": penstock.IOManagerDefinition.hardcoded_io_manager(Telling())})
    def told():
        second(first())

    result = told.execute_in_process()
    stored, *_ = result.events_of_type(penstock.EventType.HANDLED_OUTPUT)
    (loaded,) = result.events_of_type(penstock.EventType.LOADED_INPUT)
    assert stored.event_specific_data.metadata["rows"].value == 3
    assert loaded.event_specific_data.metadata["read"].value == 4

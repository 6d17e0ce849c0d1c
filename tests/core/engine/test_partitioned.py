"""Contexts tell of partitions, and inputs get those that their mapping says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from penstock import (
    AllPartitionMapping,
    AssetExecutionContext,
    AssetIn,
    AssetKey,
    AssetSpec,
    BackfillPolicy,
    DailyPartitionsDefinition,
    DataProvenance,
    DataVersion,
    FilesystemIOManager,
    InMemoryIOManager,
    Instance,
    IOManager,
    MaterializeResult,
    MultiPartitionsDefinition,
    Output,
    PartitionKeyRange,
    StaticPartitionsDefinition,
    TimeWindowPartitionMapping,
    asset,
    build_asset_context,
    graph_asset,
    materialize,
    materialize_to_memory,
    multi_asset,
    op,
)
from penstock.errors import InvalidInvocationError, InvariantViolationError

DAYS = DailyPartitionsDefinition("2024-01-01")
LETTERS = StaticPartitionsDefinition(["a", "b", "c"])
BEFORE = TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)
THREE = ("2024-01-02", "2024-01-03", "2024-01-04")
RANGE = {"penstock/asset_partition_range_start": THREE[0], "penstock/asset_partition_range_end": THREE[-1]}


@asset(partitions_def=DAYS)
def days(context: AssetExecutionContext):
    each = {key: int(key[-2:]) for key in context.partition_keys}
    return each if len(each) > 1 else next(iter(each.values()))


def told(seen, **launch):
    """What a step of a run tells about partitions, by the name of the attribute."""

    @asset(partitions_def=DAYS, deps=[days])
    def teller(context: AssetExecutionContext) -> None:
        seen.update({name: ask(context) for name, ask in ASKED.items()})

    with Instance.ephemeral() as instance:
        assert materialize([days, teller], selection=[teller], instance=instance, **launch).success
    return seen


ASKED = {
    "has_key": lambda context: context.has_partition_key,
    "has_range": lambda context: context.has_partition_key_range,
    "keys": lambda context: tuple(context.partition_keys),
    "range": lambda context: (context.partition_key_range.start, context.partition_key_range.end),
    "window": lambda context: context.partition_time_window,
    "out_keys": lambda context: tuple(context.asset_partition_keys_for_output()),
    "out_range": lambda context: context.asset_partition_key_range_for_output().end,
    "out_window": lambda context: context.asset_partitions_time_window_for_output(),
    "out_def": lambda context: context.asset_partitions_def_for_output(),
    "in_keys": lambda context: tuple(context.asset_partition_keys_for_input("days")),
    "in_range": lambda context: context.asset_partition_key_range_for_input("days").start,
    "in_window": lambda context: context.asset_partitions_time_window_for_input("days"),
    "in_def": lambda context: context.asset_partitions_def_for_input("days"),
}


@pytest.mark.parametrize(
    ("launch", "keys"), [({"partition_key": "2024-01-02"}, THREE[:1]), ({"tags": RANGE}, THREE)]
)
def test_a_context_tells_of_the_run_its_outputs_and_its_inputs(launch, keys):
    window = (datetime(2024, 1, 2, tzinfo=UTC), datetime(2024, 1, 2 + len(keys), tzinfo=UTC))
    assert told({}, **launch) == {
        "has_key": len(keys) == 1,
        "has_range": len(keys) > 1,
        "keys": keys,
        "range": (keys[0], keys[-1]),
        "window": window,
        "out_keys": keys,
        "out_range": keys[-1],
        "out_window": window,
        "out_def": DAYS,
        "in_keys": keys,
        "in_range": keys[0],
        "in_window": window,
        "in_def": DAYS,
    }


def test_a_range_run_has_no_single_key():
    @asset(partitions_def=DAYS)
    def asker(context: AssetExecutionContext) -> None:
        with pytest.raises(InvariantViolationError, match="has 3 partitions"):
            _ = context.partition_key
        with pytest.raises(InvariantViolationError, match="has 3 partitions"):
            context.asset_partition_key_for_output()

    assert materialize_to_memory([asker], tags=RANGE).success


def test_an_input_without_partitions_has_no_keys():
    @asset
    def plain():
        return 1

    @asset(partitions_def=DAYS)
    def asker(context: AssetExecutionContext, plain) -> None:
        with pytest.raises(InvariantViolationError, match="'plain' of step 'asker' reads no partitions"):
            context.asset_partition_keys_for_input("plain")

    assert materialize_to_memory([plain, asker], partition_key="2024-01-02").success


def test_partitions_without_time_have_no_window():
    @asset(partitions_def=LETTERS)
    def asker(context: AssetExecutionContext) -> None:
        with pytest.raises(InvariantViolationError, match="window of time"):
            _ = context.partition_time_window

    assert materialize_to_memory([asker], partition_key="a").success


def test_a_context_made_by_hand_tells_of_its_partition():
    @asset(partitions_def=DAYS)
    def asker(context: AssetExecutionContext):
        return context.partition_key, context.partition_time_window.start

    with build_asset_context(partition_key="2024-01-02") as context:
        assert asker(context) == ("2024-01-02", datetime(2024, 1, 2, tzinfo=UTC))


# ---- inputs --------------------------------------------------------------------------------------


def test_a_value_of_another_partition_is_not_handed_on():
    @asset(partitions_def=DAYS, ins={"days": AssetIn(partition_mapping=BEFORE)})
    def lagged(days):
        return days

    with Instance.ephemeral() as instance:
        materialize([days], partition_key="2024-01-02", instance=instance)
        result = materialize([days, lagged], partition_key="2024-01-03", instance=instance)
    assert (result.output_for_node("days"), result.output_for_node("lagged")) == (3, 2)


def test_a_range_is_handed_on_as_a_dict():
    @asset(partitions_def=DAYS)
    def twice(days):
        return {key: 2 * value for key, value in days.items()}

    result = materialize_to_memory([days, twice], tags=RANGE)
    assert result.output_for_node("twice") == {"2024-01-02": 4, "2024-01-03": 6, "2024-01-04": 8}


def test_files_take_and_give_a_dict_of_partitions():
    @asset(partitions_def=DAYS)
    def twice(days):
        return {key: 2 * value for key, value in days.items()}

    with Instance.ephemeral() as instance:
        materialize([days], tags=RANGE, instance=instance)
        result = materialize([days, twice], selection=[twice], tags=RANGE, instance=instance)
        assert result.output_for_node("twice") == {"2024-01-02": 4, "2024-01-03": 6, "2024-01-04": 8}
        made = instance.get_materialized_partitions(AssetKey("twice"))
    assert made == set(THREE)


def test_a_range_that_reads_one_day_back_reads_as_many():
    @asset(partitions_def=DAYS, ins={"days": AssetIn(partition_mapping=BEFORE)})
    def lagged(context: AssetExecutionContext, days):
        return dict(zip(context.partition_keys, days.values(), strict=True))

    early = {**RANGE, "penstock/asset_partition_range_start": "2024-01-01"}
    with Instance.ephemeral() as instance:
        materialize([days], tags=early, instance=instance)
        result = materialize([days, lagged], selection=[lagged], tags=RANGE, instance=instance)
    assert result.output_for_node("lagged") == {"2024-01-02": 1, "2024-01-03": 2, "2024-01-04": 3}


def test_a_partition_that_reads_nothing_gets_none():
    @asset(partitions_def=DAYS, ins={"total": AssetIn(partition_mapping=BEFORE)})
    def total(total):
        return total

    assert materialize_to_memory([total], partition_key="2024-01-01").output_for_node("total") is None


def test_partitions_of_the_same_run_and_of_earlier_ones_are_read_together():
    @asset(partitions_def=LETTERS)
    def letters(context: AssetExecutionContext):
        return context.partition_key.upper()

    @asset(partitions_def=LETTERS, ins={"letters": AssetIn(partition_mapping=AllPartitionMapping())})
    def word(letters):
        return "".join(letters.values())

    with Instance.ephemeral() as instance:
        for key in "ab":
            materialize([letters], partition_key=key, instance=instance)
        result = materialize([letters, word], partition_key="c", instance=instance)
    assert result.output_for_node("word") == "ABC"


def test_missing_partitions_fail_the_step_before_its_function():
    ran = []

    @asset(partitions_def=DailyPartitionsDefinition("2024-01-10"))
    def late():
        return 1

    @asset(partitions_def=DAYS)
    def reader(late):
        ran.append(late)

    with Instance.ephemeral() as instance:
        result = materialize(
            [late, reader],
            selection=[reader],
            partition_key="2024-01-05",
            instance=instance,
            raise_on_error=False,
        )
    (failure,) = result.get_step_failure_events()
    assert "wants partitions that do not exist: '2024-01-05'" in failure.step_failure_data.error.message
    assert ran == []


def test_ops_inside_a_graph_read_what_the_graph_says():
    @op
    def plus_one(number):
        return number + 1

    @graph_asset(partitions_def=DAYS, ins={"days": AssetIn(partition_mapping=BEFORE)})
    def more(days):
        return plus_one(days)

    with Instance.ephemeral() as instance:
        materialize([days], partition_key="2024-01-02", instance=instance)
        result = materialize([days, more], partition_key="2024-01-03", instance=instance)
    assert result.asset_value("more") == 3


def test_each_asset_of_a_function_is_made_for_each_partition():
    @multi_asset(specs=[AssetSpec("x", partitions_def=DAYS), AssetSpec("y", partitions_def=DAYS)])
    def both():
        yield MaterializeResult(asset_key="x")
        yield MaterializeResult(asset_key="y")

    result = materialize_to_memory([both], tags=RANGE)
    made = [(e.asset_key.to_user_string(), e.partition) for e in result.get_asset_materialization_events()]
    assert made == [(name, key) for name in "xy" for key in THREE]


class Asked(IOManager):
    """Keeps what it was told about partitions."""

    def __init__(self):
        self.stored, self.loaded = [], []

    def handle_output(self, context, obj):
        self.stored.append((list(context.asset_partition_keys), context.asset_partitions_time_window))

    def load_input(self, context):
        self.loaded.append((
            list(context.asset_partition_keys),
            context.asset_partition_key_range.end,
            context.asset_partitions_time_window.start,
            context.upstream_output.asset_partition_keys,
            context.asset_partitions_def,
            context.partition_key,
        ))  # fmt: skip
        return 1


def test_managers_are_told_which_partitions_are_stored_and_read():
    @asset(partitions_def=DAYS, ins={"days": AssetIn(partition_mapping=BEFORE)})
    def lagged(days):
        return days

    manager = Asked()
    materialize([days, lagged], partition_key="2024-01-05", resources={"io_manager": manager})
    day = datetime(2024, 1, 5, tzinfo=UTC), datetime(2024, 1, 6, tzinfo=UTC)
    assert manager.stored == [(["2024-01-05"], day)] * 2
    before = datetime(2024, 1, 4, tzinfo=UTC)
    assert manager.loaded == [(["2024-01-04"], "2024-01-04", before, ["2024-01-04"], DAYS, "2024-01-05")]


# ---- made by hand, and metadata ------------------------------------------------------------------


def test_a_context_made_by_hand_may_pretend_a_range():
    @asset(partitions_def=DAYS)
    def asker(context: AssetExecutionContext):
        return tuple(context.partition_keys), context.has_partition_key

    with build_asset_context(partition_key_range=PartitionKeyRange(THREE[0], THREE[-1])) as context:
        assert asker(context) == (THREE, False)


def test_a_context_made_by_hand_knows_the_dimensions_of_its_key():
    @asset(partitions_def=MultiPartitionsDefinition({"letter": LETTERS, "day": DAYS}))
    def asker(context: AssetExecutionContext):
        return dict(context.partition_key.keys_by_dimension)

    with build_asset_context(partition_key="2024-01-02|a") as context:
        assert asker(context) == {"day": "2024-01-02", "letter": "a"}


def test_metadata_may_be_that_of_one_partition():
    @asset(partitions_def=DAYS)
    def counted(context: AssetExecutionContext) -> None:
        context.add_asset_metadata({"of": "all"})
        context.add_asset_metadata({"rows": 7}, partition_key=THREE[1])

    made = materialize_to_memory([counted], tags=RANGE).get_asset_materialization_events()
    facts = [{name: one.value for name, one in e.materialization.metadata.items()} for e in made]
    assert facts == [{"of": "all"}, {"of": "all", "rows": 7}, {"of": "all"}]


def test_metadata_of_a_partition_that_is_not_made_is_refused():
    @asset(partitions_def=DAYS)
    def counted(context: AssetExecutionContext) -> None:
        with pytest.raises(InvariantViolationError, match=r"'2024-01-09'.* this run covers '2024-01-02'"):
            context.add_asset_metadata({"rows": 7}, partition_key="2024-01-09")

    assert materialize_to_memory([counted], partition_key="2024-01-02").success


POLICIES = [
    (BackfillPolicy.single_run(), 1),
    (BackfillPolicy.multi_run(5), 1),
    (BackfillPolicy.multi_run(), {"2024-01-01": 1}),
    (None, {"2024-01-01": 1}),
]


@pytest.mark.parametrize(("policy", "stored"), POLICIES)
def test_a_dict_of_the_one_partition_is_opened_where_runs_may_take_several(tmp_path, policy, stored):
    days = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-10")

    @asset(partitions_def=days, backfill_policy=policy)
    def counted(context):
        return dict.fromkeys(context.partition_keys, 1)

    @asset(partitions_def=days)
    def read(counted):
        return counted

    files = {"io_manager": FilesystemIOManager(base_dir=str(tmp_path))}
    result = materialize([counted, read], partition_key="2024-01-01", resources=files)
    assert result.output_for_node("read") == stored
    again = materialize([counted, read], selection=[read], partition_key="2024-01-01", resources=files)
    assert again.output_for_node("read") == stored


@pytest.mark.parametrize("value", [{"other": 1}, {}, {"2024-01-01": 1, "other": 2}, [1], None])
def test_what_is_no_dict_of_the_one_partition_is_stored_as_it_is(value):
    days = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-10")

    @asset(partitions_def=days, backfill_policy=BackfillPolicy.single_run())
    def odd():
        return value

    assert materialize([odd], partition_key="2024-01-01").output_for_node("odd") == value


@pytest.mark.parametrize("keys", [["2024-01-01"], ["2024-01-01", "2024-01-02"]])
@pytest.mark.parametrize("apart", [False, True])
def test_an_argument_by_key_is_a_dict_also_of_one_partition(tmp_path, keys, apart):
    days = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-10")
    several = {"partitions_def": days, "backfill_policy": BackfillPolicy.single_run()}

    @asset(**several)
    def counted(context) -> dict[str, list[int]]:
        return {key: [1, 2] for key in context.partition_keys}

    @asset(**several)
    def read(context, counted: dict[str, list[int]]) -> dict[str, int]:
        return {key: sum(counted[key]) for key in context.partition_keys}

    ends = dict(zip(("penstock/asset_partition_range_start", "penstock/asset_partition_range_end"),
                    (keys[0], keys[-1]), strict=True))  # fmt: skip
    asked = {"partition_key": keys[0]} if len(keys) == 1 else {"tags": ends}
    asked["resources"] = {"io_manager": FilesystemIOManager(base_dir=str(tmp_path))}
    if apart:
        assert materialize([counted, read], selection=[counted], **asked).success
        result = materialize([counted, read], selection=[read], **asked)
    else:
        result = materialize([counted, read], **asked)
    assert result.output_for_node("read") == (3 if len(keys) == 1 else dict.fromkeys(keys, 3))


def test_an_argument_that_is_no_dict_by_key_is_the_bare_value():
    days = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-10")

    @asset(partitions_def=days)
    def counted():
        return {1: 2}

    several = {"partitions_def": days, "backfill_policy": BackfillPolicy.single_run()}

    @asset(**several)
    def plainly(counted: dict):
        return list(counted)

    @asset(**several)
    def by_number(counted: dict[int, int]):
        return list(counted)

    result = materialize([counted, plainly, by_number], partition_key="2024-01-01")
    assert result.output_for_node("plainly") == result.output_for_node("by_number") == [1]


def test_a_range_of_one_key_is_a_range():
    tags = {**RANGE, "penstock/asset_partition_range_end": THREE[0]}
    assert told({}, tags=tags)["has_range"]


def test_who_has_no_partitions_is_told_so():
    @asset
    def asker(context: AssetExecutionContext) -> None:
        for ask in ("partition_keys", "partition_key_range", "asset_partition_key_range"):
            with pytest.raises(InvariantViolationError, match="no partition"):
                getattr(context, ask)
        with pytest.raises(InvariantViolationError, match="no partition"):
            context.asset_partition_keys_for_output()

    assert materialize_to_memory([asker]).success


def test_a_context_for_a_range_tells_its_ends_before_it_meets_an_asset():
    ends = PartitionKeyRange(THREE[0], THREE[-1])
    context = build_asset_context(partition_key_range=ends)
    assert context.has_partition_key_range
    assert not context.has_partition_key
    assert context.partition_key_range == context.asset_partition_key_range == ends
    with pytest.raises(InvalidInvocationError, match="not both"):
        build_asset_context(partition_key_range=ends, partition_key=THREE[0])


def test_several_partitions_have_no_single_identifier():
    seen = []

    class Asking(IOManager):
        def handle_output(self, context, obj):
            with pytest.raises(InvariantViolationError, match="3 partitions"):
                context.get_asset_identifier()

        def load_input(self, context):
            with pytest.raises(InvariantViolationError, match="3 partitions"):
                context.get_asset_identifier()
            seen.append(context.asset_partition_keys)

    @asset(partitions_def=DAYS)
    def first():
        return 1

    @asset(partitions_def=DAYS)
    def second(first): ...

    assert materialize([first, second], tags=RANGE, resources={"io_manager": Asking()}).success
    assert [tuple(keys) for keys in seen] == [THREE]


def test_a_step_learns_what_its_asset_was_made_from():
    told = []

    @asset(code_version="7")
    def source():
        return Output(1, data_version=DataVersion("s1"))

    @asset(code_version="8")
    def reader(context: AssetExecutionContext, source):
        told.append(context.get_asset_provenance(AssetKey("reader")))
        told.append(context.get_asset_provenance(AssetKey("source")))

    with Instance.ephemeral() as instance:
        for _ in range(2):
            materialize([source, reader], instance=instance)
    assert told[0] is None
    made, read = told[2:]
    assert made == DataProvenance("8", {AssetKey("source"): DataVersion("s1")}, is_user_provided=False)
    assert read == DataProvenance("7", {}, is_user_provided=True)


def test_a_step_knows_whether_its_run_has_partitions():
    seen = []

    @asset(partitions_def=StaticPartitionsDefinition(["a"]))
    def parted(context):
        seen.append(context.has_partitions)

    @asset
    def whole(context):
        seen.append(context.has_partitions)

    materialize([parted], partition_key="a")
    materialize([whole])
    assert seen == [True, False]


def test_a_function_that_returns_nothing_makes_every_partition_of_a_range_in_memory():
    @asset(partitions_def=LETTERS, backfill_policy=BackfillPolicy.single_run())
    def stored_elsewhere(context):
        assert len(context.partition_keys) == 2

    ends = {"penstock/asset_partition_range_start": "a", "penstock/asset_partition_range_end": "b"}
    result = materialize([stored_elsewhere], tags=ends, resources={"io_manager": InMemoryIOManager()})
    assert [event.partition for event in result.get_asset_materialization_events()] == ["a", "b"]


def test_memory_wants_the_value_of_each_partition_of_a_range():
    @asset(partitions_def=LETTERS, backfill_policy=BackfillPolicy.single_run())
    def single(context):
        return 1

    ends = {"penstock/asset_partition_range_start": "a", "penstock/asset_partition_range_end": "b"}
    with pytest.raises(InvariantViolationError, match="must be a dict by partition key"):
        materialize([single], tags=ends, resources={"io_manager": InMemoryIOManager()})

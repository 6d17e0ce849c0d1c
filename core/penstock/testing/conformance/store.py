# ruff: noqa: S101, D102 - a kit of tests: asserting is its work, and names of tests are sentences
"""What every store must do. Subclass ``StoreConformance`` and give it a fixture ``store``.

    class TestMyStore(StoreConformance):
        __test__ = True

        @pytest.fixture
        def store(self, tmp_path):
            with closing(MyStore(tmp_path)) as store:
                yield store

Owns: the promises of ``penstock.spi.store`` as tests. Must not import any store.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from penstock.errors import Error, InvariantViolationError, RunNotFoundError, TransitionRejected
from penstock.events import values as v
from penstock.events.fold import check_run
from penstock.events.runs import Run, RunRecord, RunsFilter, RunStatus
from penstock.keys import AssetCheckKey, AssetKey
from penstock.spi.store import EventQuery, Store, StoredEvent
from penstock.testing.conformance.store_partitions import PartitionPromises
from penstock.testing.conformance.store_pools import PoolPromises, PoolQueuePromises

A, B = AssetKey("a"), AssetKey(["b", "c"])


# ---- material ------------------------------------------------------------------------------------


def begun(at: float = 1.0) -> list[v.Happened]:
    """The events with which a run in this process begins."""
    return [v.RunStarting(at=at), v.RunStarted(at=at + 0.5)]


def one_step(
    step: str, key: AssetKey, *, at: float = 2.0, partition: str | None = None, version: str = "v"
) -> list[v.Happened]:
    """The events of a step that makes an asset."""
    made = v.AssetMaterialization(key, partition=partition, tags={v.DATA_VERSION_TAG: version})
    return [
        v.StepStarted(at=at, step=step),
        v.OutputStored(at=at, step=step, receipt=v.Receipt(uri="file:x", bytes=0)),
        v.AssetMaterialized(at=at, step=step, materialization=made),
        v.StepSucceeded(at=at, step=step, seconds=0.25),
    ]


def evaluated(key: AssetKey, name: str, *, passed: bool, at: float = 3.0) -> v.CheckEvaluated:
    """The evaluation of a check."""
    return v.CheckEvaluated(
        at=at, evaluation=v.AssetCheckEvaluation(asset_key=key, check_name=name, passed=passed)
    )


def finished_run(store: Store, run_id: str, key: AssetKey = A, *, partition: str | None = None) -> int:
    """Store a run that made one asset and succeeded.

    Returns:
        The sequence number of its last event.
    """
    seq = store.create_run(Run(run_id=run_id, job_name="job"), begun())
    seq = store.append(run_id, seq, one_step("step", key, partition=partition, version=run_id))
    return store.append(run_id, seq, [v.RunSucceeded(at=9.0)])


def record_of(store: Store, run_id: str) -> RunRecord:
    """The only record of a run."""
    (record,) = store.runs(RunsFilter(run_ids=[run_id]))
    return record


def log_of(store: Store, run_id: str) -> Sequence[StoredEvent]:
    """All events of a run."""
    return store.read(EventQuery(run_id=run_id))


def faults_of(store: Store, run_id: str) -> list[str]:
    """What is wrong with a stored run; empty when status, sequence and log agree."""
    log = log_of(store, run_id)
    return check_run(record_of(store, run_id), [entry.event for entry in log], [entry.seq for entry in log])


@contextmanager
def refused(error: type[Error]) -> Generator[None]:
    """Asserts that the block raises this error."""
    try:
        yield
    except error:
        return
    raise AssertionError(f"wanted {error.__name__}, found no error")


# ---- the promises --------------------------------------------------------------------------------


class RunPromises:
    """Runs: found by filters, moved by events, never moved illegally."""

    __test__ = False

    def test_a_created_run_is_found_with_all_it_was_given(self, store: Store) -> None:
        run = Run(
            run_id="r", job_name="j", status=RunStatus.STARTED, run_config={"ops": {"x": {"n": 1}}},
            tags={"k": "v"}, parent_run_id="p", root_run_id="q", asset_selection=frozenset({A, B}),
            asset_check_selection=frozenset({AssetCheckKey(A, "c")}), op_selection=("x", "y"),
            step_keys_to_execute=("s",), code_location="here",
        )  # fmt: skip
        assert store.create_run(run, begun(1.0)) == 2
        record = record_of(store, "r")
        assert record.run == run
        assert (record.create_time, record.start_time, record.end_time) == (1.0, 1.5, None)
        assert record.last_seq == 2

    def test_a_run_without_events_has_the_status_it_was_given(self, store: Store) -> None:
        store.create_run(Run(run_id="r", job_name="j"), [])
        assert record_of(store, "r").run.status is RunStatus.QUEUED

    def test_a_run_id_is_given_once(self, store: Store) -> None:
        store.create_run(Run(run_id="r", job_name="j"), begun())
        with refused(InvariantViolationError):
            store.create_run(Run(run_id="r", job_name="other"), begun())
        assert record_of(store, "r").run.job_name == "j"
        assert len(log_of(store, "r")) == 2

    def test_events_move_the_status_and_the_times(self, store: Store) -> None:
        seq = store.create_run(Run(run_id="r", job_name="j"), [v.RunQueued(at=1.0)])
        for event, status in (
            (v.RunStarting(at=2.0), RunStatus.STARTING),
            (v.RunStarted(at=3.0), RunStatus.STARTED),
            (v.RunFailed(at=4.0), RunStatus.FAILURE),
        ):
            seq = store.append("r", seq, [event])
            assert record_of(store, "r").run.status is status
        record = record_of(store, "r")
        assert (record.create_time, record.start_time, record.end_time) == (1.0, 3.0, 4.0)
        assert faults_of(store, "r") == []

    def test_an_illegal_move_is_refused_and_leaves_no_event(self, store: Store) -> None:
        seq = finished_run(store, "r")
        before = log_of(store, "r")
        with refused(TransitionRejected):
            store.append("r", seq, [v.EngineNoted(at=10.0, message="late"), v.RunFailed(at=10.0)])
        assert log_of(store, "r") == before
        assert record_of(store, "r").run.status is RunStatus.SUCCESS

    def test_runs_come_newest_first_and_in_pages(self, store: Store) -> None:
        for number in range(5):
            store.create_run(Run(run_id=str(number), job_name="j"), begun())
        everything = RunsFilter()
        newest = store.runs(everything, limit=2)
        assert [record.run.run_id for record in newest] == ["4", "3"]
        following = store.runs(everything, limit=2, before=newest[-1].storage_id)
        assert [record.run.run_id for record in following] == ["2", "1"]
        assert [record.run.run_id for record in store.runs(everything, ascending=True, limit=1)] == ["0"]
        assert store.runs(everything, limit=0) == []
        assert store.count_runs(everything) == 5

    def test_every_condition_of_a_filter_must_hold(self, store: Store) -> None:
        finished_run(store, "done")
        for name, tags in (("one", {"team": "x"}), ("two", {"team": "y", "more": "1"})):
            store.create_run(Run(run_id=name, job_name=name, tags=tags), begun(at=20.0))

        def found(wanted: RunsFilter) -> set[str]:
            assert store.count_runs(wanted) == len(store.runs(wanted))
            return {record.run.run_id for record in store.runs(wanted)}

        assert found(RunsFilter(job_name="one")) == {"one"}
        assert found(RunsFilter(statuses=[RunStatus.SUCCESS, RunStatus.QUEUED])) == {"done"}
        assert found(RunsFilter(tags={"team": ["x", "y"]})) == {"one", "two"}
        assert found(RunsFilter(tags={"team": "y", "more": "1"})) == {"two"}
        assert found(RunsFilter(tags={"team": "x", "more": "1"})) == set()
        assert found(RunsFilter(run_ids=["one", "done", "none"])) == {"one", "done"}
        assert found(RunsFilter(run_ids=[])) == set()
        assert found(RunsFilter(created_after=10.0, job_name="two")) == {"two"}
        assert found(RunsFilter(created_before=10.0)) == {"done"}
        assert found(RunsFilter(updated_after=9.5)) == {"one", "two"}

    def test_more_run_ids_than_a_statement_takes_parameters(self, store: Store) -> None:
        finished_run(store, "r")
        wanted = RunsFilter(run_ids=[*map(str, range(40_000)), "r"])
        assert [record.run.run_id for record in store.runs(wanted)] == ["r"]

    def test_tags_are_added_and_replaced(self, store: Store) -> None:
        store.create_run(Run(run_id="r", job_name="j", tags={"a": "1", "b": "1"}), begun())
        store.tag_run("r", {"b": "2", "c": "3"})
        assert record_of(store, "r").run.tags == {"a": "1", "b": "2", "c": "3"}
        assert store.count_runs(RunsFilter(tags={"b": "2"})) == 1
        assert store.count_runs(RunsFilter(tags={"b": "1"})) == 0
        with refused(RunNotFoundError):
            store.tag_run("nobody", {"a": "1"})


class LogPromises:
    """The log: dense, ordered, compared before it is written, never written in part."""

    __test__ = False

    def test_events_come_back_equal_and_in_order(self, store: Store) -> None:
        finished_run(store, "r")
        log = log_of(store, "r")
        assert [entry.seq for entry in log] == list(range(1, 8))
        assert [entry.event for entry in log] == [
            *begun(), *one_step("step", A, version="r"), v.RunSucceeded(at=9.0),
        ]  # fmt: skip
        assert {entry.run_id for entry in log} == {"r"}
        assert faults_of(store, "r") == []

    def test_append_with_a_stale_sequence_is_refused(self, store: Store) -> None:
        seq = store.create_run(Run(run_id="r", job_name="j"), begun())
        store.append("r", seq, [v.StepStarted(at=2.0, step="s")])
        for stale in (seq, seq - 1, seq + 2):
            with refused(TransitionRejected):
                store.append("r", stale, [v.StepStarted(at=3.0, step="other")])
            with refused(TransitionRejected):
                store.append("r", stale, [v.RunSucceeded(at=3.0)])
        assert faults_of(store, "r") == []

    def test_append_to_an_unknown_run_is_refused(self, store: Store) -> None:
        with refused(TransitionRejected):
            store.append("nobody", 0, [v.StepStarted(at=1.0, step="s")])
        with refused(TransitionRejected):
            store.append("nobody", 0, [v.RunStarted(at=1.0)])

    def test_appending_nothing_changes_nothing(self, store: Store) -> None:
        seq = store.create_run(Run(run_id="r", job_name="j"), begun())
        assert store.append("r", seq, []) == seq

    def test_ids_grow_over_all_runs_in_order_of_commit(self, store: Store) -> None:
        one = store.create_run(Run(run_id="1", job_name="j"), begun())
        two = store.create_run(Run(run_id="2", job_name="j"), begun())
        store.append("1", one, one_step("s", A))
        store.append("2", two, one_step("s", B))
        everything = store.read(EventQuery())
        ids = [entry.id for entry in everything]
        assert ids == sorted(set(ids))
        assert [entry.run_id for entry in everything] == ["1"] * 2 + ["2"] * 2 + ["1"] * 4 + ["2"] * 4

    def test_a_follower_misses_and_doubles_nothing(self, store: Store) -> None:
        for name in ("1", "2", "3"):
            finished_run(store, name)
        seen: list[int] = []
        while page := store.read(EventQuery(after=seen[-1] if seen else None, limit=4)):
            seen.extend(entry.id for entry in page)
        assert seen == [entry.id for entry in store.read(EventQuery())]
        backwards = store.read(EventQuery(before=seen[-1], ascending=False, limit=2))
        assert [entry.id for entry in backwards] == seen[-2:-4:-1]

    def test_ids_are_not_given_again_after_a_deletion(self, store: Store) -> None:
        finished_run(store, "1")
        last = store.read(EventQuery(ascending=False, limit=1))[0].id
        store.delete_run("1")
        store.wipe(A)
        finished_run(store, "2")
        assert store.read(EventQuery(limit=1))[0].id > last

    def test_kinds_and_times_narrow_a_question(self, store: Store) -> None:
        finished_run(store, "r")

        def kinds(query: EventQuery) -> list[str]:
            return [type(entry.event).__name__ for entry in store.read(query)]

        wanted = (v.StepStarted, v.AssetMaterialized)
        assert kinds(EventQuery(run_id="r", kinds=wanted)) == ["StepStarted", "AssetMaterialized"]
        assert kinds(EventQuery(kinds=(v.RunSucceeded,))) == ["RunSucceeded"]
        assert kinds(EventQuery(since=1.2, until=1.8)) == ["RunStarted"]
        assert kinds(EventQuery(run_id="nobody")) == []

    def test_events_outside_any_run_have_no_sequence(self, store: Store) -> None:
        observed = v.AssetObserved(at=1.0, observation=v.AssetObservation(A))
        assert store.append("", 0, [observed, v.EngineNoted(at=1.0, message="m")]) == 0
        found = store.read(EventQuery(run_id=""))
        assert [(entry.run_id, entry.seq, entry.event) for entry in found] == [
            ("", 0, observed), ("", 0, v.EngineNoted(at=1.0, message="m")),
        ]  # fmt: skip
        assert store.count_runs(RunsFilter()) == 0

    def test_odd_names_are_kept_as_they_are(self, store: Store) -> None:
        step = 'a/b "c" \x00 [1] ünï ' + "x" * 300
        key = AssetKey(['q"uote', "sl/ash", "%", "ü\n"])
        seq = store.create_run(Run(run_id="r", job_name=step, tags={step: step}), begun())
        store.append("r", seq, one_step(step, key, partition=step))
        assert log_of(store, "r")[2:] == store.read(EventQuery(run_id="r", after=log_of(store, "r")[1].id))
        assert [entry.event for entry in log_of(store, "r")][2:] == one_step(step, key, partition=step)
        assert list(store.partitions(key)) == [step]
        assert store.count_runs(RunsFilter(tags={step: step}, job_name=step)) == 1


class FactPromises:
    """What is known of assets: the latest, by projection, whatever becomes of the runs."""

    __test__ = False

    def test_the_latest_materialization_and_observation_are_at_hand(self, store: Store) -> None:
        finished_run(store, "1")
        finished_run(store, "2")
        seen = v.AssetObserved(at=5.0, observation=v.AssetObservation(A, tags={v.DATA_VERSION_TAG: "seen"}))
        store.append("", 0, [seen])
        (status,) = store.assets()
        assert status.last_materialization is not None
        assert status.last_materialization.run_id == "2"
        assert status.data_version == "2"
        assert status.last_observation is not None
        assert status.last_observation.event == seen

    def test_an_observed_asset_has_the_data_version_that_was_seen(self, store: Store) -> None:
        tags = {v.DATA_VERSION_TAG: "7"}
        store.append("", 0, [v.AssetObserved(at=1.0, observation=v.AssetObservation(A, tags=tags))])
        assert store.assets([A])[0].data_version == "7"

    def test_assets_are_listed_by_key_and_prefix(self, store: Store) -> None:
        keys = [AssetKey(path) for path in (["b"], ["a", "x"], ["a", "y"], ["a"], ["ab"], ["a,x"])]
        made = [v.AssetMaterialized(at=1.0, materialization=v.AssetMaterialization(key)) for key in keys]
        store.append("", 0, made)
        assert [status.asset_key for status in store.assets()] == sorted(keys)
        below = [status.asset_key.to_user_string() for status in store.assets(prefix=["a"])]
        assert below == ["a", "a/x", "a/y"]

    def test_an_asset_without_facts_is_unknown_unless_asked_for(self, store: Store) -> None:
        store.create_run(Run(run_id="r", job_name="j", asset_selection=frozenset({A})), begun())
        assert store.assets() == []
        (status,) = store.assets([A])
        assert (status.last_materialization, status.last_planned_run_id) == (None, "r")
        assert store.assets([B])[0].asset_key == B

    def test_the_history_of_an_asset_is_read_by_asset_and_partition(self, store: Store) -> None:
        for name, partition in (("1", "p"), ("2", "q"), ("3", "p")):
            finished_run(store, name, partition=partition)
        finished_run(store, "4", B)
        query = EventQuery(asset_key=A, kinds=(v.AssetMaterialized,), ascending=False)
        assert [entry.run_id for entry in store.read(query)] == ["3", "2", "1"]
        of_p = EventQuery(asset_key=A, partitions=("p",))
        assert [entry.run_id for entry in store.read(of_p)] == ["1", "3"]
        of_many = EventQuery(asset_key=A, partitions=(*map(str, range(40_000)), "q"), limit=5)
        assert [entry.run_id for entry in store.read(of_many)] == ["2"]
        assert store.read(EventQuery(asset_key=AssetKey("nobody"))) == []

    def test_partitions_name_their_latest_event(self, store: Store) -> None:
        for name, partition in (("1", "p"), ("2", "q"), ("3", "p")):
            finished_run(store, name, partition=partition)
        latest = {entry.run_id: entry.id for entry in store.read(EventQuery(asset_key=A))}
        assert store.partitions(A) == {"p": latest["3"], "q": latest["2"]}
        assert store.partitions(B) == {}

    def test_the_latest_fact_of_each_partition_is_read_alone(self, store: Store) -> None:
        for name, partition in (("1", "p"), ("2", "q"), ("3", "p"), ("4", None)):
            finished_run(store, name, partition=partition)
        seen = v.AssetObservation(A, partition="p")
        store.append("", 0, [v.AssetObserved(at=3.0, step="", observation=seen)] * 2)

        def read(**query: Any) -> list[tuple[str, str]]:
            found = store.read(EventQuery(latest=True, **query))
            return [(entry.run_id, type(entry.event).__name__) for entry in found]

        both = [("2", "AssetMaterialized"), ("3", "AssetMaterialized")]
        made = {"asset_key": A, "kinds": (v.AssetMaterialized,)}
        assert read(**made) == both
        assert read(**made, partitions=("p", "r")) == both[1:]
        assert read(**made, partitions=(*map(str, range(40_000)), "q")) == both[:1]
        assert read(asset_key=A) == read() == [*both, ("", "AssetObserved")]
        assert read(asset_key=A, kinds=(v.AssetObserved,), partitions=("p",)) == [("", "AssetObserved")]
        assert read(asset_key=B) == []

    def test_the_latest_evaluation_of_a_check_counts(self, store: Store) -> None:
        store.append("", 0, [evaluated(A, "c", passed=True), evaluated(A, "d", passed=True)])
        store.append("", 0, [evaluated(A, "c", passed=False)])
        key, unknown = AssetCheckKey(A, "c"), AssetCheckKey(B, "c")
        found = store.checks([key, unknown])
        assert list(found) == [key]
        assert not found[key].passed
        assert len(store.read(EventQuery(check_key=key))) == 2

    def test_a_deleted_run_is_gone_and_its_latest_facts_stay(self, store: Store) -> None:
        finished_run(store, "1", partition="p")
        finished_run(store, "2", partition="q")
        for name in ("2", "1", "never there"):
            store.delete_run(name)
        assert store.runs(RunsFilter()) == []
        assert log_of(store, "1") == []
        assert sorted(store.partitions(A)) == ["p", "q"]
        (status,) = store.assets()
        assert status.last_materialization is not None
        assert status.last_materialization.run_id == "2"
        with refused(TransitionRejected):
            store.append("2", 7, [v.EngineNoted(at=1.0, message="m")])

    def test_a_wiped_asset_is_unknown_and_its_runs_keep_their_log(self, store: Store) -> None:
        finished_run(store, "1", partition="p")
        finished_run(store, "2", B)
        store.append("", 0, [evaluated(A, "c", passed=True)])
        before = log_of(store, "1")
        store.wipe(A)
        assert [status.asset_key for status in store.assets()] == [B]
        assert store.partitions(A) == {}
        assert store.checks([AssetCheckKey(A, "c")]) == {}
        assert store.read(EventQuery(asset_key=A)) == []
        assert log_of(store, "1") == before
        assert faults_of(store, "1") == []

    def test_wiping_partitions_leaves_the_others(self, store: Store) -> None:
        for name, partition in (("1", "p"), ("2", "q"), ("3", "r")):
            finished_run(store, name, partition=partition)
        store.wipe(A, ["r", "p", "never there"])
        assert list(store.partitions(A)) == ["q"]
        latest = store.assets([A])[0].last_materialization
        assert latest is not None
        assert latest.run_id == "2"

    def test_dynamic_partitions_keep_their_order(self, store: Store) -> None:
        assert store.dynamic_partitions("d") == []
        assert store.dynamic_partitions("d", add=["b", "a", "b"]) == ["b", "a"]
        assert store.dynamic_partitions("d", add=["a", "c"]) == ["b", "a", "c"]
        assert store.dynamic_partitions("d", remove=["b", "never there"]) == ["a", "c"]
        assert store.dynamic_partitions("d", add=["b"]) == ["a", "c", "b"]
        assert store.dynamic_partitions("e") == []

    def test_one_dynamic_partition_is_asked_for_alone(self, store: Store) -> None:
        store.dynamic_partitions("d", add=["a", "b"])
        assert store.dynamic_partitions("d", only="b") == ["b"]
        assert store.dynamic_partitions("d", only="c") == []
        assert store.dynamic_partitions("e", only="a") == []

    def test_many_dynamic_partitions_are_no_matter(self, store: Store) -> None:
        keys = [f"customer {number}" for number in range(50_000)]
        assert store.dynamic_partitions("d", add=keys) == keys
        assert store.dynamic_partitions("d", remove=keys[1:]) == keys[:1]


class HousePromises:
    """The store as a thing: counted and closed."""

    __test__ = False

    def test_info_counts_runs_and_events(self, store: Store) -> None:
        finished_run(store, "r")
        info = store.info()
        assert (info.runs, info.events) == (1, 7)
        assert info.schema_version == info.wanted_schema_version
        assert info.size > 0

    def test_closing_twice_is_no_fault(self, store: Store) -> None:
        store.close()
        store.close()


class StoreConformance(
    RunPromises, LogPromises, FactPromises, PartitionPromises, PoolPromises, PoolQueuePromises, HousePromises
):
    """Every promise of a store; the subclass sets ``__test__ = True`` and gives the fixture ``store``."""

    __test__ = False

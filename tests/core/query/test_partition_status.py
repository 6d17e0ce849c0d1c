"""The projection of partition status says what a slow fold over the whole history says."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from penstock.events import values as v
from penstock.events.places import PartitionPlace, PartitionPlaces
from penstock.events.runs import PARTITION_TAG, RANGE_END_TAG, RANGE_START_TAG, Run
from penstock.keys import AssetKey
from penstock.partitions.dynamic import DynamicPartitionsDefinition
from penstock.partitions.multi import MultiPartitionsDefinition
from penstock.partitions.numbers import numbered, numbering_of
from penstock.partitions.periods import DailyPartitionsDefinition
from penstock.partitions.static import StaticPartitionsDefinition
from penstock.partitions.view import DynamicKeys
from penstock.query.partitions import partition_statuses, status_by_partition
from penstock.store.doctor import faults_in
from penstock.store.memory import memory_store
from penstock.store.retention import RetentionPolicy, retain

A = AssetKey("a")
NOW = datetime(2024, 1, 7, tzinfo=UTC)
SIDES = {"d": DailyPartitionsDefinition("2024-01-04"), "x": StaticPartitionsDefinition(["l", "m"])}
LETTERS = [StaticPartitionsDefinition([*"abcdef"]), StaticPartitionsDefinition([*"fbxcd"])]
DAYS = [DailyPartitionsDefinition("2024-01-01"), DailyPartitionsDefinition("2024-01-03", end_offset=1)]
CUBES = [
    MultiPartitionsDefinition(SIDES),
    MultiPartitionsDefinition({**SIDES, "x": StaticPartitionsDefinition(["m", "n", "l"])}),
]
NAMES = [DynamicPartitionsDefinition(name="n")] * 2
MIXED = [NAMES[0], StaticPartitionsDefinition([*"abcd"])]
NAMED_CUBES = [MultiPartitionsDefinition({**SIDES, "x": NAMES[0]})] * 2
TIMES = [MultiPartitionsDefinition({**SIDES, "x": DailyPartitionsDefinition("2024-01-05")})] * 2


@define
class Try:
    began: int
    covers: tuple[str, str]
    ended: int | None = None
    failed: bool = False


@define
class History:
    """What happened, for a slow judge."""

    clock: int = 0
    facts: list[tuple[int, str | None, str]] = field(factory=list)
    tries: dict[str, Try] = field(factory=dict)
    wiped: dict[str, int] = field(factory=dict)

    def tick(self):
        self.clock += 1
        return self.clock

    def status(self, key, order):
        made = max((at for at, _, part in self.facts if part == key), default=0)
        for run, one in self.tries.items():
            own = any(by == run and part == key for _, by, part in self.facts)
            if one.ended is None and not own and covers(one, key, order):
                return "in_progress"
        for one in self.tries.values():
            counts = one.failed and made < one.began and self.wiped.get(key, 0) < (one.ended or 0)
            if counts and covers(one, key, order):
                return "failed"
        return "materialized" if made else "missing"


def covers(one, key, order):
    first, last = (end.split("|") for end in one.covers)
    parts = key.split("|")
    sides = [list(dict.fromkeys(other.split("|")[n] for other in order)) for n in range(len(parts))]
    if one.covers[0] == one.covers[1]:
        return key == one.covers[0]
    if any(part not in side for part, side in zip([*first, *last], [*sides, *sides], strict=True)):
        return False
    places = [
        list(map(side.index, three))
        for side, three in zip(sides, zip(first, parts, last, strict=True), strict=True)
    ]
    return all(low <= here <= high for low, here, high in places)


class OwnKeys:
    """The dynamic keys of a store itself, as an instance gives them."""

    def __init__(self, store):
        self.store = store

    def get_dynamic_partitions(self, name):
        return self.store.dynamic_partitions(name)

    def has_dynamic_partition(self, name, key):
        return bool(self.store.dynamic_partitions(name, only=key))


class Teller:
    """Tells a store and the slow judge the same."""

    def __init__(self, store, definitions, keeps=False):
        self.store, self.definitions, self.history = store, definitions, History()
        self.dynamic = DynamicKeys({"n": tuple("abc")})  # "d" was taken away
        if keeps:
            store.dynamic_partitions("n", add=[*"abc"])
            self.dynamic = OwnKeys(store)
        self.seqs: dict[str, int] = {}
        self.keys = [
            *dict.fromkeys(
                key
                for one in definitions
                for key in one.get_partition_keys(NOW, DynamicKeys({"n": tuple("abcd")}))
            )
        ]

    def key(self, number):
        return self.keys[number % len(self.keys)]

    def run(self, number, unfinished=True):
        names = [name for name, one in self.history.tries.items() if (one.ended is None) is unfinished]
        return names[number % len(names)] if names else None

    def begin(self, one, other, definition, hinted):
        first, last = self.key(one), self.key(other)
        definition = self.definitions[definition]
        run = f"r{self.history.tick()}"
        tags = {PARTITION_TAG: first} if first == last else {RANGE_START_TAG: first, RANGE_END_TAG: last}
        places = None
        numbering = numbering_of(definition)
        if hinted and numbering is not None:
            mask = numbering.between(first, last)
            numbers = [number for number in range(mask.bit_length()) if mask >> number & 1]
            places = PartitionPlaces(numbering.ruler, numbers)
        self.history.tries[run] = Try(self.history.clock, (first, last))
        about = Run(run_id=run, job_name="j", tags=tags, asset_selection=frozenset({A}), places=places)
        self.seqs[run] = self.store.create_run(
            about, [v.RunQueued(at=1.0), v.RunStarting(at=2.0), v.RunStarted(at=3.0)]
        )

    def make(self, one, which, definition, hinted):
        run, key = self.run(which) if which % 3 else None, self.key(one)
        found = numbered(self.definitions[definition], [key]) if hinted else None
        place = None if found is None else PartitionPlace(found[0], found[1][0])
        event = v.AssetMaterialized(
            at=4.0, step="", materialization=v.AssetMaterialization(A, partition=key), place=place
        )
        self.history.facts.append((self.history.tick(), run, key))
        self.append(run, [event])

    def append(self, run, events):
        if run is None:
            self.store.append("", 0, events)
        else:
            self.seqs[run] = self.store.append(run, self.seqs[run], events)

    def end(self, which, how):
        run = self.run(which)
        if run is None:
            return
        endings = {
            0: [v.RunSucceeded(at=9.0)], 1: [v.RunCanceling(at=8.0), v.RunCanceled(at=9.0)],
        }  # fmt: skip
        failed = how > 1
        self.append(run, endings.get(how, [v.RunFailed(at=9.0)]))
        self.history.tries[run].ended = self.history.tick()
        self.history.tries[run].failed = failed

    def wipe(self, one, other, whole):
        keys = None if whole else [self.key(one), self.key(other)]
        self.store.wipe(A, keys)
        now = self.history.tick()
        for key in keys or self.keys:
            self.history.wiped[key] = now
        self.history.facts = [fact for fact in self.history.facts if keys is not None and fact[2] not in keys]

    def delete(self, which, unfinished):
        run = self.run(which, unfinished)
        if run is not None:
            self.store.delete_run(run)
            del self.history.tries[run]

    def retain(self, history):
        report = retain(self.store, RetentionPolicy(older_than=0.0, keep_history=history), 1e9)
        for run in report.run_ids:
            self.history.tries.pop(run, None)

    def change(self, one, add):
        key = "abcd"[one % 4]
        self.store.dynamic_partitions("n", **{"add" if add else "remove": [key]})

    def look(self, definition):
        definition = self.definitions[definition]
        dynamic = self.dynamic
        found = partition_statuses(self.store, A, definition, now=NOW, dynamic=dynamic)
        shown = {
            key: name
            for name in ("materialized", "failed", "in_progress", "missing")
            for key in getattr(found, name).get_partition_keys()
        }
        order = definition.get_partition_keys(NOW, dynamic)
        later = definition.get_partition_keys(NOW + timedelta(days=9), dynamic)
        assert shown == {key: self.history.status(key, later) for key in order}
        assert sum(map(len, (found.materialized, found.failed, found.in_progress, found.missing))) == len(
            order
        )
        by_key = status_by_partition(self.store, A, [*order, "no such key"], definition)
        assert by_key.pop("no such key") is None
        assert {key: "missing" if one is None else one.value.lower() for key, one in by_key.items()} == shown
        if any(end not in order for one in self.history.tries.values() for end in one.covers):
            return  # keys alone do not say where a range ends that nobody listed
        by_key = status_by_partition(self.store, A, order)
        words = {key: "missing" if one is None else one.value.lower() for key, one in by_key.items()}
        assert words == shown


small, flag, which = st.integers(0, 4), st.sampled_from([True, True, False]), st.sampled_from([0, 0, 0, 1])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("begin"), small, small, which, flag),
        st.tuples(st.just("make"), small, small, which, flag),
        st.tuples(st.just("make"), small, small, which, flag),
        st.tuples(st.just("end"), small, st.integers(0, 4)),
        st.tuples(st.just("wipe"), small, small, flag),
        st.tuples(st.just("delete"), small, flag),
        st.tuples(st.just("retain"), flag),
        st.tuples(st.just("change"), small, flag),
        st.tuples(st.just("look"), which),
        st.tuples(st.just("look"), which),
    ),
    min_size=4,
    max_size=30,
)


@given(steps, st.sampled_from([LETTERS, DAYS, CUBES, TIMES, NAMES, MIXED, NAMED_CUBES]), which, flag)
def test_the_projection_says_what_the_whole_history_says(steps, definitions, last, keeps):
    with closing(memory_store()) as store:
        teller = Teller(store, definitions, keeps)
        for name, *arguments in [*steps, ("look", last), ("look", 1 - last), ("look", last)]:
            getattr(teller, name)(*arguments)
            assert not [fault for fault in faults_in(store) if fault.startswith("Assets:")]


def test_dynamic_keys_of_the_store_itself_are_not_read_to_count_their_partitions():
    with closing(memory_store()) as store:
        keys = OwnKeys(store)
        store.dynamic_partitions("n", add=[*"abc"])
        names = DynamicPartitionsDefinition(name="n")
        assert len(partition_statuses(store, A, names, now=NOW, dynamic=keys).missing) == 3
        fact = v.AssetMaterialization(A, partition="b")
        store.append("", 0, [v.AssetMaterialized(at=1.0, step="", materialization=fact)])
        partition_statuses(store, A, names, now=NOW, dynamic=keys)
        store.dynamic_partitions("n", remove=["b"])
        keys.get_dynamic_partitions = None
        found = partition_statuses(store, A, names, now=NOW, dynamic=keys)
        assert (len(found.materialized), sorted(found.missing)) == (0, ["a", "c"])
        store.dynamic_partitions("n", add=["d", "b"])
        found = partition_statuses(store, A, names, now=NOW, dynamic=keys)
        assert (list(found.materialized), sorted(found.missing)) == (["b"], ["a", "c", "d"])

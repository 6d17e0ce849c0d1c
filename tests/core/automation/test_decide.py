"""The next step of a backfill, played to its end with runs that succeed, fail or skip."""

from __future__ import annotations

import random
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock import AssetDep, BackfillPolicy, PartitionMapping, StaticPartitionsDefinition
from penstock.automation.cutting import subset_of
from penstock.automation.decide import Sets, decide, take_in
from penstock.automation.readers import readers
from penstock.automation.targets import Asked, targets
from penstock.partitions.mapping import UpstreamPartitionsResult

sys.path.insert(0, str(Path(__file__).parent))
from graphs import DAYS, VIEW, WEEKS, YESTERDAY, made, scheme, year


class Play:
    """A backfill whose runs end as a function says."""

    def __init__(self, found, asked, outcome=lambda _name, _key: "done", **options):
        self.scheme, self.outcome, self.options = found, outcome, options
        self.sets = {place: Sets.of(one) for place, one in targets(found, asked, VIEW).items()}
        self.open = []
        self.begun = []

    def wanted(self, cut):
        first, last = cut.piece.first, cut.piece.last
        return {p: subset_of(self.scheme.parts[p].definition, first, last, VIEW) for p in cut.places}

    def under_way(self):
        found = {}
        for cut in self.open:
            for place, subset in self.wanted(cut).items():
                found[place] = found[place] | subset if place in found else subset
        return found

    def step(self, room=3):
        """Decide, and begin what may begin; whether anything is left."""
        decision = decide(self.scheme, self.sets, self.under_way(), VIEW, room=room, **self.options)
        self.sets = dict(decision.sets)
        for cut in decision.chunks:
            self.refuse_if_too_early(cut)
        self.open += decision.chunks
        self.begun += decision.chunks
        return not decision.is_over

    def refuse_if_too_early(self, cut):
        """Whatever a run reads of other runs is settled well."""
        for place, subset in self.wanted(cut).items():
            for link in self.scheme.links_of[place]:
                if link.read in cut.places and link.read != place:
                    continue
                own = self.sets[link.read]
                unmade = own.target - own.done
                assert (readers(self.scheme, link, unmade, VIEW) & subset).is_empty

    def end(self, cut):
        """One run ends: a partition that fails takes its run with it, later parts are not made."""
        self.open.remove(cut)
        wanted = self.wanted(cut)
        made_now, rest = {}, "skipped"
        for place in cut.places:
            name = self.scheme.parts[place].name
            outcomes = {key: self.outcome(name, key) for key in wanted[place]}
            done = [key for key, one in outcomes.items() if one == "done"]
            made_now[place] = self.scheme.parts[place].definition.subset_with_partition_keys(done)
            if "failed" in outcomes.values():
                rest = "failed"
                break
            if "lost" in outcomes.values():
                rest = None
                break
        self.sets = dict(take_in(self.sets, wanted, made_now, rest))

    def to_the_end(self, chance=None):
        chance = chance or random.Random(0)
        for _ in range(2000):
            if not self.step():
                return self
            assert self.open, "nothing is under way, and nothing begins"
            self.end(chance.choice(self.open))
        raise AssertionError("it never ends")

    def keys(self, name, of="done"):
        place = next(part.place for part in self.scheme.parts if part.name == name)
        return list(getattr(self.sets[place], of))


@settings(max_examples=12)
@given(st.randoms(use_true_random=False), st.booleans(), st.dates(DAYS.start.date()).map(str))
def test_everything_is_made_once_and_nothing_before_what_it_reads(chance, newest, first):
    asked = Asked(first=first if first <= "2024-02-11" else "2024-01-01")
    play = Play(scheme(*year()), asked, newest_first=newest).to_the_end(chance)
    for own in play.sets.values():
        assert own.target == own.done
    for part in play.scheme.parts:
        made_by_runs = [
            key for cut in play.begun if part.place in cut.places for key in play.wanted(cut)[part.place]
        ]
        assert sorted(made_by_runs) == sorted(play.sets[part.place].target)


@settings(max_examples=20)
@given(st.randoms(use_true_random=False), st.integers(0, 2**32))
def test_whatever_fails_or_skips_all_is_settled_and_nothing_is_in_two_sets(chance, seed):
    def outcome(name, key):
        return random.Random(f"{seed}{name}{key}").choice(["done"] * 8 + ["failed", "skipped"])

    play = Play(scheme(*year()), Asked(everything=True), outcome).to_the_end(chance)
    for own in play.sets.values():
        ends = [own.done, own.skipped, own.failed, own.blocked, own.canceled, own.removed]
        assert sum(map(len, ends)) == len(own.target) == len(own.settled)


@settings(max_examples=12)
@given(st.randoms(use_true_random=False))
def test_what_a_lost_run_had_not_made_is_asked_for_again(chance):
    lost = set()

    def outcome(name, key):
        if (name, key) in lost or chance.random() > 0.1:
            return "done"
        lost.add((name, key))
        return "lost"

    play = Play(scheme(*year()), Asked(first="2024-02-01"), outcome).to_the_end(chance)
    assert all(own.target == own.done for own in play.sets.values())


def test_a_failed_day_blocks_its_week_and_no_other():
    failing = Play(
        scheme(made("day", DAYS), made("week", WEEKS, ["day"])),
        Asked(everything=True),
        lambda _name, key: "failed" if key == "2024-01-10" else "done",
    ).to_the_end()
    assert failing.keys("day", "failed") == ["2024-01-10"]
    assert failing.keys("week", "blocked") == ["2024-01-07"]
    assert len(failing.keys("week")) == 4


def test_a_skipped_day_skips_what_reads_it_and_is_no_failure():
    skipping = Play(
        scheme(made("a", DAYS), made("b", DAYS, [AssetDep("a", partition_mapping=YESTERDAY)])),
        Asked(everything=True),
        lambda name, key: "skipped" if (name, key) == ("a", "2024-01-10") else "done",
    ).to_the_end()
    assert skipping.keys("b", "skipped") == ["2024-01-11"]
    assert all(own.spoilt.is_empty for own in skipping.sets.values())


def test_what_reads_itself_is_made_in_order_and_stops_at_a_failure():
    found = scheme(made("sum", DAYS, [AssetDep("sum", partition_mapping=YESTERDAY)]))
    play = Play(
        found, Asked(first="2024-01-05", last="2024-01-09"),
        lambda _name, key: "failed" if key == "2024-01-07" else "done", newest_first=True,
    ).to_the_end()  # fmt: skip
    assert [cut.piece.first for cut in play.begun] == ["2024-01-05", "2024-01-06", "2024-01-07"]
    assert play.keys("sum", "blocked") == ["2024-01-08", "2024-01-09"]


def test_a_range_waits_until_it_may_start_as_a_whole():
    found = scheme(
        made("day", DAYS),
        made("ten", DAYS, ["day"], BackfillPolicy.multi_run(10)),
        made("all", DAYS, ["day"], BackfillPolicy.single_run()),
    )
    play = Play(found, Asked(everything=True)).to_the_end(random.Random(3))
    sizes = {0: [], 1: [], 2: []}
    for cut in play.begun:
        sizes[cut.places[0]].append(cut.piece.count)
    names = [part.name for part in found.parts]
    assert sorted(sizes[names.index("ten")]) == [2, 10, 10, 10, 10]
    assert sizes[names.index("all")] == [42]


def test_tried_again_what_failed_and_what_waited_for_it_is_made():
    failing = Play(
        scheme(made("day", DAYS), made("week", WEEKS, ["day"])),
        Asked(everything=True),
        lambda _name, key: "failed" if key == "2024-01-10" else "done",
    ).to_the_end()
    before = len(failing.begun)
    failing.sets = {place: own.tried_again("failed", "blocked") for place, own in failing.sets.items()}
    failing.outcome = lambda _name, _key: "done"
    failing.to_the_end()
    assert [cut.piece.first for cut in failing.begun[before:]] == ["2024-01-10", "2024-01-07"]


def test_what_a_run_made_before_it_failed_is_not_made_again():
    play = Play(
        scheme(made("a", DAYS), made("b", DAYS, ["a"])),
        Asked(keys=("2024-01-05",)),
        lambda name, _key: "failed" if name == "b" else "done",
    ).to_the_end()
    play.sets = {place: own.tried_again("failed") for place, own in play.sets.items()}
    play.step()
    assert [play.scheme.parts[place].name for place in play.begun[-1].places] == ["b"]


def test_a_partition_that_is_gone_is_left_and_no_failure():
    short = made("day", StaticPartitionsDefinition(["a", "b"]))
    play = Play(scheme(short), Asked(everything=True))
    from penstock import DynamicPartitionsDefinition
    from penstock.partitions.view import DynamicKeys, View

    files = DynamicPartitionsDefinition(name="files")
    found = scheme(made("file", files))
    before = View(VIEW.effective_dt, DynamicKeys({"files": ("x", "y")}))
    after = View(VIEW.effective_dt, DynamicKeys({"files": ("y",)}))
    sets = {0: Sets.of(targets(found, Asked(everything=True), before)[0])}
    decision = decide(found, sets, {}, after, room=5)
    assert list(decision.sets[0].removed) == ["x"]
    assert [cut.piece.first for cut in decision.chunks] == ["y"]
    play.to_the_end()


class OfTheFirst(PartitionMapping):
    """Reads the first upstream partition: a mapping of a user."""

    def get_upstream_mapped_partitions_result_for_partitions(
        self, downstream_partitions_subset, downstream_partitions_def, upstream_partitions_def, *_args
    ):
        first = upstream_partitions_def.get_first_partition_key()
        return UpstreamPartitionsResult(upstream_partitions_def.subset_with_partition_keys([first]))


def test_a_mapping_of_a_user_is_waited_for():
    letters = StaticPartitionsDefinition(["x", "y"])
    below = made("below", letters, [AssetDep("above", partition_mapping=OfTheFirst())])
    play = Play(scheme(made("above", StaticPartitionsDefinition(["a", "b"])), below), Asked(everything=True))
    play.to_the_end()
    assert [cut.piece.first for cut in play.begun] == ["a", "b", "x", "y"]


def test_a_hundred_thousand_partitions_are_one_range_until_they_are_cut():
    from penstock import HourlyPartitionsDefinition

    hours = HourlyPartitionsDefinition("2013-01-01-00:00", end_date="2024-06-01-00:00")
    found = scheme(made("hour", hours))
    sets = {0: Sets.of(targets(found, Asked(everything=True), VIEW)[0])}
    decision = decide(found, sets, {}, VIEW, room=2)
    assert len(sets[0].target) > 100_000
    assert len(sets[0].target.serialize()) < 100
    assert [cut.piece.first for cut in decision.chunks] == ["2013-01-01-00:00", "2013-01-01-01:00"]


class DayBefore(PartitionMapping):
    """Reads the day before: a mapping of a user."""

    def get_upstream_mapped_partitions_result_for_partitions(
        self, downstream_partitions_subset, downstream_partitions_def, upstream_partitions_def, *_args
    ):
        keys = upstream_partitions_def.get_partition_keys()
        before = [keys[keys.index(key) - 1] for key in downstream_partitions_subset if key != keys[0]]
        return UpstreamPartitionsResult(upstream_partitions_def.subset_with_partition_keys(before))


def test_what_reads_itself_by_a_mapping_of_a_user_is_made_in_order():
    found = scheme(made("sum", DAYS, [AssetDep("sum", partition_mapping=DayBefore())]))
    play = Play(found, Asked(first="2024-01-01", last="2024-01-06")).to_the_end()
    assert [cut.piece.first for cut in play.begun] == [f"2024-01-0{day}" for day in range(1, 7)]

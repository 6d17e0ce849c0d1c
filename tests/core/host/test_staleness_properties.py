"""Staleness against a slow oracle: random graphs and histories, in real runs.

The oracle remembers for each partition what its function really read; it knows no log, no tags, no hashes.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock import (
    AllPartitionMapping,
    AssetDep,
    AssetKey,
    DataVersion,
    Definitions,
    IdentityPartitionMapping,
    Instance,
    LastPartitionMapping,
    Output,
    SpecificPartitionsPartitionMapping,
    StaticPartitionMapping,
    StaticPartitionsDefinition,
    asset,
    materialize,
)
from penstock.host.changes import changed_run
from penstock.host.staleness import judged
from penstock.partitions.view import View
from penstock.plan.staleness import StaleStatus

KEYS = ("a", "b", "c")
PARTS = StaticPartitionsDefinition(list(KEYS))
MAPPINGS = {
    "same": IdentityPartitionMapping(),
    "all": AllPartitionMapping(),
    "last": LastPartitionMapping(),
    "first": SpecificPartitionsPartitionMapping(["a"]),
    "turned": StaticPartitionMapping({"a": "b", "b": "c", "c": "a"}),
}
TURNED = {"a": ("c",), "b": ("a",), "c": ("b",)}
NAMES = ("n0", "n1", "n2", "n3")
VERSIONS = st.sampled_from([None, "1", "2"])


@st.composite
def worlds(draw):
    """Name → whether it has partitions, its dependencies with their mappings, its code version."""
    found = {}
    for place, name in enumerate(NAMES):
        above = draw(st.sets(st.sampled_from(NAMES[:place]), max_size=2)) if place else set()
        has_parts = draw(st.booleans())
        mappings = sorted(MAPPINGS) if has_parts else ["all", "first", "last"]
        deps = {one: draw(st.sampled_from(mappings)) for one in sorted(above)}
        found[name] = {"parts": has_parts, "deps": deps, "code": draw(VERSIONS), "gives": None}
    return found


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("make"), st.sampled_from(NAMES), st.sampled_from(KEYS)),
        st.tuples(st.just("make"), st.sampled_from(NAMES), st.sampled_from(KEYS)),
        st.tuples(st.just("code"), st.sampled_from(NAMES), VERSIONS),
        st.tuples(st.just("gives"), st.sampled_from(NAMES), VERSIONS),
        st.tuples(st.just("drop"), st.sampled_from(NAMES), st.just(None)),
    ),
    max_size=14,
)


class World:
    """Assets that change, an instance in which they are made, and what each partition was made of."""

    def __init__(self, plan, instance):
        self.plan, self.instance = plan, instance
        self.made = {}
        self.count = 0

    def definitions(self):
        return [self._definition(name, **self.plan[name]) for name in NAMES]

    def _definition(self, name, parts, deps, code, gives):
        upstream = [
            AssetDep(one, partition_mapping=MAPPINGS[mapping]) if self.plan[one]["parts"] else AssetDep(one)
            for one, mapping in deps.items()
        ]

        @asset(name=name, code_version=code, deps=upstream, partitions_def=PARTS if parts else None)
        def made():
            return Output(1, data_version=DataVersion(gives)) if gives else 1

        return made

    def keys(self, name):
        return KEYS if self.plan[name]["parts"] else (None,)

    def read(self, name, part):
        """What a partition reads now: dependency → its partitions with their versions."""
        return {
            dep: {one: self.made[dep, one]["version"] for one in self._mapped(dep, mapping, part)}
            for dep, mapping in self.plan[name]["deps"].items()
        }

    def _mapped(self, dep, mapping, part):
        wanted = self._wanted(dep, mapping, part)
        return [one for one in wanted if (dep, one) in self.made]

    def _wanted(self, dep, mapping, part):
        if not self.plan[dep]["parts"]:
            return (None,)
        if mapping == "turned":
            return TURNED[part]
        return {"same": (part,), "all": KEYS, "last": KEYS[-1:], "first": KEYS[:1]}[mapping]

    def make(self, name, part):
        """Make one partition, by itself."""
        key = part if self.plan[name]["parts"] else None
        run = materialize(self.definitions(), selection=[name], partition_key=key, instance=self.instance)
        assert run.success
        self.note(name, key)

    def note(self, name, part):
        self.count += 1
        said, read = self.plan[name], self.read(name, part)
        computed = (
            said["code"] or self.count,
            tuple(sorted((k, tuple(v.items())) for k, v in read.items() if v)),
        )
        self.made[name, part] = {
            "code": said["code"],
            "read": read,
            "version": said["gives"] or computed,
        }

    def status(self, name, part):
        """The oracle: missing, stale or fresh."""
        made, said = self.made.get((name, part)), self.plan[name]
        if made is None:
            return StaleStatus.MISSING
        if said["code"] is not None and said["code"] != made["code"]:
            return StaleStatus.STALE
        now = {dep: found for dep, found in self.read(name, part).items() if found}
        if now != {dep: found for dep, found in made["read"].items() if found}:
            return StaleStatus.STALE
        for dep, mapping in said["deps"].items():
            if any(
                self.status(dep, one) is not StaleStatus.FRESH for one in self._wanted(dep, mapping, part)
            ):
                return StaleStatus.STALE
        return StaleStatus.FRESH

    def judged(self):
        graph = Definitions(assets=self.definitions()).resolve_asset_graph()
        return graph, judged(graph, self.instance)

    def act(self, kind, name, value):
        if kind == "make":
            self.make(name, value)
        elif kind == "drop":
            deps = self.plan[name]["deps"]
            self.plan[name] = {**self.plan[name], "deps": dict(list(deps.items())[1:])}
        else:
            self.plan[name] = {**self.plan[name], kind: value}


def found_statuses(world):
    _, verdicts = world.judged()
    found = {}
    for key, verdict in verdicts.items():
        name = key.to_user_string()
        if verdict.groups is None:
            found[name, None] = verdict.status
        for group in verdict.groups or ():
            found.update({(name, part): group.status for part in group.subset})
    return found


@settings(max_examples=40)
@given(worlds(), ACTIONS)
def test_verdicts_are_those_of_the_oracle(plan, actions):
    with Instance.ephemeral() as instance:
        world = World(plan, instance)
        for action in actions:
            world.act(*action)
        expected = {(name, part): world.status(name, part) for name in NAMES for part in world.keys(name)}
        assert found_statuses(world) == expected


@settings(max_examples=25)
@given(worlds(), ACTIONS)
def test_what_is_made_as_changed_is_fresh(plan, actions):
    with Instance.ephemeral() as instance:
        world = World(plan, instance)
        for action in actions:
            world.act(*action)
        _, verdicts = world.judged()
        for key, verdict in verdicts.items():
            for part in verdict.changed_partitions or ([None] if verdict.is_changed else []):
                world.make(key.to_user_string(), part)
        assert set(found_statuses(world).values()) <= {StaleStatus.FRESH}


@settings(max_examples=25)
@given(worlds(), ACTIONS)
def test_runs_of_what_changed_come_to_an_end(plan, actions):
    with Instance.ephemeral() as instance:
        world = World(plan, instance)
        for action in actions:
            world.act(*action)
        for _ in range(len(NAMES) * (len(KEYS) + 1)):
            graph, verdicts = world.judged()
            run = changed_run(graph, verdicts, View(None, instance))
            covered = None if run.partitions is None else run.partitions.first
            if not run.keys:
                left = {one.key for one in run.left_out}
                assert left == {key for key, one in verdicts.items() if one.is_changed}
                lone = next((one for one in run.left_out if one.ranges), None)
                if lone is None:
                    break
                world.make(lone.key.to_user_string(), lone.ranges[0].first)
                continue
            chosen = [key.to_user_string() for key in sorted(run.keys)]
            assert materialize(
                world.definitions(), selection=chosen, partition_key=covered, instance=instance
            ).success
        assert set(found_statuses(world).values()) <= {StaleStatus.FRESH}
        assert AssetKey("n0") in world.judged()[1]

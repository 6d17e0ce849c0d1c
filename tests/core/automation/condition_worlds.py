"""Worlds in which conditions are asked, told by lists, and a slow judge who looks at each partition alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from attrs import define, field, frozen

from penstock import AssetDep, StaticPartitionMapping, StaticPartitionsDefinition, asset
from penstock.automation.condition_facts import Update, Work
from penstock.automation.condition_memory import read_cursor, write_cursor
from penstock.automation.entities import Scene
from penstock.automation.evaluation import evaluate
from penstock.automation.scheme import ONCE
from penstock.define.asset_graph import AssetGraph
from penstock.keys import AssetKey
from penstock.partitions.view import View

FEW = StaticPartitionsDefinition(["a", "b", "c"])
MANY = StaticPartitionsDefinition(["p", "q", "r", "s"])
READ = {"a": ["p", "q"], "b": ["q"], "c": []}
"""Which of MANY each of FEW reads."""
READ_BY_MANY = {"p": ["a"], "q": ["a", "b"], "r": [], "s": ["c"]}


class Event(NamedTuple):
    """An asset was made."""

    key: str
    partition: str | None
    run: str
    version: str | None = None


@frozen
class Moment:
    """One evaluation, and what came before it."""

    at: float
    events: tuple[Event, ...] = ()
    running: frozenset[tuple[str, str | None]] = frozenset()
    failed: frozenset[tuple[str, str | None]] = frozenset()
    codes: tuple[str, ...] = ()


@frozen
class World:
    """Assets ``n0``, ``n1`` … each with its partitions, parents and condition; and what happens."""

    definitions: tuple[StaticPartitionsDefinition | None, ...]
    parents: tuple[frozenset[int], ...]
    conditions: tuple[object, ...]
    runs: dict[str, Work]
    moments: tuple[Moment, ...]

    def graph(self, moment):
        """The assets as they are defined at a moment."""
        return AssetGraph.from_assets([self._asset(moment, place) for place in range(len(self.definitions))])

    def _asset(self, moment, place):
        @asset(
            name=f"n{place}",
            deps=[self._dep(place, parent) for parent in sorted(self.parents[place])],
            partitions_def=self.definitions[place],
            automation_condition=self.conditions[place],
            code_version=moment.codes[place],
        )
        def made(): ...

        return made

    def _dep(self, place, parent):
        own, other = self.definitions[place], self.definitions[parent]
        mapping = None
        if own is FEW and other is MANY:
            mapping = StaticPartitionMapping({up: [d for d in READ if up in READ[d]] for up in MANY.keys})
        if own is MANY and other is FEW:
            mapping = StaticPartitionMapping(
                {up: [d for d in READ_BY_MANY if up in READ_BY_MANY[d]] for up in FEW.keys}
            )
        return AssetDep(f"n{parent}", partition_mapping=mapping)

    def keys(self, place):
        """The partitions of an asset; None is the one of an asset without."""
        definition = self.definitions[place]
        return [None] if definition is None else list(definition.keys)

    def read(self, place, parent, key):
        """The partitions of a parent that one partition reads."""
        own, other = self.definitions[place], self.definitions[parent]
        if own is None or other is None:
            return self.keys(parent)
        if own is other:
            return [key]
        return READ[key] if own is FEW else READ_BY_MANY[key]


def log_of(world, until):
    """Every event up to a moment: its number, its time and itself."""
    found = []
    for moment in world.moments[: until + 1]:
        found += [(len(found) + place + 1, moment.at - 0.5, one) for place, one in enumerate(moment.events)]
    return found


# ---- the evaluation that is tested -------------------------------------------------------------


@define
class ListedFacts:
    """Facts from lists; see ``Facts``."""

    world: World
    scene: Scene
    place: int
    log: list = field(init=False)

    def __attrs_post_init__(self):
        self.log = log_of(self.world, self.place)

    @property
    def head(self):
        return len(self.log)

    def _of(self, key, pairs):
        return self.scene.existing(key, [part for name, part in pairs if name == key.to_user_string()])

    def made(self, key):
        return self._of(key, [(one.key, one.partition) for _, _, one in self.log])

    def running(self, key):
        return self._of(key, self.world.moments[self.place].running)

    def failed(self, key):
        return self._of(key, self.world.moments[self.place].failed)

    def backfilling(self, key):
        return self.scene.nothing(key)

    def updates(self, key, after):
        name = key.to_user_string()
        return [
            Update(number, at, one.run, one.partition, one.version)
            for number, at, one in self.log
            if one.key == name and number > after
        ]

    def latest(self, key, partitions=None):
        every = self.updates(key, 0)
        if partitions is None:
            return {None: every[-1]} if every else {}
        return {one.partition: one for one in every if one.partition in partitions}

    def changed(self, key, after):
        before, now = {}, {}
        for one in self.updates(key, 0):
            (now if one.id > after else before)[one.partition] = one.version
        return [part for part, version in now.items() if version != before.get(part)]

    def updated_at(self, key):
        return None

    def verdicts(self, key):
        return {}

    def runs(self, run_ids):
        return {run: work for run, work in self.world.runs.items() if run in run_ids}


def requests(world):
    """What each evaluation of a world requests: the pairs of asset and partition."""
    text, found = None, []
    for place, moment in enumerate(world.moments):
        scene = Scene(world.graph(moment), View(datetime.fromtimestamp(moment.at, UTC)))
        facts = ListedFacts(world, scene, place)
        result = evaluate(scene, facts, moment.at, read_cursor(text, scene))
        text = write_cursor(result.cursor)
        found.append(
            {
                (key.to_user_string(), None if subset.partitions_def is ONCE else part)
                for key, subset in result.requested.items()
                for part in subset
            }
        )
    return found


# ---- the slow judge ----------------------------------------------------------------------------


class Judge:
    """Says of one partition at one moment whether a condition holds, from all that happened before."""

    def __init__(self, world):
        self.world = world
        self.requested = []
        self._known = {}

    def requests(self):
        """As of the function of this name."""
        for place in range(len(self.world.moments)):
            self.requested.append(set())
            for root, condition in enumerate(self.world.conditions):
                if condition is not None:
                    keys = self.world.keys(root)
                    asked = [key for key in keys if self.holds(place, root, condition, root, key)]
                    self.requested[-1].update((f"n{root}", key) for key in asked)
        return self.requested

    def holds(self, place, root, condition, node, key):
        """Whether a condition of ``root`` holds for a partition of an asset."""
        known = (place, root, condition, node, key)
        if known not in self._known:
            rule = getattr(self, f"_{condition.kind}")
            self._known[known] = rule(place, root, condition, node, key)
        return self._known[known]

    def _inside(self, place, root, condition, node, key):
        return [self.holds(place, root, one, node, key) for one in condition.operands]

    def _and(self, *asked):
        return all(self._inside(*asked))

    def _or(self, *asked):
        return any(self._inside(*asked))

    def _not(self, *asked):
        return not any(self._inside(*asked))

    def _since(self, place, root, condition, node, key):
        begin, end = self._inside(place, root, condition, node, key)
        before = place > 0 and self.holds(place - 1, root, condition, node, key)
        if begin and end:
            times, others = (self.times(place, root, one, node, key) for one in condition.operands)
            return bool(times and others) and max(times) > max(others)
        return (before or begin) and not end

    def _newly_true(self, place, root, condition, node, key):
        (operand,) = condition.operands
        now = self.holds(place, root, operand, node, key)
        return now and not (place > 0 and self.holds(place - 1, root, operand, node, key))

    def _looks(self, asked, parent):
        place, root, condition, node, key = asked
        read = self.world.read(node, parent, key)
        return any(self.holds(place, root, condition.operands[0], parent, one) for one in read)

    def _any_deps_match(self, *asked):
        return any(self._looks(asked, parent) for parent in self.world.parents[asked[3]])

    def _all_deps_match(self, *asked):
        return all(self._looks(asked, parent) for parent in self.world.parents[asked[3]])

    # ---- operands

    def _events(self, place, node, key, *, since=None):
        name = f"n{node}"
        before = 0 if since is None else len(log_of(self.world, since))
        return [
            (at, one)
            for number, at, one in log_of(self.world, place)
            if one.key == name and one.partition == key and number > before
        ]

    def _new(self, place, node, key):
        return [] if place == 0 else self._events(place, node, key, since=place - 1)

    def _missing(self, place, root, condition, node, key):
        return not self._events(place, node, key)

    def _run_in_progress(self, place, root, condition, node, key):
        return (f"n{node}", key) in self.world.moments[place].running

    def _backfill_in_progress(self, *asked):
        return False

    def _execution_failed(self, place, root, condition, node, key):
        return (f"n{node}", key) in self.world.moments[place].failed

    def _in_latest_time_window(self, *asked):
        return True

    def _initial_evaluation(self, place, *asked):
        return place == 0

    def _newly_updated(self, place, root, condition, node, key):
        return bool(self._new(place, node, key))

    def _newly_requested(self, place, root, condition, node, key):
        return place > 0 and (f"n{node}", key) in self.requested[place - 1]

    def _will_be_requested(self, place, root, condition, node, key):
        together = self.world.definitions[root] is self.world.definitions[node]
        return together and (f"n{node}", key) in self.requested[place]

    def _data_version_changed(self, place, root, condition, node, key):
        new = self._new(place, node, key)
        if not new:
            return False
        before = self._events(place - 1, node, key)
        return new[-1][1].version != (before[-1][1].version if before else None)

    def _code_version_changed(self, place, root, condition, node, key):
        codes = [moment.codes[node] for moment in self.world.moments[: place + 1]]
        return place > 0 and codes[-1] != codes[-2]

    def _cron_tick_passed(self, place, root, condition, node, key):
        if place == 0:
            return False
        return self._hour(place) >= self.world.moments[place - 1].at

    def _hour(self, place):
        return self.world.moments[place].at // 3600 * 3600

    def _executed_with_tags(self, place, root, condition, node, key):
        made = self._events(place, node, key)
        return bool(made) and self._fits(condition, made[-1][1].run)

    def _executed_with_root_target(self, place, root, condition, node, key):
        made = self._events(place, node, key)
        work = self.world.runs.get(made[-1][1].run) if made else None
        return root != node and work is not None and AssetKey(f"n{root}") in work.makes

    def _all_new_updates_have_run_tags(self, place, root, condition, node, key):
        new = self._new(place, node, key)
        return bool(new) and all(self._fits(condition, one.run) for _, one in new)

    def _any_new_update_has_run_tags(self, place, root, condition, node, key):
        return any(self._fits(condition, one.run) for _, one in self._new(place, node, key))

    def _fits(self, condition, run):
        work = self.world.runs.get(run)
        keys, _ = condition.arguments
        return work is not None and all(key in work.tags for key in keys)

    # ---- when

    def times(self, place, root, condition, node, key):
        """When a condition came to hold for a partition; empty where that is not known."""
        match condition.kind:
            case "newly_updated":
                return {at for at, _ in self._new(place, node, key)[-1:]}
            case "newly_requested":
                held = self.holds(place, root, condition, node, key)
                return {self.world.moments[place - 1].at} if held else set()
            case "cron_tick_passed":
                return {self._hour(place)} if self.holds(place, root, condition, node, key) else set()
            case "since":
                return self.times(place, root, condition.operands[0], node, key)
            case "any_deps_match":
                return {
                    at
                    for parent in self.world.parents[node]
                    for one in self.world.read(node, parent, key)
                    for at in self.times(place, root, condition.operands[0], parent, one)
                }
            case _:
                return set()

"""The plan: steps with integer ids, edges as ids, everything else by name.

Owns: the frozen values ``Plan``, ``Step``, ``StepInput``, ``StepOutput`` and ``Source``. Holds no
object of the user, save partitions definitions in what is read: a worker finds the op by the step's node
path. Pickles small and fast.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from attrs import define, field

from penstock.errors import StepNotFoundError, job_title, suggest
from penstock.keys import AssetCheckKey, AssetKey
from penstock.values import frozen

if TYPE_CHECKING:
    from penstock.plan.partitions import Read  # noqa: TC004 - attrs never resolves it

DIRECT, MAPPED, COLLECTED = "direct", "mapped", "collected"
NO_READS: Mapping[AssetKey, Read] = {}
NO_READING: Mapping[str, Mapping[AssetKey, Read]] = {}
NO_PRIORITIES: Mapping[int, int] = {}


@frozen
class Source:
    """The output of another step.

    ``mode``: ``direct`` is the one value; ``mapped`` the value with the reader's own mapping key;
    ``collected`` the list of the values of every mapping key.
    """

    step: int
    output: str
    mode: str = DIRECT


@frozen(kw_only=True)
class StepInput:
    """Where one argument comes from.

    ``kind`` is ``upstream`` (one source), ``fan_in`` (a list of sources), ``asset`` (loaded from where
    the asset is stored), ``config`` (run config), ``manager`` (an input manager), ``value`` (given at
    launch), ``default`` or ``nothing`` (order only, no argument). ``graph_input`` names the input
    of the outermost graph whose value is meant, for ``value`` and ``config``.
    """

    name: str
    kind: str
    sources: tuple[Source, ...] = ()
    asset_key: AssetKey | None = None
    graph_input: str | None = None


@frozen(kw_only=True)
class StepOutput:
    """One output and what becomes of it."""

    name: str
    asset_key: AssetKey | None = None
    required: bool = True
    dynamic: bool = False
    manager_key: str = "io_manager"
    nothing: bool = False


@frozen(kw_only=True)
class Step:
    """One unit of work.

    Args:
        id: its place in the plan's topological order.
        key: ``"graph.op"``; mapped steps add ``"[key]"`` when they run.
        node: names of the nodes from the outermost graph to the op.
        after: sources that must be there although no value is taken from them.
        upstream: ids of every step that ``inputs`` and ``after`` speak of, without repeats.
        mapped_by: the dynamic output that multiplies this step, or None.
        kind: ``op``, ``materialize``, ``observe`` or ``check``.
        checks: the check keys that this step evaluates.
    """

    id: int
    key: str
    node: tuple[str, ...]
    inputs: tuple[StepInput, ...] = ()
    outputs: tuple[StepOutput, ...] = ()
    after: tuple[Source, ...] = ()
    upstream: tuple[int, ...] = ()
    mapped_by: Source | None = None
    kind: str = "op"
    checks: tuple[AssetCheckKey, ...] = ()

    @property
    def asset_keys(self) -> tuple[AssetKey, ...]:
        """The assets this step makes or observes, in order of its outputs."""
        return tuple(o.asset_key for o in self.outputs if o.asset_key is not None)


@define(frozen=True, kw_only=True, slots=False)
class Plan:
    """What a run will do, in an order in which it can be done.

    Args:
        job_name: the job it was made of.
        steps: every step, sources before readers; ``steps[i].id == i``.
        partition_keys: the partitions that the run covers, empty for none.
        reads: top-level node → upstream asset → the partitions of it that the node reads.
        priorities: id of a step → its priority, unless that is 0; of what is ready, higher goes first.
    """

    job_name: str
    steps: tuple[Step, ...]
    partition_keys: tuple[str, ...] = field(default=())
    reads: Mapping[str, Mapping[AssetKey, Read]] = field(default=NO_READING)
    priorities: Mapping[int, int] = field(default=NO_PRIORITIES)

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    @cached_property
    def by_key(self) -> dict[str, Step]:
        """Steps by their keys (without mapping keys)."""
        return {step.key: step for step in self.steps}

    @cached_property
    def top_priority(self) -> int:
        """The highest priority that a step has."""
        least = () if len(self.priorities) == len(self.steps) else (0,)
        return max((*self.priorities.values(), *least), default=0)

    @cached_property
    def readers(self) -> tuple[tuple[int, ...], ...]:
        """For each step the ids of the steps that wait for it."""
        found: list[list[int]] = [[] for _ in self.steps]
        for step in self.steps:
            for upstream in step.upstream:
                found[upstream].append(step.id)
        return tuple(tuple(ids) for ids in found)

    @cached_property
    def read_outputs(self) -> tuple[frozenset[str], ...]:
        """For each step the names of its outputs that a later step takes a value from."""
        found: list[set[str]] = [set() for _ in self.steps]
        for step in self.steps:
            for one in step.inputs:
                if one.kind != "nothing":
                    for source in one.sources:
                        found[source.step].add(source.output)
        return tuple(frozenset(names) for names in found)

    def reads_of(self, step: Step) -> Mapping[AssetKey, Read]:
        """The partitions of upstream assets that a step reads; assets without partitions are not in it."""
        return self.reads.get(step.node[0], NO_READS)

    def step(self, key: str) -> Step:
        """The step of this key; a mapping key in brackets is ignored.

        Raises:
            StepNotFoundError: when the plan has no such step.
        """
        bare = bare_key(key)
        found = self.by_key.get(bare)
        if found is None:
            raise StepNotFoundError(
                f"The plan of {job_title(self.job_name)} has no step {key!r}.{suggest(bare, self.by_key)}"
            )
        return found


def unit_key(step_key: str, mapping_key: str | None) -> str:
    """The key under which a step runs: ``"work"`` or ``"work[a]"``."""
    return step_key if mapping_key is None else f"{step_key}[{mapping_key}]"


def bare_key(key: str) -> str:
    """A step key without its mapping key."""
    return key.split("[", 1)[0]


def mapping_key_of(key: str) -> str | None:
    """The mapping key in a unit's key, or None."""
    return key[key.index("[") + 1 : -1] if key.endswith("]") else None

"""How assets become the nodes of a job: one node per definition, wired by what is made in the job.

Owns: cutting definitions to what a job makes, their order, the wires between them, and the splitting of
definitions that depend on each other although their assets do not. Linear in assets and dependencies,
without recursion. An input whose asset is not made in the job has no wire: the plan finds its key
through ``AssetsDefinition.keys_by_input``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet

from penstock.define.asset_graph import AssetGraph, topological
from penstock.define.assets import AssetsDefinition
from penstock.define.graph import FromNode, GraphDefinition, Node
from penstock.define.output import DEFAULT_OUTPUT
from penstock.define.specs import AssetCheckSpec
from penstock.errors import InvalidDefinitionError, InvalidSubsetError, job_title
from penstock.keys import AssetCheckKey, AssetKey
from penstock.values import frozen

_NO_CHECKS: frozenset[AssetCheckKey] = frozenset()


@frozen(kw_only=True)
class Wired:
    """The nodes of an asset job in an order in which they can run, and what each of them makes."""

    nodes: Mapping[str, Node]
    by_node: Mapping[str, AssetsDefinition]


_Blocker = tuple[int, str]
"""The number of a definition, and the output that waits for the verdict."""


@frozen(kw_only=True)
class _Cut:
    """The definitions of a job, each cut to what the job makes.

    ``needed`` says what each waits for; ``makers`` which of them makes an asset; ``blockers`` which
    evaluate blocking checks of it, and as which output.
    """

    parts: Sequence[AssetsDefinition]
    needed: Sequence[Collection[AssetKey]]
    makers: Mapping[AssetKey, int]
    blockers: Mapping[AssetKey, Sequence[_Blocker]]


@frozen(kw_only=True)
class _Edges:
    """Which definitions come right before and right after each, by number."""

    above: Mapping[int, tuple[int, ...]]
    below: Mapping[int, Sequence[int]]


def wire_assets(
    graph: AssetGraph, keys: AbstractSet[AssetKey], checks: AbstractSet[AssetCheckKey], job_name: str
) -> Wired:
    """The nodes of a job that makes these assets and evaluates these checks.

    Args:
        graph: of the project.
        keys: what to make or observe; assets that nothing here makes are left out.
        checks: what to evaluate.
        job_name: for messages.

    Raises:
        InvalidSubsetError: when a definition would have to be taken apart and cannot be.
        InvalidDefinitionError: when definitions depend on each other in a circle and cannot be split.
    """
    cut = _index(_cut(graph, keys, checks, job_name))
    edges = _edges(cut)
    order = _order(edges)
    if len(order) < len(cut.parts):
        cut = _index(_split(cut, set(range(len(cut.parts))).difference(order), graph, job_name))
        edges = _edges(cut)
        order = _order(edges)
        if len(order) < len(cut.parts):
            raise InvalidDefinitionError(_stuck(cut, set(range(len(cut.parts))).difference(order), job_name))
    return _nodes(cut, order)


# ---- cutting -------------------------------------------------------------------------------------


def _cut(
    graph: AssetGraph, keys: AbstractSet[AssetKey], checks: AbstractSet[AssetCheckKey], job_name: str
) -> list[AssetsDefinition]:
    parts: list[AssetsDefinition] = []
    for one in graph.definitions:
        if one.node is None:
            continue
        chosen = one.specs_by_key.keys() & keys
        tests = _chosen_checks(one, checks) if one.checks_by_output else _NO_CHECKS
        if not chosen and not tests:
            continue
        if len(chosen) == len(one.specs_by_key) and len(tests) == len(one.checks_by_output):
            parts.append(one)
            continue
        try:
            parts.append(one.subset_for(chosen, tests))
        except InvalidSubsetError as error:
            raise InvalidSubsetError(f"{job_title(job_name, begins=True)} cannot be made: {error}") from error
    return parts


def _chosen_checks(
    definition: AssetsDefinition, checks: AbstractSet[AssetCheckKey]
) -> frozenset[AssetCheckKey]:
    return frozenset(key for key in definition.check_keys if key in checks)


def _index(parts: Sequence[AssetsDefinition]) -> _Cut:
    makers: dict[AssetKey, int] = {}
    blockers: dict[AssetKey, list[_Blocker]] = {}
    for number, one in enumerate(parts):
        for key in one.specs_by_key if one.selected is None else one.selected:
            makers[key] = number
        for spec in one.check_specs if one.checks_by_output else ():
            output = _verdict_of(one, spec)
            if spec.blocking and output is not None:
                blockers.setdefault(spec.asset_key, []).append((number, output))
    return _Cut(parts=parts, needed=[_needed(one) for one in parts], makers=makers, blockers=blockers)


def _verdict_of(part: AssetsDefinition, spec: AssetCheckSpec) -> str | None:
    """The output that comes when a check was evaluated apart from its asset; None when it is not."""
    if part.kind == "check":
        return DEFAULT_OUTPUT
    is_apart = isinstance(part.node, GraphDefinition) and spec.output_name in part.node.outs
    return spec.output_name if is_apart else None


# ---- order ---------------------------------------------------------------------------------------


def _needed(part: AssetsDefinition) -> Collection[AssetKey]:
    """The assets that have to be there before a definition runs, each once.

    Of a part of a definition only what that part depends on: the rest may well be made after it.
    """
    if part.kind == "check":
        return sorted(part.dependency_keys)
    specs = part.specs_by_key
    if len(specs) == 1:
        (spec,) = specs.values()
        return [dep.asset_key for dep in spec.deps]
    chosen = part.selected
    deps = [dep for key, spec in specs.items() if chosen is None or key in chosen for dep in spec.deps]
    return dict.fromkeys(dep.asset_key for dep in deps)


def _edges(cut: _Cut) -> _Edges:
    above: dict[int, tuple[int, ...]] = {}
    below: dict[int, list[int]] = {}
    makers, blockers = cut.makers, cut.blockers
    for number, part in enumerate(cut.parts):
        found = {makers[key] for key in cut.needed[number] if key in makers}
        if blockers and part.kind != "check":
            found.update(blocker for key in cut.needed[number] for blocker, _ in blockers.get(key, ()))
        found.discard(number)
        above[number] = tuple(found)
        for maker in found:
            below.setdefault(maker, []).append(number)
    return _Edges(above=above, below=below)


def _order(edges: _Edges) -> list[int]:
    return topological(edges.above, edges.above, edges.below)[0]


# ---- splitting -----------------------------------------------------------------------------------


def _split(cut: _Cut, stuck: set[int], graph: AssetGraph, job_name: str) -> list[AssetsDefinition]:
    """The parts, with those that are in a circle split by how often a path changes the definition.

    Every wire leads to a part of a higher level, or stays inside one definition and does not fall: so
    no circle is left, whichever parts stand between the split ones.
    """
    levels = _levels(cut, graph)
    parts: list[AssetsDefinition] = []
    for number, part in enumerate(cut.parts):
        by_level: dict[int, set[AssetKey]] = {}
        for key in part.keys:
            by_level.setdefault(levels[key], set()).add(key)
        if number not in stuck or len(by_level) < 2:
            parts.append(part)
            continue
        if not part.can_subset:
            raise InvalidDefinitionError(_stuck(cut, stuck, job_name))
        parts.extend(
            part.subset_for(
                frozenset(by_level[level]),
                frozenset(key for key in part.check_keys if key.asset_key in by_level[level]),
            )
            for level in sorted(by_level)
        )
    return parts


def _levels(cut: _Cut, graph: AssetGraph) -> dict[AssetKey, int]:
    levels: dict[AssetKey, int] = {}
    for key in graph.in_order:
        maker = cut.makers.get(key)
        if maker is None:
            continue
        levels[key] = max(
            (
                levels[parent] + (cut.makers[parent] != maker)
                for parent in graph.parents(key)
                if parent in levels
            ),
            default=0,
        )
    return levels


def _stuck(cut: _Cut, stuck: set[int], job_name: str) -> str:
    names = sorted({cut.parts[number].name for number in stuck})[:10]
    several = sorted({cut.parts[n].name for n in stuck if len(cut.parts[n].keys) > 1})
    return (
        f"{job_title(job_name, begins=True)} cannot run: {', '.join(map(repr, names))} wait for each other,"
        f" because {', '.join(map(repr, several)) or 'a blocking check'} makes several assets at once."
        " Declare it with can_subset=True, so that it can run in parts, or cut it into several definitions."
    )


# ---- wiring --------------------------------------------------------------------------------------


def _nodes(cut: _Cut, order: Sequence[int]) -> Wired:
    names = _names(cut.parts)
    sources = [_sources(part, name) for part, name in zip(cut.parts, names, strict=True)]
    nodes: dict[str, Node] = {}
    by_node: dict[str, AssetsDefinition] = {}
    for number in order:
        part, name = cut.parts[number], names[number]
        inputs, after = _wires(number, cut, sources)
        if cut.blockers and part.kind != "check":
            found = {blocker for key in cut.needed[number] for blocker in cut.blockers.get(key, ())}
            after.extend(FromNode(names[at], output) for at, output in sorted(found) if at != number)
        nodes[name] = Node(
            name=name, definition=part.node_def, inputs=inputs, after=tuple(after), hooks=part.hooks
        )
        by_node[name] = part
    return Wired(nodes=nodes, by_node=by_node)


def _wires(
    number: int, cut: _Cut, sources: Sequence[Mapping[AssetKey, FromNode]]
) -> tuple[dict[str, FromNode], list[FromNode]]:
    """What a node reads by argument, and what else has to come before it."""
    part, makers = cut.parts[number], cut.makers
    inputs: dict[str, FromNode] = {}
    made = {key: None for key in cut.needed[number] if makers.get(key, number) != number}
    if not made:
        return inputs, []
    for argument, key in part.keys_by_input.items():
        if key in made:
            inputs[argument] = sources[makers[key]][key]
    loaded = set(part.keys_by_input.values()) if inputs else set[AssetKey]()
    return inputs, [sources[makers[key]][key] for key in made if key not in loaded]


def _sources(part: AssetsDefinition, name: str) -> dict[AssetKey, FromNode]:
    return {key: FromNode(name, output) for output, key in part.keys_by_output.items()}


def _names(parts: Sequence[AssetsDefinition]) -> list[str]:
    """A name for each node: that of its op or graph, with a number from the second on."""
    taken: set[str] = set()
    names: list[str] = []
    for part in parts:
        name, number = part.name, 1
        while name in taken:
            number += 1
            name = f"{part.name}_{number}"
        taken.add(name)
        names.append(name)
    return names

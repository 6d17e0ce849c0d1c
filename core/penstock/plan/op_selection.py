"""Op selection: running a part of a job's graph.

Owns: the terms of op selections (``op``, ``*op``, ``op+``, ``++op``, ``graph.op``), which are the bare names
of the selection language, and cutting a graph down to the chosen ops. An input whose source was cut asks run
config for its value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import evolve

from penstock.define.graph import FanIn, FromNode, GraphDefinition, Node, Source
from penstock.define.op import OpDefinition
from penstock.define.selection_parse import Bare, bare_name, one_term
from penstock.define.selection_text import Word, fault, pointed
from penstock.errors import InvalidDefinitionError, InvalidSubsetError, suggest
from penstock.plan.flatten import OpOutput, Scope, resolve, walk
from penstock.values import frozen

Path = tuple[str, ...]
_SHOWN = 20
_ANY_UNIT = "[?]"


@frozen
class Edges:
    """Who reads whom among the ops of a graph.

    ``below`` lists the ops at or below each path, so that a term may name a graph.
    """

    up: Mapping[Path, tuple[Path, ...]]
    down: Mapping[Path, tuple[Path, ...]]
    below: Mapping[Path, list[Path]]


def select_ops(graph: GraphDefinition, selection: Sequence[str], job_name: str) -> GraphDefinition:
    """Cut a graph down to selected ops.

    Args:
        graph: of the job.
        selection: terms; their union is taken.
        job_name: for messages.

    Raises:
        InvalidSubsetError: when a term names no op or cannot be read.
    """
    edges = edges_of(graph)
    chosen: set[Path] = set()
    for term in selection:
        chosen |= _resolve_term(term, edges, job_name)
    return _cut(graph, chosen)


def edges_of(graph: GraphDefinition) -> Edges:
    """The edges between the ops of a graph, nested ones included."""
    up: dict[Path, list[Path]] = {}
    down: dict[Path, list[Path]] = {}
    below: dict[Path, list[Path]] = {}
    places = list(walk(Scope(graph)))
    for place in places:
        up[place.path] = []
        down[place.path] = []
        for length in range(1, len(place.path) + 1):
            below.setdefault(place.path[:length], []).append(place.path)
    for place in places:
        for source in (*place.node.inputs.values(), *place.node.after):
            wire = resolve(source, place.scope)
            for end in wire if isinstance(wire, tuple) else (wire,):
                if isinstance(end, OpOutput):
                    up[place.path].append(end.path)
                    down[end.path].append(place.path)
    return Edges(
        {path: tuple(found) for path, found in up.items()},
        {path: tuple(found) for path, found in down.items()},
        below,
    )


def _resolve_term(text: str, edges: Edges, job_name: str) -> set[Path]:
    if text.strip() == "*":
        return set(edges.up)
    bare = read_term(text)
    start = edges.below.get(tuple(bare.word.text.removesuffix(_ANY_UNIT).split(".")))
    if start is None:
        raise InvalidSubsetError(_unknown(text, bare.word, edges, job_name))
    around = start[0][: bare.word.text.count(".")]
    above = _reach(start, edges.up, bare.up, edges.below, around)
    return above | _reach(start, edges.down, bare.down, edges.below, around)


def read_term(text: str) -> Bare:
    """The name of an op or step in a term, and how far it goes.

    Args:
        text: ``"*op"``, ``"op+"``, ``"graph.op"`` and so on.

    Raises:
        InvalidSubsetError: naming the column where it cannot be read.
    """
    hint = " Write 'op', '*op', 'op*', '+op', 'op+2' or 'graph.op', each as an entry of its own."
    try:
        term = one_term(text)
        if term is None:
            rest = text.lstrip().partition(" ")[2].strip()
            found = Word(rest, text.rindex(rest) if rest else 0)
            raise fault(text, found if rest else Word(text, 0), "one op", hint)
        if term.attribute is not None:
            raise fault(text, term.attribute, "an op", hint)
        return bare_name(text, term, hint)
    except InvalidDefinitionError as error:
        raise InvalidSubsetError(str(error)) from error


def _unknown(text: str, word: Word, edges: Edges, job_name: str) -> str:
    name = word.text
    known = sorted(".".join(path) for path in edges.up)
    places = {".".join(path) for path in edges.below}
    below = [one for one in sorted(places) if one.endswith(f".{name}")][:3]
    near = f" Did you mean {' or '.join(map(repr, below))}?" if below else suggest(name, places)
    unit = ""
    if name.endswith("]") and tuple(name.partition("[")[0].split(".")) in edges.below:
        near = ""
        unit = (
            " Which steps a mapped op has is not known before the run: choose the op,"
            f" {name.partition('[')[0]!r}. To repeat that step of a run:"
            f" ReexecutionOptions(step_selection=[{name!r}])."
        )
    more = " …" if len(known) > _SHOWN else ""
    said = f"Job {job_name!r} has no op {name!r}.{near}{unit} It has: {', '.join(known[:_SHOWN])}{more}."
    return f"{said}\n{pointed(text, word.start, word.end)}"


def _reach(
    start: Iterable[Path],
    edges: Mapping[Path, tuple[Path, ...]],
    depth: int | None,
    below: Mapping[Path, list[Path]],
    around: Path,
) -> set[Path]:
    """Everything within so many edges, None for all; a graph that is entered is taken whole, as one.

    Args:
        start: the ops to start from.
        edges: to walk along.
        depth: how many.
        below: the ops of each graph.
        around: the graph in which the chosen one stands.
    """
    found = set(start)
    border = found.copy()
    while border and (depth is None or depth > 0):
        units = {_unit(near, around) for path in border for near in edges[path]}
        border = {path for unit in units for path in below[unit]} - found
        found |= border
        depth = None if depth is None else depth - 1
    return found


def _unit(path: Path, around: Path) -> Path:
    """What an op counts as, seen from inside of a graph: itself, or the outermost graph around it alone."""
    shared = 0
    while shared < len(around) and path[shared] == around[shared]:
        shared += 1
    return path[: shared + 1]


def _cut(graph: GraphDefinition, chosen: set[Path]) -> GraphDefinition:
    """The graph with the chosen ops alone; inner graphs are cut before the ones around them."""
    standing = {path[:length] for path in chosen for length in range(1, len(path) + 1)}
    found: list[tuple[Path, GraphDefinition]] = [((), graph)]
    for prefix, one in found:  # grows while it is walked: outer graphs come first
        found.extend(
            ((*prefix, name), node.definition)
            for name, node in one.nodes.items()
            if isinstance(node.definition, GraphDefinition) and (*prefix, name) in standing
        )
    cut: dict[Path, GraphDefinition] = {}
    for prefix, one in reversed(found):
        nodes = {
            name: evolve(node, definition=cut.get((*prefix, name), node.definition))
            for name, node in one.nodes.items()
            if (*prefix, name) in standing
        }
        kept = {name: _without_cut(node, nodes) for name, node in nodes.items()}
        outs = {name: source for name, source in one.outs.items() if _stands(source, kept)}
        cut[prefix] = evolve(one, nodes=kept, outs=outs)
    return cut[()]


def _without_cut(node: Node, nodes: Mapping[str, Node]) -> Node:
    """The node without wires to what was cut."""
    inputs: dict[str, Source] = {}
    for name, source in node.inputs.items():
        if isinstance(source, FanIn):
            left = tuple(s for s in source.sources if _stands(s, nodes))
            if left:
                inputs[name] = FanIn(left)
        elif _stands(source, nodes):
            inputs[name] = source
    after = tuple(source for source in node.after if _stands(source, nodes))
    return evolve(node, inputs=inputs, after=after)


def _stands(source: object, nodes: Mapping[str, Node]) -> bool:
    if not isinstance(source, FromNode):
        return True
    node = nodes.get(source.node)
    if node is None:
        return False
    if isinstance(node.definition, OpDefinition):
        return True
    return source.output in node.definition.outs

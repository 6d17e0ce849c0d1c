"""What a selection of assets is made of: frozen nodes, each resolved by a pure function of the graph.

Owns: the nodes that name assets and checks, those that combine other nodes, what each chooses and how each
is written in the selection language. Attributes are ``selection_attributes``, reading the language is
``selection_reading``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol, TypeGuard

from attrs import evolve, field

from penstock.define.asset_graph import AssetGraph
from penstock.define.selection_text import Mark, quoted
from penstock.errors import InvalidSubsetError, suggest
from penstock.keys import AssetCheckKey, AssetKey, user_strings
from penstock.values import frozen

_NOTHING = "not *"
_SHOWN = 8

Keys = set[AssetKey]
Checks = set[AssetCheckKey]


class Node(Protocol):
    """A choice of assets and checks; ``str`` writes it in the selection language."""

    @property
    def is_term(self) -> bool:
        """Whether it is written as one term, so that ``+`` and ``and`` may stand right beside it."""
        ...

    def keys(self, graph: AssetGraph, *, allow_missing: bool) -> Keys:
        """The assets it chooses.

        Raises:
            InvalidSubsetError: when it names what does not exist, unless that is allowed.
        """
        ...

    def checks(self, graph: AssetGraph, *, allow_missing: bool) -> Checks:
        """The checks it chooses: those of its assets, unless it says otherwise."""
        ...


def checks_of(keys: Keys, graph: AssetGraph) -> Checks:
    """Every check of some assets."""
    by_asset = graph.checks_by_asset
    return {check for key in keys for check in by_asset.get(key, ())} if by_asset else set()


@frozen
class ByKey:
    """The assets of these keys, which must exist; ``marks`` says where keys stand in a text."""

    chosen: tuple[AssetKey, ...]
    marks: Mapping[AssetKey, Mark] = field(factory=dict[AssetKey, Mark], eq=False, repr=False)

    @property
    def is_term(self) -> bool:
        """Whether it is written as one term."""
        return len(self.chosen) == 1

    def keys(self, graph: AssetGraph, *, allow_missing: bool) -> Keys:
        """The assets it chooses."""
        missing = [key for key in self.chosen if key not in graph.by_key or key in graph.undeclared]
        if missing and not allow_missing:
            raise InvalidSubsetError(_missing_message(missing, graph, self.marks))
        return set(self.chosen).difference(missing) if missing else set(self.chosen)

    def checks(self, graph: AssetGraph, *, allow_missing: bool) -> Checks:
        """The checks it chooses."""
        return checks_of(self.keys(graph, allow_missing=allow_missing), graph)

    def __str__(self) -> str:
        written = (f"key:{quoted(key.parts, '/', '*')}" for key in self.chosen)
        return " or ".join(written) or _NOTHING


def _missing_message(missing: list[AssetKey], graph: AssetGraph, marks: Mapping[AssetKey, Mark]) -> str:
    names = user_strings(missing)
    known = user_strings(key for key in graph.by_key if key not in graph.undeclared)
    hints = [f"{name!r}.{_near(name, known)}" for name in names[:_SHOWN]]
    more = f" And {len(names) - _SHOWN} more." if len(names) > _SHOWN else ""
    what = "is no asset" if len(names) == 1 else "are no assets"
    drawn = [marks[key].drawn() for key in missing[:_SHOWN] if key in marks]
    said = f"The selection names what {what} here: {' '.join(hints)}{more} {_some(known)}"
    return "\n".join([said, *drawn])


def _near(name: str, known: list[str]) -> str:
    """The key that ends with the name, or those that are written much like it."""
    below = [one for one in known if one.endswith(f"/{name}")]
    return f" Did you mean {' or '.join(map(repr, below[:3]))}?" if below else suggest(name, known)


def _some(known: list[str]) -> str:
    if not known:
        return "There are none."
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return f"Known are: {', '.join(known[:_SHOWN])}{more}."


@frozen
class ByCheck:
    """These checks, which must exist, and no asset; ``marks`` says where they stand in a text."""

    chosen: tuple[AssetCheckKey, ...]
    marks: Mapping[AssetCheckKey, Mark] = field(factory=dict[AssetCheckKey, Mark], eq=False, repr=False)

    @property
    def is_term(self) -> bool:
        """Whether it is written as one term."""
        return len(self.chosen) == 1

    def keys(self, graph: AssetGraph, *, allow_missing: bool) -> Keys:
        """The assets it chooses."""
        return set()

    def checks(self, graph: AssetGraph, *, allow_missing: bool) -> Checks:
        """The checks it chooses."""
        missing = [key for key in self.chosen if key not in graph.by_check]
        if missing and not allow_missing:
            known = sorted(key.to_user_string() for key in graph.by_check)
            names = [key.to_user_string() for key in missing[:_SHOWN]]
            hints = " ".join(f"{name!r}.{suggest(name, known)}" for name in names)
            said = f"The selection names checks that do not exist: {hints} {_some(known)}"
            drawn = [self.marks[key].drawn() for key in missing[:_SHOWN] if key in self.marks]
            raise InvalidSubsetError("\n".join([said, *drawn]))
        return {key for key in self.chosen if key in graph.by_check}

    def __str__(self) -> str:
        return " or ".join(f"check:{_written_check(key)}" for key in self.chosen) or _NOTHING


def _written_check(key: AssetCheckKey) -> str:
    asset, name = quoted(key.asset_key.parts, "/", "*:"), quoted([key.name], "", "*:")
    return f"{asset[:-1]}:{name[1:]}"


@frozen
class AllChecks:
    """Every check, and no asset."""

    is_term = True

    def keys(self, graph: AssetGraph, *, allow_missing: bool) -> Keys:
        """The assets it chooses."""
        return set()

    def checks(self, graph: AssetGraph, *, allow_missing: bool) -> Checks:
        """The checks it chooses."""
        return set(graph.by_check)

    def __str__(self) -> str:
        return 'check:"*"'


@frozen
class Walk:
    """What is above (``upstream``) or below (``downstream``) the assets of another choice."""

    direction: str
    child: Node
    depth: int | None = None
    include_self: bool = True
    is_term = False

    def keys(self, graph: AssetGraph, *, allow_missing: bool) -> Keys:
        """The assets it chooses."""
        start = self.child.keys(graph, allow_missing=allow_missing)
        if self.direction == "downstream":
            found = graph.downstream(start, self.depth)
        else:
            found = graph.upstream(start, self.depth)
            found -= graph.external_asset_keys - start
        return found if self.include_self else found - start

    def checks(self, graph: AssetGraph, *, allow_missing: bool) -> Checks:
        """The checks it chooses."""
        return checks_of(self.keys(graph, allow_missing=allow_missing), graph)

    def __str__(self) -> str:
        inner = _operand(self.child)
        far = self.depth is None or self.depth > 0
        walked = self._written(inner if self.child.is_term else f"({self.child})") if far else inner
        said = walked if self.include_self else f"{walked} and not {inner}"
        is_plain = _brings_all(self.child) or (self.include_self and far)
        return said if is_plain else f"with_checks({said})"

    def _written(self, inner: str) -> str:
        depth = "" if self.depth is None else str(self.depth)
        return f"{depth}+{inner}" if self.direction == "upstream" else f"{inner}+{depth}"


@frozen
class Part:
    """A part of another choice, or what belongs to it: named as the method that makes it."""

    what: str
    child: Node
    is_term = True

    def keys(self, graph: AssetGraph, *, allow_missing: bool) -> Keys:
        """The assets it chooses."""
        return _PARTS[self.what](self.child.keys(graph, allow_missing=allow_missing), graph)

    def checks(self, graph: AssetGraph, *, allow_missing: bool) -> Checks:
        """The checks it chooses."""
        if self.what == "without_checks":
            return set()
        if self.what == "checks_for_assets":
            return self.child.checks(graph, allow_missing=allow_missing)
        return checks_of(self.keys(graph, allow_missing=allow_missing), graph)

    def __str__(self) -> str:
        return f"{self.what}({self.child})"


def _roots(keys: Keys, graph: AssetGraph) -> Keys:
    below = {child for key in keys for child in graph.children(key)}
    return keys - graph.downstream(below)


def _sinks(keys: Keys, graph: AssetGraph) -> Keys:
    above = {parent for key in keys for parent in graph.parents(key)}
    return keys - graph.upstream(above)


def _neighbors(keys: Keys, graph: AssetGraph) -> Keys:
    whole = {id(one): one for one in map(graph.definition, keys) if not one.can_subset}
    return keys.union(*(one.specs_by_key for one in whole.values()))


def _sources(keys: Keys, graph: AssetGraph) -> Keys:
    return graph.upstream(keys) & graph.external_asset_keys


def _materializable(keys: Keys, graph: AssetGraph) -> Keys:
    return keys & graph.materializable_asset_keys


_PARTS: dict[str, Callable[[Keys, AssetGraph], Keys]] = {
    "roots": _roots,
    "sinks": _sinks,
    "materializable": _materializable,
    "upstream_source_assets": _sources,
    "required_multi_asset_neighbors": _neighbors,
    "without_checks": lambda keys, _graph: keys,
    "with_checks": lambda keys, _graph: keys,
    "checks_for_assets": lambda _keys, _graph: set(),
}


@frozen
class AnyOf:
    """What any of several choices chooses."""

    parts: tuple[Node, ...]
    is_term = False

    def keys(self, graph: AssetGraph, *, allow_missing: bool) -> Keys:
        """The assets it chooses."""
        return {key for part in self.parts for key in part.keys(graph, allow_missing=allow_missing)}

    def checks(self, graph: AssetGraph, *, allow_missing: bool) -> Checks:
        """The checks it chooses."""
        return {key for part in self.parts for key in part.checks(graph, allow_missing=allow_missing)}

    def __str__(self) -> str:
        return " or ".join(_with_both_ways(self.parts)) or _NOTHING


@frozen
class AllOf:
    """What all of several choices choose."""

    parts: tuple[Node, ...]
    is_term = False

    def keys(self, graph: AssetGraph, *, allow_missing: bool) -> Keys:
        """The assets it chooses."""
        first, *rest = (part.keys(graph, allow_missing=allow_missing) for part in self.parts)
        return first.intersection(*rest)

    def checks(self, graph: AssetGraph, *, allow_missing: bool) -> Checks:
        """The checks it chooses."""
        first, *rest = (part.checks(graph, allow_missing=allow_missing) for part in self.parts)
        return first.intersection(*rest)

    def __str__(self) -> str:
        return " and ".join(map(_operand, self.parts))


@frozen
class Minus:
    """What one choice chooses and another does not."""

    left: Node
    right: Node
    is_term = False

    def keys(self, graph: AssetGraph, *, allow_missing: bool) -> Keys:
        """The assets it chooses."""
        right = self.right.keys(graph, allow_missing=allow_missing)
        return self.left.keys(graph, allow_missing=allow_missing) - right

    def checks(self, graph: AssetGraph, *, allow_missing: bool) -> Checks:
        """The checks it chooses."""
        right = self.right.checks(graph, allow_missing=allow_missing)
        return self.left.checks(graph, allow_missing=allow_missing) - right

    def __str__(self) -> str:
        return f"{_operand(self.left)} and not {_operand(self.right)}"


def any_of(parts: Iterable[Node]) -> Node:
    """What any of these chooses: flat, and keys joined into one node, so that long lists stay shallow."""
    flat = [one for part in parts for one in (part.parts if isinstance(part, AnyOf) else (part,))]
    named = [one for one in flat if isinstance(one, ByKey)]
    if len(named) < 2:
        return flat[0] if len(flat) == 1 else AnyOf(tuple(flat))
    keys = dict.fromkeys(key for one in named for key in one.chosen)
    marks = {key: mark for one in named for key, mark in one.marks.items()}
    whole = ByKey(tuple(keys), marks)  # in the place of the first, so that what is written reads the same
    first = flat.index(named[0])
    others = (one for one in flat[first:] if not isinstance(one, ByKey))
    joined = (*flat[:first], whole, *others)
    return joined[0] if len(joined) == 1 else AnyOf(joined)


def all_of(parts: Iterable[Node]) -> Node:
    """What all of these choose, flat."""
    flat = [one for part in parts for one in (part.parts if isinstance(part, AllOf) else (part,))]
    return flat[0] if len(flat) == 1 else AllOf(tuple(flat))


def minus(left: Node, right: Node) -> Node:
    """What one chooses and another does not; flat, so that long chains stay shallow."""
    if isinstance(left, Minus):
        return Minus(left.left, any_of([left.right, right]))
    return Minus(left, right)


def mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    """The same choice with each node that combines no others exchanged."""
    if isinstance(node, Walk | Part):
        return evolve(node, child=mapped(node.child, change))
    if isinstance(node, AnyOf):
        return any_of(mapped(part, change) for part in node.parts)
    if isinstance(node, AllOf):
        return all_of(mapped(part, change) for part in node.parts)
    if isinstance(node, Minus):
        return minus(mapped(node.left, change), mapped(node.right, change))
    return change(node)


def leaves(node: Node) -> list[Node]:
    """The nodes in it that combine no others, from left to right."""
    found: list[Node] = []

    def seen(one: Node) -> Node:
        found.append(one)
        return one

    mapped(node, seen)
    return found


def _brings_all(node: Node) -> bool:
    """Whether a choice brings every check of its assets, and no other."""
    if isinstance(node, ByCheck | AllChecks):
        return False
    if isinstance(node, Part):
        return node.what not in {"without_checks", "checks_for_assets"}
    if isinstance(node, AnyOf | AllOf):
        return all(map(_brings_all, node.parts))
    return not isinstance(node, Minus) or (_brings_all(node.left) and _brings_all(node.right))


def _with_both_ways(parts: tuple[Node, ...]) -> Iterator[str]:
    """How each part is written; what is above and what is below the same as one: ``1+a+2``."""
    at = 0
    while at < len(parts):
        here, following = parts[at], parts[at + 1] if at + 1 < len(parts) else None
        if _goes(here, "upstream") and following is not None and _goes(following, "downstream"):
            up, down = str(here), str(following)
            inner = str(here.child) if here.child.is_term else f"({here.child})"
            if here.child == following.child:
                yield up + down.removeprefix(inner)
                at += 2
                continue
        yield str(here)
        at += 1


def _operand(part: Node) -> str:
    """A choice as an operand of ``and`` and ``not``: in parentheses unless nothing can fall apart."""
    alone = part.is_term or _goes(part, "upstream") or _goes(part, "downstream")
    return str(part) if alone else f"({part})"


def _goes(node: Node, direction: str) -> TypeGuard[Walk]:
    """Whether a choice is written as a term with ``+`` on that side."""
    return (
        isinstance(node, Walk)
        and node.direction == direction
        and node.include_self
        and (node.depth is None or node.depth > 0)
    )

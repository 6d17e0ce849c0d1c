"""The graph of all assets of a project: who depends on whom, in which order, and what is wrong with it.

Owns: ``AssetGraph``, built once from definitions in time linear to assets and dependencies. No
recursion: a chain of a hundred thousand assets is a normal graph. Must not know jobs or runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from penstock.define.assets import AssetsDefinition, as_definition, external_asset
from penstock.define.bulk import without_collector
from penstock.define.dep_matching import match_names
from penstock.define.spec_rules import DEFAULT_GROUP
from penstock.define.specs import AssetCheckSpec, AssetSpec
from penstock.errors import InvalidDefinitionError, InvariantViolationError, suggest
from penstock.keys import AssetCheckKey, AssetKey, user_strings


class AssetGraph:
    """Every asset and check of a project, by key, with the edges between assets.

    Args:
        definitions: assets and checks, each key once.

    Raises:
        InvalidDefinitionError: when a key stands twice. Everything else that can be wrong is asked for:
            ``find_cycle``, ``undeclared``.
    """

    def __init__(self, definitions: Iterable[AssetsDefinition]) -> None:
        self._by_key: dict[AssetKey, AssetsDefinition] = {}
        self._by_check: dict[AssetCheckKey, AssetsDefinition] = {}
        self.definitions: tuple[AssetsDefinition, ...] = tuple(definitions)
        for definition in self.definitions:
            self._take(definition)
        self.depending_on_themselves: list[AssetKey] = []
        self._undeclared: dict[AssetKey, list[AssetsDefinition]] = {}
        self._parents, self._children = self._edges()

    @staticmethod
    @without_collector
    def from_assets(assets: Iterable[Any]) -> AssetGraph:
        """The graph of whatever users list among assets: definitions, specs, sources, checks.

        Raises:
            InvalidDefinitionError: when an entry is no asset, or a key stands twice.
        """
        found = {id(one): one for one in flattened(assets)}
        return AssetGraph(match_names(as_definition(one) for one in found.values()))

    def _take(self, definition: AssetsDefinition) -> None:
        for key in definition.specs_by_key:
            if self._by_key.setdefault(key, definition) is not definition:
                raise InvalidDefinitionError(
                    twice(f"The asset {key.to_user_string()!r}", self._by_key[key], definition)
                )
        for spec in definition.checks_by_output.values():
            if self._by_check.setdefault(spec.key, definition) is not definition:
                other = self._by_check[spec.key]
                raise InvalidDefinitionError(
                    twice(f"The check {spec.key.to_user_string()!r}", other, definition)
                )

    def _edges(self) -> tuple[dict[AssetKey, tuple[AssetKey, ...]], dict[AssetKey, list[AssetKey]]]:
        parents: dict[AssetKey, tuple[AssetKey, ...]] = {}
        children: dict[AssetKey, list[AssetKey]] = {}
        known, undeclared = self._by_key, self._undeclared
        for key, definition in list(known.items()):
            above = tuple([dep.asset_key for dep in definition.specs_by_key[key].deps])
            if key in above:
                self.depending_on_themselves.append(key)
                above = tuple(parent for parent in above if parent != key)
            parents[key] = above
            for parent in above:
                below = children.get(parent)
                if below is None:
                    below = children[parent] = []
                    if parent not in known:
                        self._declare(parent, definition)
                elif undeclared and parent in undeclared:
                    undeclared[parent].append(definition)
                below.append(key)
        for definition in self.definitions:
            if definition.kind == "check":
                for key in definition.dependency_keys:
                    if key not in self._by_key:
                        self._declare(key, definition)
        for key in self._undeclared:
            parents[key] = ()
        return parents, children

    def _declare(self, key: AssetKey, wanted_by: AssetsDefinition) -> None:
        self._by_key[key] = external_asset(AssetSpec(key))
        self._undeclared[key] = [wanted_by]

    # ---- what there is --------------------------------------------------------------------------

    @property
    def by_key(self) -> Mapping[AssetKey, AssetsDefinition]:
        """The definition of each asset, undeclared ones included as external assets."""
        return self._by_key

    @property
    def by_check(self) -> Mapping[AssetCheckKey, AssetsDefinition]:
        """The definition that evaluates each check."""
        return self._by_check

    @property
    def undeclared(self) -> Mapping[AssetKey, Sequence[AssetsDefinition]]:
        """Assets that nobody defines, with the definitions that depend on them."""
        return self._undeclared

    def get_all_asset_keys(self) -> set[AssetKey]:
        """Every asset, external ones included."""
        return set(self._by_key)

    @cached_property
    def materializable_asset_keys(self) -> frozenset[AssetKey]:
        """The assets that a run can make."""
        return frozenset(key for key, one in self._by_key.items() if one.kind == "materialize")

    @cached_property
    def executable_asset_keys(self) -> frozenset[AssetKey]:
        """The assets that a run can make or observe."""
        return frozenset(key for key, one in self._by_key.items() if one.node is not None)

    @cached_property
    def external_asset_keys(self) -> frozenset[AssetKey]:
        """The assets that something else makes."""
        return frozenset(key for key, one in self._by_key.items() if one.is_external)

    @property
    def asset_check_keys(self) -> set[AssetCheckKey]:
        """Every check."""
        return set(self._by_check)

    @cached_property
    def checks_by_asset(self) -> Mapping[AssetKey, tuple[AssetCheckKey, ...]]:
        """The checks of each asset that has some."""
        found: dict[AssetKey, list[AssetCheckKey]] = {}
        for check in self._by_check:
            found.setdefault(check.asset_key, []).append(check)
        return {key: tuple(checks) for key, checks in found.items()}

    @cached_property
    def keys_by_group(self) -> Mapping[str, frozenset[AssetKey]]:
        """The assets of each group."""
        found: dict[str, list[AssetKey]] = {}
        for key in self._by_key:
            found.setdefault(self.spec(key).group_name or DEFAULT_GROUP, []).append(key)
        return {group: frozenset(keys) for group, keys in found.items()}

    def spec(self, key: AssetKey) -> AssetSpec:
        """What is said about an asset.

        Raises:
            InvariantViolationError: when there is no such asset.
        """
        return self.definition(key).specs_by_key[key]

    def check_spec(self, key: AssetCheckKey) -> AssetCheckSpec:
        """What is said about a check.

        Raises:
            InvariantViolationError: when there is no such check.
        """
        found = self._by_check.get(key)
        if found is None:
            raise InvariantViolationError(f"There is no check {key.to_user_string()!r}.")
        return found.get_spec_for_check_key(key)

    @property
    def specs(self) -> list[AssetSpec]:
        """What is said about each asset, in order of declaration."""
        return [one.specs_by_key[key] for key, one in self._by_key.items()]

    def definition(self, key: AssetKey) -> AssetsDefinition:
        """The definition of an asset.

        Raises:
            InvariantViolationError: when there is no such asset.
        """
        found = self._by_key.get(key)
        if found is None:
            name = key.to_user_string()
            raise InvariantViolationError(
                f"There is no asset {name!r}.{suggest(name, user_strings(self._by_key))}"
            )
        return found

    def has(self, key: AssetKey) -> bool:
        """Whether there is such an asset, undeclared ones included."""
        return key in self._by_key

    # ---- who depends on whom --------------------------------------------------------------------

    def parents(self, key: AssetKey) -> tuple[AssetKey, ...]:
        """The assets that an asset depends on directly, itself left out."""
        return self._parents.get(key, ())

    def children(self, key: AssetKey) -> Sequence[AssetKey]:
        """The assets that depend on an asset directly."""
        return self._children.get(key, ())

    def upstream(self, keys: Collection[AssetKey], depth: int | None = None) -> set[AssetKey]:
        """The assets and everything they depend on.

        Args:
            keys: where to start.
            depth: how many steps at most, None for all.
        """
        return reached(keys, self._parents, depth)

    def downstream(self, keys: Collection[AssetKey], depth: int | None = None) -> set[AssetKey]:
        """The assets and everything that depends on them.

        Args:
            keys: where to start.
            depth: how many steps at most, None for all.
        """
        return reached(keys, self._children, depth)

    @cached_property
    def in_order(self) -> tuple[AssetKey, ...]:
        """Every asset, each after what it depends on; among equals in order of declaration.

        Raises:
            InvalidDefinitionError: when assets depend on each other in a circle.
        """
        order, circle = self._sorted
        if circle:
            raise InvalidDefinitionError(cycle_message(circle))
        return tuple(order)

    def find_cycle(self) -> list[AssetKey]:
        """Assets that depend on each other in a circle, each on the one before; empty when there is none."""
        return self._sorted[1]

    @cached_property
    def _sorted(self) -> tuple[list[AssetKey], list[AssetKey]]:
        return topological(self._by_key, self._parents, self._children)


def flattened(assets: Iterable[Any]) -> Iterator[Any]:
    """The entries of a list of assets that may hold further lists."""
    for one in assets:
        if isinstance(one, list | tuple) and not isinstance(one, AssetCheckKey):
            yield from one
        else:
            yield one


def twice(what: str, first: AssetsDefinition, second: AssetsDefinition) -> str:
    """The message for something that two definitions claim."""
    places = [f"{one.name!r}{f' ({one.where})' if one.where else ''}" for one in (first, second)]
    return f"{what} is defined twice: by {' and by '.join(places)}. Rename or remove one."


def cycle_message(circle: Sequence[AssetKey], what: str = "Assets") -> str:
    """The message for things that depend on each other in a circle."""
    names = [key.to_user_string() for key in [*circle, circle[0]]]
    return (
        f"{what} depend on each other in a circle: {' → '.join(names)} (each is made from the one before)."
        " Remove one of these dependencies."
    )


def reached(
    keys: Collection[AssetKey], edges: Mapping[AssetKey, Collection[AssetKey]], depth: int | None
) -> set[AssetKey]:
    """What is reached from some keys in any or a given number of steps, they themselves included."""
    found = set(keys)
    front: Collection[AssetKey] = found.copy()
    while front and (depth is None or depth > 0):
        front = {new for key in front for new in edges.get(key, ()) if new not in found}
        found |= front
        depth = None if depth is None else depth - 1
    return found


def topological(
    keys: Iterable[Any],
    parents: Mapping[Any, Collection[Any]],
    children: Mapping[Any, Collection[Any]],
) -> tuple[list[Any], list[Any]]:
    """Things in an order in which each comes after its parents, and one circle if there is any.

    Args:
        keys: all things; equals keep this order.
        parents, children: the edges, in both directions, each once.

    Returns:
        The order (of what is in no circle and after none), and the members of one circle, each a
        child of the one before it.
    """
    missing = {key: len(parents[key]) for key in keys}
    order = [key for key, count in missing.items() if count == 0]
    for key in order:
        for child in children.get(key, ()):
            missing[child] -= 1
            if missing[child] == 0:
                order.append(child)
    if len(order) == len(missing):
        return order, []
    return order, _circle({key for key, count in missing.items() if count > 0}, parents)


def _circle(stuck: set[Any], parents: Mapping[Any, Collection[Any]]) -> list[Any]:
    """One circle among things each of which has a parent among them."""
    key = next(iter(sorted(stuck)))
    path: dict[Any, int] = {}
    while key not in path:
        path[key] = len(path)
        key = min(parent for parent in parents[key] if parent in stuck)
    backwards = list(path)[path[key] :]
    return [backwards[0], *reversed(backwards[1:])]

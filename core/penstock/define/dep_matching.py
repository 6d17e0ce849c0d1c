"""Dependencies that name an asset without its prefix.

Owns: the rule that an argument or dep of one part, which nobody defines under that key, means the one
asset of that name in the same group. It saves every asset of a prefixed package an ``AssetIn``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from penstock.define.assets import AssetsDefinition
from penstock.define.spec_rules import DEFAULT_GROUP
from penstock.keys import AssetKey

Names = dict[tuple[str, str], list[AssetKey]]


def match_names(definitions: Iterable[AssetsDefinition]) -> tuple[AssetsDefinition, ...]:
    """The definitions, with loose names replaced by the keys they mean.

    Args:
        definitions: every asset of a project; those without loose names are returned as they are.
    """
    given = tuple(definitions)
    known = {key for one in given for key in one.specs_by_key}
    loose = [
        number
        for number, one in enumerate(given)
        for spec in one.specs_by_key.values()
        for dep in spec.deps
        if dep.asset_key not in known
    ]
    if not loose:
        return given
    names = _keys_by_name(given)
    matched = list(given)
    for number in dict.fromkeys(loose):
        one = given[number]
        found = {key: new for key in _loose_keys(one, known) for new in _meant(key, one, names)}
        if found:
            matched[number] = one.with_attributes(asset_key_replacements=found)
    return tuple(matched)


def _loose_keys(definition: AssetsDefinition, known: set[AssetKey]) -> Sequence[AssetKey]:
    return [
        dep.asset_key
        for spec in definition.specs_by_key.values()
        for dep in spec.deps
        if dep.asset_key not in known and len(dep.asset_key.parts) == 1
    ]


def _keys_by_name(definitions: Iterable[AssetsDefinition]) -> Names:
    names: Names = {}
    for one in definitions:
        for key, spec in one.specs_by_key.items():
            names.setdefault((spec.group_name or DEFAULT_GROUP, key.parts[-1]), []).append(key)
    return names


def _meant(key: AssetKey, definition: AssetsDefinition, names: Names) -> Sequence[AssetKey]:
    for spec in definition.specs_by_key.values():
        if any(dep.asset_key == key for dep in spec.deps):
            found = names.get((spec.group_name or DEFAULT_GROUP, key.parts[0]), [])
            if len(found) == 1 and found[0] not in definition.specs_by_key:
                return found
    return ()

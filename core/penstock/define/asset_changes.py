"""How an assets definition changes when its keys or the facts about its assets do.

Owns: working out the changed fields. Pure; knows the fields of a definition by name only, so that
``assets`` can stand above it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypedDict, cast

from attrs import evolve

from penstock.define.freshness import FreshnessPolicy
from penstock.define.spec_rules import DEFAULT_GROUP
from penstock.define.specs import AssetDep, AssetSpec
from penstock.errors import InvalidDefinitionError
from penstock.keys import AssetCheckKey, AssetKey

Renamed = Mapping[AssetKey, AssetKey]


class AttributeChanges(TypedDict, total=False):
    """What ``AssetsDefinition.with_attributes`` changes.

    ``asset_key_replacements`` holds for own keys and for those depended on; tags and metadata are
    added to; an automation condition is one for all, or one by key.
    """

    asset_key_replacements: Renamed
    group_names_by_key: Mapping[AssetKey, str]
    tags_by_key: Mapping[AssetKey, Mapping[str, str]]
    metadata_by_key: Mapping[AssetKey, Mapping[str, Any]]
    automation_condition: Any
    freshness_policy: FreshnessPolicy | Mapping[AssetKey, FreshnessPolicy] | None
    backfill_policy: Any
    hook_defs: Iterable[Any]


def replaced_specs(
    specs: Mapping[AssetKey, AssetSpec], changes: AttributeChanges
) -> dict[AssetKey, AssetSpec]:
    """Old key → new spec.

    Raises:
        InvalidDefinitionError: when a group is given to an asset that has another one.
    """
    return {key: _replaced_spec(spec, changes) for key, spec in specs.items()}


def _replaced_spec(spec: AssetSpec, changes: AttributeChanges) -> AssetSpec:
    renamed = changes.get("asset_key_replacements") or {}
    key = spec.key
    group = (changes.get("group_names_by_key") or {}).get(key)
    if group is not None and spec.group_name not in {None, DEFAULT_GROUP, group}:
        raise InvalidDefinitionError(
            f"Asset {key.to_user_string()!r} is in group {spec.group_name!r} and cannot be put into"
            f" {group!r} as well. Remove one of the two group names."
        )
    tags = (changes.get("tags_by_key") or {}).get(key) or {}
    metadata = (changes.get("metadata_by_key") or {}).get(key) or {}
    return evolve(
        spec,
        key=renamed.get(key, key),
        deps=renamed_deps(spec.deps, renamed),
        group_name=group or spec.group_name,
        tags={**spec.tags, **tags},
        metadata={**spec.metadata, **metadata},
        automation_condition=_one_of(changes.get("automation_condition"), key) or spec.automation_condition,
        freshness_policy=_one_of(changes.get("freshness_policy"), key) or spec.freshness_policy,
    )


def _one_of(given: Any, key: AssetKey) -> Any:
    return cast("Mapping[AssetKey, Any]", given).get(key) if isinstance(given, Mapping) else given


def renamed_deps(deps: tuple[AssetDep, ...], renamed: Renamed) -> tuple[AssetDep, ...]:
    """Dependencies on the renamed keys."""
    if not any(dep.asset_key in renamed for dep in deps):
        return deps
    return tuple(evolve(dep, asset=renamed.get(dep.asset_key, dep.asset_key)) for dep in deps)


def renamed_fields(definition: Any, specs: Mapping[AssetKey, AssetSpec], renamed: Renamed) -> dict[str, Any]:
    """The fields of a definition that change with its specs.

    Args:
        definition: an ``AssetsDefinition``.
        specs: old key → new spec.
        renamed: every key that changes, own or depended on.
    """
    fields: dict[str, Any] = {"specs_by_key": {spec.key: spec for spec in specs.values()}}
    mappings = {key: mapping for spec in specs.values() for key, mapping in spec.partition_mappings.items()}
    fields["partition_mappings"] = {
        **{renamed.get(key, key): mapping for key, mapping in definition.partition_mappings.items()},
        **mappings,
    }
    own = [spec.partitions_def for spec in specs.values() if spec.partitions_def is not None]
    if own and all(one == own[0] for one in own):
        fields["partitions_def"] = own[0]
    return fields | (_renamed_keys(definition, renamed) if renamed else {})


def _renamed_keys(definition: Any, renamed: Renamed) -> dict[str, Any]:
    def new(key: AssetKey) -> AssetKey:
        return renamed.get(key, key)

    def new_check(key: AssetCheckKey) -> AssetCheckKey:
        return AssetCheckKey(new(key.asset_key), key.name)

    chosen, checks = definition.selected, definition.selected_checks
    return {
        "keys_by_output": {name: new(key) for name, key in definition.keys_by_output.items()},
        "keys_by_input": {name: new(key) for name, key in definition.keys_by_input.items()},
        "internal_deps": {new(key): frozenset(map(new, on)) for key, on in definition.internal_deps.items()},
        "selected": None if chosen is None else frozenset(map(new, chosen)),
        "selected_checks": None if checks is None else frozenset(map(new_check, checks)),
        "checks_by_output": {
            spec.output_name: spec for spec in _renamed_checks(definition.checks_by_output.values(), renamed)
        },
    }


def _renamed_checks(specs: Iterable[Any], renamed: Renamed) -> list[Any]:
    return [
        evolve(
            spec,
            asset=renamed.get(spec.asset_key, spec.asset_key),
            additional_deps=renamed_deps(spec.additional_deps, renamed),
        )
        for spec in specs
    ]


def map_asset_specs(func: Callable[[AssetSpec], AssetSpec], iterable: Iterable[Any]) -> list[Any]:
    """Each asset or spec with its specs replaced by what the function makes of them.

    Args:
        func: called once per spec.
        iterable: definitions and specs.
    """
    return [func(one) if isinstance(one, AssetSpec) else one.map_asset_specs(func) for one in iterable]


def apply_freshness_policy(
    spec: AssetSpec, policy: FreshnessPolicy, overwrite_existing: bool = True
) -> AssetSpec:
    """The same spec with a freshness policy; for use with ``map_asset_specs``.

    Args:
        spec: of an asset.
        policy: how old the asset may become.
        overwrite_existing: whether a policy that the spec has is replaced.

    Raises:
        InvalidDefinitionError: when it is no spec, or no policy.
    """
    if not isinstance(spec, AssetSpec):
        raise InvalidDefinitionError(
            f"apply_freshness_policy() wants an AssetSpec, found {spec!r} ({type(spec).__name__})."
            " For definitions: map_asset_specs(lambda spec: apply_freshness_policy(spec, policy), assets)."
        )
    if spec.freshness_policy is not None and not overwrite_existing:
        return spec
    return spec.replace_attributes(freshness_policy=policy)

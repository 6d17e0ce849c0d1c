"""``with_resources``: assets with the resources they need bound to them.

Owns: that binding and its complaints.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from penstock.define.assets import AssetsDefinition, as_definition
from penstock.define.inout import OutputDefinition
from penstock.define.op import OpDefinition
from penstock.define.resource import as_resource_definition
from penstock.errors import InvalidDefinitionError, InvalidInvocationError, suggest
from penstock.keys import user_strings


def with_resources(
    definitions: Iterable[Any],
    resource_defs: Mapping[str, Any],
    resource_config_by_key: Mapping[str, Any] | None = None,
) -> list[AssetsDefinition]:
    """The same assets with resources of their own.

    Args:
        definitions: assets, sources and specs.
        resource_defs: key → resource, anything may be one.
        resource_config_by_key: key → ``{"config": …}``, for resources that take config.

    Raises:
        InvalidDefinitionError: when an asset needs a key that is not given.
        InvalidInvocationError: when an asset has another resource under a key already, or a config is not
            of the form ``{"config": …}``.
    """
    bound = {**resource_defs, **_configured(resource_defs, resource_config_by_key or {})}
    return [_bound(as_definition(one), bound) for one in definitions]


def _configured(resources: Mapping[str, Any], configs: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, given in configs.items():
        if key not in resources:
            raise InvalidInvocationError(
                f"resource_config_by_key names {key!r}, which is not among the resources."
                f"{suggest(key, resources)}"
            )
        if not isinstance(given, Mapping) or "config" not in given:
            raise InvalidInvocationError(
                f"resource_config_by_key of {key!r} wants {{'config': …}}, found {given!r}."
            )
        made[key] = as_resource_definition(resources[key]).configured(given["config"])
    return made


def _bound(definition: AssetsDefinition, resources: Mapping[str, Any]) -> AssetsDefinition:
    needed = _needed(definition)
    # A key of the default I/O manager is bound when given, although every project has one.
    found = {key: resources[key] for key in needed | {"io_manager"} if key in resources}
    for key, resource in found.items():
        if definition.resource_defs.get(key, resource) is not resource:
            raise InvalidInvocationError(
                f"{_shown(definition)} has a resource under {key!r} already. Leave one of the two out."
            )
    missing = sorted(needed - resources.keys() - definition.resource_defs.keys() - {"io_manager"})
    if missing:
        raise InvalidDefinitionError(
            f"{_shown(definition)} needs {', '.join(map(repr, missing))}, which with_resources was not given."
            f"{suggest(missing[0], resources)} Add it to resource_defs."
        )
    return definition.with_resources(found)


def _needed(definition: AssetsDefinition) -> set[str]:
    needed = definition.required_resource_keys
    needed |= {
        definition.get_io_manager_key_for_asset_key(key)
        for key in definition.specs_by_key
        if _is_stored(definition, key)
    }
    if isinstance(definition.node, OpDefinition):
        needed |= {one.input_manager_key for one in definition.node.ins.values() if one.input_manager_key}
    return needed


def _is_stored(definition: AssetsDefinition, key: Any) -> bool:
    if not isinstance(definition.node, OpDefinition) or definition.kind != "materialize":
        return definition.kind != "check"
    out: OutputDefinition = definition.node.outs[definition.get_output_name_for_asset_key(key)]
    return not out.type.is_nothing


def _shown(definition: AssetsDefinition) -> str:
    return ", ".join(map(repr, user_strings(definition.keys))) or definition.name

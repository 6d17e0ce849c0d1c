"""Definitions gathered from modules and packages.

Owns: looking through modules for assets, checks, jobs, schedules and sensors, and what the ``load_*``
functions change about the assets they find. Importing user code is the one impure thing here.
"""

from __future__ import annotations

import inspect
import pkgutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, TypedDict, Unpack, cast

from penstock.define.asset_changes import AttributeChanges
from penstock.define.asset_job import UnresolvedAssetJobDefinition
from penstock.define.assets import AssetChecksDefinition, AssetsDefinition, external_asset
from penstock.define.definitions import Definitions
from penstock.define.freshness import FreshnessPolicy
from penstock.define.job import JobDefinition
from penstock.define.observe import SourceAsset
from penstock.define.schedule import ScheduleDefinition
from penstock.define.sensor import SensorDefinition
from penstock.define.spec_rules import check_options
from penstock.define.specs import AssetSpec
from penstock.define.unresolved_schedule import UnresolvedPartitionedAssetScheduleDefinition
from penstock.errors import CodeLocationError, InvalidDefinitionError
from penstock.keys import AssetKey, CoercibleToAssetKeyPrefix, as_parts


class LoadOptions(TypedDict, total=False):
    """What a ``load_assets_*`` function takes beside a group and a prefix.

    ``source_key_prefix`` goes before the keys of external assets, as ``key_prefix`` does before others.
    """

    source_key_prefix: CoercibleToAssetKeyPrefix | None
    automation_condition: Any
    freshness_policy: FreshnessPolicy | None
    backfill_policy: Any
    include_specs: bool


# ---- assets --------------------------------------------------------------------------------------


def load_assets_from_modules(
    modules: Iterable[ModuleType],
    group_name: str | None = None,
    key_prefix: CoercibleToAssetKeyPrefix | None = None,
    **options: Unpack[LoadOptions],
) -> list[Any]:
    """Every asset at the top of some modules, single or in lists.

    Args:
        modules: where to look.
        group_name: put every asset into this group.
        key_prefix: goes before the keys of assets made there and before their dependencies on each other;
            dependencies on other assets stay.
        options: see ``LoadOptions``.

    Raises:
        InvalidDefinitionError: when two modules define one key, or an asset is in another group already.
    """
    check_options(options, LoadOptions.__annotations__, "load_assets_from_modules()")
    kinds = (AssetsDefinition, AssetSpec) if options.get("include_specs") else (AssetsDefinition,)
    found = [one for one in _found(modules, kinds) if not _is_check(one)]
    _refuse_doubles(found)
    renamed = _renamed(found, key_prefix, options.get("source_key_prefix"))
    return [_changed(one, _changes(one, renamed, group_name, options)) for one in found]


def load_assets_from_current_module(
    group_name: str | None = None,
    key_prefix: CoercibleToAssetKeyPrefix | None = None,
    **options: Unpack[LoadOptions],
) -> list[Any]:
    """Every asset at the top of the module that calls this; arguments as of ``load_assets_from_modules``."""
    return load_assets_from_modules([_calling_module()], group_name, key_prefix, **options)


load_all_assets_from_current_module = load_assets_from_current_module


def load_assets_from_package_module(
    package_module: ModuleType,
    group_name: str | None = None,
    key_prefix: CoercibleToAssetKeyPrefix | None = None,
    **options: Unpack[LoadOptions],
) -> list[Any]:
    """Every asset in a package and all its modules; arguments as of ``load_assets_from_modules``."""
    return load_assets_from_modules(modules_of(package_module), group_name, key_prefix, **options)


def load_assets_from_package_name(
    package_name: str,
    group_name: str | None = None,
    key_prefix: CoercibleToAssetKeyPrefix | None = None,
    **options: Unpack[LoadOptions],
) -> list[Any]:
    """Every asset in the package of this name; arguments as of ``load_assets_from_modules``."""
    return load_assets_from_package_module(_package(package_name), group_name, key_prefix, **options)


def _renamed(
    assets: Iterable[Any],
    prefix: CoercibleToAssetKeyPrefix | None,
    source_prefix: CoercibleToAssetKeyPrefix | None,
) -> dict[AssetKey, AssetKey]:
    renamed: dict[AssetKey, AssetKey] = {}
    for one in assets:
        before = source_prefix if _is_source(one) else prefix
        if before is not None:
            renamed.update({key: key.with_prefix(as_parts(before)) for key in _own_keys(one)})
    return renamed


def _own_keys(thing: Any) -> Iterable[AssetKey]:
    return (thing.key,) if isinstance(thing, AssetSpec) else thing.specs_by_key


def _changes(
    thing: Any, renamed: Mapping[AssetKey, AssetKey], group: str | None, options: LoadOptions
) -> AttributeChanges:
    changes: AttributeChanges = {
        "asset_key_replacements": renamed,
        "group_names_by_key": {} if group is None else dict.fromkeys(_own_keys(thing), group),
        "automation_condition": options.get("automation_condition"),
        "freshness_policy": options.get("freshness_policy"),
    }
    policy = options.get("backfill_policy")
    if policy is not None:
        changes["backfill_policy"] = policy
    return changes


def _changed(thing: Any, changes: AttributeChanges) -> Any:
    if isinstance(thing, AssetSpec):
        return external_asset(thing).with_attributes(**changes).get_asset_spec()
    return cast("AssetsDefinition", thing).with_attributes(**changes)


def _is_source(thing: Any) -> bool:
    return isinstance(thing, SourceAsset) or (isinstance(thing, AssetsDefinition) and thing.node is None)


def _is_check(thing: Any) -> bool:
    return isinstance(thing, AssetsDefinition) and thing.kind == "check"


def _refuse_doubles(assets: Iterable[Any]) -> None:
    seen: dict[AssetKey, Any] = {}
    for one in assets:
        for key in _own_keys(one):
            if seen.setdefault(key, one) is not one:
                raise InvalidDefinitionError(
                    f"The asset {key.to_user_string()!r} is defined twice: by {seen[key]!r} and {one!r},"
                    " in the modules that are loaded. Rename or remove one."
                )


# ---- checks --------------------------------------------------------------------------------------


def load_asset_checks_from_modules(
    modules: Iterable[ModuleType], asset_key_prefix: CoercibleToAssetKeyPrefix | None = None
) -> list[AssetChecksDefinition]:
    """Every check at the top of some modules.

    Args:
        modules: where to look.
        asset_key_prefix: goes before the keys of the checked assets.
    """
    found = [one for one in _found(modules, (AssetsDefinition,)) if _is_check(one)]
    return [_prefixed(one, asset_key_prefix) for one in found]


def load_asset_checks_from_current_module(
    asset_key_prefix: CoercibleToAssetKeyPrefix | None = None,
) -> list[AssetChecksDefinition]:
    """Every check at the top of the module that calls this."""
    return load_asset_checks_from_modules([_calling_module()], asset_key_prefix)


def load_asset_checks_from_package_module(
    package_module: ModuleType, asset_key_prefix: CoercibleToAssetKeyPrefix | None = None
) -> list[AssetChecksDefinition]:
    """Every check in a package and all its modules."""
    return load_asset_checks_from_modules(modules_of(package_module), asset_key_prefix)


def load_asset_checks_from_package_name(
    package_name: str, asset_key_prefix: CoercibleToAssetKeyPrefix | None = None
) -> list[AssetChecksDefinition]:
    """Every check in the package of this name."""
    return load_asset_checks_from_package_module(_package(package_name), asset_key_prefix)


def _prefixed(check: Any, prefix: CoercibleToAssetKeyPrefix | None) -> Any:
    if prefix is None:
        return check
    keys = {spec.asset_key for spec in check.check_specs}
    return check.with_attributes(asset_key_replacements={key: key.with_prefix(prefix) for key in keys})


# ---- everything ----------------------------------------------------------------------------------


def load_definitions_from_modules(
    modules: Iterable[ModuleType],
    resources: Mapping[str, Any] | None = None,
    loggers: Mapping[str, Any] | None = None,
    executor: Any = None,
) -> Definitions:
    """Every asset, check, job, schedule and sensor at the top of some modules.

    ``Definitions`` that a module holds are merged in.

    Args:
        modules: where to look.
        resources, loggers: by key.
        executor: of jobs that have none.
    """
    where = list(modules)
    assets = _found(where, (AssetsDefinition, AssetSpec))
    own = Definitions(
        assets=[one for one in assets if not _is_check(one)],
        asset_checks=[one for one in assets if _is_check(one)],
        jobs=_found(where, (JobDefinition, UnresolvedAssetJobDefinition)),
        schedules=_found(where, (ScheduleDefinition, UnresolvedPartitionedAssetScheduleDefinition)),
        sensors=_found(where, (SensorDefinition,)),
        resources=resources or {},
        loggers=loggers or {},
        executor=executor,
    )
    others = _found(where, (Definitions,))
    return Definitions.merge(own, *others) if others else own


def load_definitions_from_module(module: ModuleType, **options: Any) -> Definitions:
    """Everything at the top of a module; options as of ``load_definitions_from_modules``."""
    return load_definitions_from_modules([module], **options)


def load_definitions_from_current_module(**options: Any) -> Definitions:
    """Everything at the top of the calling module; options as of ``load_definitions_from_modules``."""
    return load_definitions_from_modules([_calling_module()], **options)


def load_definitions_from_package_module(package_module: ModuleType, **options: Any) -> Definitions:
    """Everything in a package and its modules; options as of ``load_definitions_from_modules``."""
    return load_definitions_from_modules(modules_of(package_module), **options)


def load_definitions_from_package_name(package_name: str, **options: Any) -> Definitions:
    """Everything in the package of this name; options as of ``load_definitions_from_modules``."""
    return load_definitions_from_package_module(_package(package_name), **options)


# ---- modules -------------------------------------------------------------------------------------


def modules_of(package: ModuleType) -> Iterator[ModuleType]:
    """A package and all modules in it, imported, in order of their names.

    Raises:
        CodeLocationError: when it is no package.
    """
    yield package
    paths = getattr(package, "__path__", None)
    if paths is None:
        raise CodeLocationError(
            f"{package.__name__!r} is a module, not a package. Use load_assets_from_modules."
        )
    for info in pkgutil.walk_packages(paths, prefix=f"{package.__name__}."):
        yield import_module(info.name)


def _package(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0] and error.name != name:
            raise
        raise CodeLocationError(
            f"There is no package {name!r} to load from. Install it, or start where it can be imported."
        ) from error


def _found(modules: Iterable[ModuleType], kinds: tuple[type[Any], ...]) -> list[Any]:
    """The objects of some kinds at the top of modules, also in lists there, each once."""
    found: dict[int, Any] = {}
    for module in modules:
        for value in list(vars(module).values()):
            entries = cast("list[Any]", value) if isinstance(value, list | tuple) else (value,)
            for one in entries:
                if isinstance(one, kinds):
                    found[id(one)] = one
    return list(found.values())


def _calling_module() -> ModuleType:
    """The module of the function that called into this one."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    name = frame.f_globals.get("__name__") if frame is not None else None
    module = sys.modules.get(name) if name is not None else None
    if module is not None:
        return module
    raise CodeLocationError(
        f"The calling module {name!r} cannot be found. Hand it over: load_assets_from_modules([module])."
    )

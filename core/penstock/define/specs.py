"""What can be said about assets and checks before anybody says how they are made.

Owns: ``AssetSpec``, ``AssetDep``, ``AssetIn``, ``AssetOut`` and ``AssetCheckSpec``. Must not know
ops, graphs or definitions; whatever has a ``key`` may stand for an asset.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypedDict, Unpack, cast, final

from attrs import evolve, field

from penstock.define.freshness import FreshnessPolicy, check_policy
from penstock.define.spec_rules import (
    IO_MANAGER_KEY,
    KIND_PREFIX,
    check_group,
    check_name,
    check_options,
    check_owners,
    check_tags,
    checked_key,
)
from penstock.errors import InvalidDefinitionError
from penstock.keys import AssetCheckKey, AssetKey, CoercibleToAssetKey, CoercibleToAssetKeyPrefix, as_parts
from penstock.values import frozen

_NOTHING: Mapping[str, Any] = {}
_NO_KINDS: frozenset[str] = frozenset()


@final
class _NoType:
    def __repr__(self) -> str:
        return "NO_TYPE"


NO_TYPE: Any = _NoType()
"""Stands for "not given" where None is a type."""


def key_of(thing: Any) -> AssetKey:
    """The key of whatever names one asset: a key, its spelling, a spec or a definition.

    Raises:
        InvalidDefinitionError: when it names none or several.
    """
    if type(thing) is AssetKey:
        return thing
    if isinstance(thing, str | Sequence):
        return checked_key(cast("CoercibleToAssetKey", thing))
    keys = keys_of(thing)
    if len(keys) == 1:
        return keys[0]
    raise InvalidDefinitionError(
        f"One asset was wanted, {thing!r} stands for {len(keys)}: {', '.join(map(str, keys))}."
        " Name the one you mean by its key."
    )


def keys_of(thing: Any) -> tuple[AssetKey, ...]:
    """The keys of whatever names assets: as ``key_of``, or a definition of several.

    Raises:
        InvalidDefinitionError: when it names none.
    """
    if isinstance(thing, AssetKey | str | Sequence):
        return (key_of(thing),)
    if hasattr(thing, "asset_key"):
        return (cast("AssetKey", thing.asset_key),)
    if hasattr(thing, "specs_by_key"):  # in the order in which they were given; ``keys`` is a set
        return tuple(cast("Iterable[AssetKey]", thing.specs_by_key))
    if hasattr(thing, "keys"):
        return tuple(cast("Iterable[AssetKey]", thing.keys))
    if hasattr(thing, "key"):
        return (cast("AssetKey", thing.key),)
    raise InvalidDefinitionError(
        f"An asset was wanted, found {thing!r} ({type(thing).__name__})."
        " Give an asset, an AssetSpec, an AssetKey, a name, or a list of name parts."
    )


def _raw_mapping(given: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return dict(given) if given else _NOTHING


@frozen
class AssetDep:
    """One asset depends on another.

    Args:
        asset: the asset depended on, in any spelling.
        partition_mapping: which of its partitions; None infers that.
        metadata: facts about the dependency.
    """

    asset_key: AssetKey = field(converter=key_of, alias="asset")
    partition_mapping: Any = field(default=None, kw_only=True, hash=False)
    metadata: Mapping[str, Any] = field(default=None, kw_only=True, converter=_raw_mapping, hash=False)


@lru_cache(maxsize=1 << 17)
def dep_on(key: AssetKey) -> AssetDep:
    """The plain dependency on an asset, the same object each time."""
    return AssetDep(key)


def _is_one_dep(given: Any) -> bool:
    if type(given) is not tuple:
        return False
    entries = cast("tuple[Any, ...]", given)
    return len(entries) == 1 and type(entries[0]) is AssetDep


def as_deps(given: Iterable[Any] | None) -> tuple[AssetDep, ...]:
    """What a user wrote as ``deps``; equal doubles collapse.

    Raises:
        InvalidDefinitionError: when two entries of one asset differ, or an entry names no asset.
    """
    if not given:
        return ()
    if _is_one_dep(given):
        return cast("tuple[AssetDep]", given)
    if isinstance(given, str):
        raise InvalidDefinitionError(
            f"deps is a list of assets, found the text {given!r}. Write [{given!r}]."
        )
    found: dict[AssetKey, AssetDep] = {}
    for thing in given:
        for dep in (thing,) if isinstance(thing, AssetDep) else map(dep_on, keys_of(thing)):
            earlier = found.setdefault(dep.asset_key, dep)
            if earlier is not dep and earlier != dep:
                raise InvalidDefinitionError(
                    f"deps names {dep.asset_key.to_user_string()!r} twice with different mappings. Keep one."
                )
    return tuple(found.values())


def _some_texts(given: Sequence[str] | None) -> Sequence[str]:
    return given or ()


def _as_kinds(given: Iterable[str] | None) -> frozenset[str]:
    return frozenset(given) if given else _NO_KINDS


class SpecChanges(TypedDict, total=False):
    """The attributes that ``AssetSpec.replace_attributes`` may replace."""

    key: CoercibleToAssetKey
    deps: Iterable[Any] | None
    description: str | None
    metadata: Mapping[str, Any] | None
    skippable: bool
    group_name: str | None
    code_version: str | None
    automation_condition: Any
    owners: Sequence[str] | None
    tags: Mapping[str, str] | None
    kinds: Iterable[str] | None
    partitions_def: Any
    freshness_policy: FreshnessPolicy | None
    is_virtual: bool


class SpecMerges(TypedDict, total=False):
    """The attributes to which ``AssetSpec.merge_attributes`` may add."""

    deps: Iterable[Any]
    metadata: Mapping[str, Any]
    owners: Sequence[str]
    tags: Mapping[str, str]
    kinds: Iterable[str]


@frozen
class AssetSpec:
    """Everything said about one asset, save how it is made.

    Args:
        key: the asset, in any spelling.
        deps: what it depends on.
        description: for people.
        metadata: facts that do not change from run to run, by name.
        skippable: whether its function may leave it out.
        group_name: words joined by ``/``; None is the group ``default``.
        code_version: changes when the meaning of the code does.
        automation_condition: when it is to be made by itself.
        owners: e-mail addresses or ``team:name``.
        tags: machine-readable facts; the kinds are among them.
        kinds: technologies, such as ``python`` or ``snowflake``.
        partitions_def: its partitions.
        freshness_policy: how old it may become.
        is_virtual: it is a view: always as new as what it reads.
    """

    key: AssetKey = field(converter=checked_key)
    deps: tuple[AssetDep, ...] = field(default=(), kw_only=True, converter=as_deps, hash=False)
    description: str | None = field(default=None, kw_only=True)
    metadata: Mapping[str, Any] = field(default=None, kw_only=True, converter=_raw_mapping, hash=False)
    skippable: bool = field(default=False, kw_only=True)
    group_name: str | None = field(default=None, kw_only=True, converter=check_group)
    code_version: str | None = field(default=None, kw_only=True)
    automation_condition: Any = field(default=None, kw_only=True, hash=False)
    owners: Sequence[str] = field(default=(), kw_only=True, converter=_some_texts, hash=False)
    tags: Mapping[str, str] = field(default=None, kw_only=True, converter=_raw_mapping, hash=False)
    kinds: frozenset[str] = field(default=_NO_KINDS, kw_only=True, converter=_as_kinds, hash=False, eq=False)
    partitions_def: Any = field(default=None, kw_only=True, hash=False)
    freshness_policy: FreshnessPolicy | None = field(default=None, kw_only=True, hash=False)
    is_virtual: bool = field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.owners:
            _set(self, "owners", check_owners(self.owners, self.key))
        if self.tags or self.kinds:
            tags = {**self.tags, **{KIND_PREFIX + kind: "" for kind in self.kinds}}
            _set(self, "tags", check_tags(tags, self.key))
            _set(self, "kinds", kinds_among(tags))
        if self.freshness_policy is not None:
            check_policy(self.freshness_policy, f"asset {self.key.to_user_string()!r}")

    @property
    def partition_mappings(self) -> Mapping[AssetKey, Any]:
        """The mappings given for dependencies, by the asset depended on."""
        return {
            dep.asset_key: dep.partition_mapping for dep in self.deps if dep.partition_mapping is not None
        }

    def replace_attributes(self, **changes: Unpack[SpecChanges]) -> AssetSpec:
        """The same spec with some attributes replaced; tags leave the kinds among them, kinds the others."""
        check_options(changes, SpecChanges.__annotations__, "replace_attributes()")
        given: dict[str, Any] = dict(changes)
        if "tags" not in given:
            given["tags"] = {k: v for k, v in self.tags.items() if not k.startswith(KIND_PREFIX)}
        given.setdefault("kinds", self.kinds)
        return evolve(self, **given)

    def merge_attributes(self, **additions: Unpack[SpecMerges]) -> AssetSpec:
        """The same spec with attributes added to; of two values for one name the new one stays."""
        check_options(additions, SpecMerges.__annotations__, "merge_attributes()")
        given = additions
        return evolve(
            self,
            deps=(*self.deps, *as_deps(given.get("deps"))),
            metadata={**self.metadata, **(given.get("metadata") or {})},
            owners=(*self.owners, *(given.get("owners") or ())),
            tags={**self.tags, **(given.get("tags") or {})},
            kinds=self.kinds | frozenset(given.get("kinds") or ()),
        )

    def with_io_manager_key(self, io_manager_key: str) -> AssetSpec:
        """The same spec, read by another I/O manager."""
        return self.merge_attributes(metadata={IO_MANAGER_KEY: io_manager_key})


_set = object.__setattr__


def kinds_among(tags: Mapping[str, str]) -> frozenset[str]:
    """The kinds that stand among tags."""
    return frozenset(tag.removeprefix(KIND_PREFIX) for tag in tags if tag.startswith(KIND_PREFIX))


def _optional_key(given: Any) -> AssetKey | None:
    return None if given is None else key_of(given)


@frozen
class AssetIn:
    """How an argument finds and loads its asset.

    Args:
        key: the asset; without it the argument's name is used.
        metadata: facts for the I/O manager that loads it.
        key_prefix: parts before the argument's name, instead of ``key``.
        input_manager_key: the resource that loads it, instead of the asset's own I/O manager.
        partition_mapping: which partitions are loaded; None infers that.
        type: the type of the loaded value, instead of the annotation.
    """

    key: AssetKey | None = field(default=None, converter=_optional_key)
    metadata: Mapping[str, Any] = field(default=None, converter=_raw_mapping)
    key_prefix: CoercibleToAssetKeyPrefix | None = None
    input_manager_key: str | None = None
    partition_mapping: Any = None
    type: Any = NO_TYPE

    def __attrs_post_init__(self) -> None:
        if self.key is not None and self.key_prefix is not None:
            raise InvalidDefinitionError(
                f"AssetIn has both key {self.key.to_user_string()!r} and key_prefix"
                f" {self.key_prefix!r}. Give the whole key, or the prefix alone."
            )

    def key_for(self, argument: str) -> AssetKey:
        """The asset that the argument of this name loads."""
        return self.key or AssetKey((*as_parts(self.key_prefix), argument))


@frozen(kw_only=True)
class AssetOut:
    """One output of a function that makes several assets.

    Args:
        key_prefix: parts before the output's name.
        key: the whole key instead.
        type: the type of the value, instead of the annotation.
        is_required: whether the function must give it.
        io_manager_key: the resource that stores it.
        description, metadata, group_name, code_version, automation_condition, owners, tags, kinds,
            freshness_policy, is_virtual: as of ``AssetSpec``.
        backfill_policy: how many partitions one run takes.
    """

    key_prefix: CoercibleToAssetKeyPrefix | None = field(default=None, kw_only=False)
    key: AssetKey | None = field(default=None, converter=_optional_key)
    type: Any = NO_TYPE
    description: str | None = None
    is_required: bool = True
    io_manager_key: str | None = None
    metadata: Mapping[str, Any] | None = None
    group_name: str | None = None
    code_version: str | None = None
    automation_condition: Any = None
    backfill_policy: Any = None
    owners: Sequence[str] | None = None
    tags: Mapping[str, str] | None = None
    kinds: Iterable[str] | None = None
    freshness_policy: FreshnessPolicy | None = None
    is_virtual: bool = False

    def __attrs_post_init__(self) -> None:
        check_policy(self.freshness_policy, "an AssetOut")
        if self.key is not None and self.key_prefix is not None:
            raise InvalidDefinitionError(
                f"AssetOut has both key {self.key.to_user_string()!r} and key_prefix"
                f" {self.key_prefix!r}. Give the whole key, or the prefix alone."
            )

    @staticmethod
    def from_spec(spec: AssetSpec, io_manager_key: str | None = None, is_required: bool = True) -> AssetOut:
        """The out that says the same as a spec."""
        return AssetOut(
            key=spec.key,
            description=spec.description,
            metadata=spec.metadata,
            group_name=spec.group_name,
            code_version=spec.code_version,
            automation_condition=spec.automation_condition,
            owners=spec.owners,
            tags=spec.tags,
            freshness_policy=spec.freshness_policy,
            is_virtual=spec.is_virtual,
            io_manager_key=io_manager_key,
            is_required=is_required,
        )

    def to_spec(self, name: str, deps: Iterable[AssetDep] = (), group_name: str | None = None) -> AssetSpec:
        """The spec of the output of this name.

        Args:
            name: of the output; the last part of the key unless one was given.
            deps: what the asset depends on.
            group_name: used when the output has none of its own.
        """
        return AssetSpec(
            self.key or AssetKey((*as_parts(self.key_prefix), name)),
            deps=deps,
            description=self.description,
            metadata=self.metadata,
            skippable=not self.is_required,
            group_name=self.group_name or group_name,
            code_version=self.code_version,
            automation_condition=self.automation_condition,
            owners=self.owners,
            tags=self.tags,
            kinds=self.kinds,
            freshness_policy=self.freshness_policy,
            is_virtual=self.is_virtual,
        )


def _check_check_name(name: str) -> str:
    return check_name(name, "asset check")


@frozen
class AssetCheckSpec:
    """Everything said about one check of an asset.

    Args:
        name: unique among the checks of the asset.
        asset: the asset it checks, in any spelling.
        description: for people.
        additional_deps: other assets that it looks at.
        blocking: whether a failure of severity ERROR stops what is downstream of the asset.
        metadata: facts about the check, by name.
        automation_condition: when it is to be evaluated by itself.
        partitions_def: its partitions.
    """

    name: str = field(converter=_check_check_name)
    asset_key: AssetKey = field(converter=key_of, alias="asset", kw_only=True)
    description: str | None = field(default=None, kw_only=True)
    additional_deps: tuple[AssetDep, ...] = field(default=(), kw_only=True, converter=as_deps, hash=False)
    blocking: bool = field(default=False, kw_only=True)
    metadata: Mapping[str, Any] = field(default=None, kw_only=True, converter=_raw_mapping, hash=False)
    automation_condition: Any = field(default=None, kw_only=True, hash=False)
    partitions_def: Any = field(default=None, kw_only=True, hash=False)

    def __attrs_post_init__(self) -> None:
        if any(dep.asset_key == self.asset_key for dep in self.additional_deps):
            raise InvalidDefinitionError(
                f"Check {self.name!r} names its own asset {self.asset_key.to_user_string()!r} among its"
                " additional_deps."
                " It comes after that asset anyway: leave it out."
            )

    @property
    def key(self) -> AssetCheckKey:
        """Asset and name together."""
        return AssetCheckKey(self.asset_key, self.name)

    @property
    def output_name(self) -> str:
        """The name of the check among the outputs of a function: ``orders_has_rows``."""
        return f"{self.asset_key.to_python_identifier()}_{self.name.replace('-', '_').replace('.', '_')}"

    def get_python_identifier(self) -> str:
        """Asset and name as one identifier; the same as ``output_name``."""
        return self.output_name

    def with_asset_key(self, key: AssetKey) -> AssetCheckSpec:
        """The same check on another asset."""
        return evolve(self, asset=key)

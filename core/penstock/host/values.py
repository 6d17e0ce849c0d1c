"""Stored values: reading what an asset's last materialization left, outside of any run.

Owns: ``AssetValueLoader`` and what stands behind ``Definitions.load_asset_value``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from penstock.define.asset_job import build_asset_job
from penstock.define.resource import as_resource_definitions
from penstock.engine.io import asset_manager_key
from penstock.engine.offered import Resources
from penstock.engine.resources import Surroundings, in_order_of_needs, opened
from penstock.errors import InvariantViolationError, LoadInputError, suggest
from penstock.host.defaults import default_io_manager
from penstock.host.instance import Instance
from penstock.host.settings import environment
from penstock.keys import AssetKey, CoercibleToAssetKey, as_asset_key
from penstock.plan.run_config import bind_run_config
from penstock.spi.io_contexts import InputContext, OutputContext
from penstock.types import resolve_type

__all__ = ["AssetValueLoader", "asset_value_loader", "load_asset_value"]


class AssetValueLoader:
    """Loads values of assets, keeping the resources it needs open in between.

    Args:
        known: every asset by key.
        resources: resource key → definition or object.
        instance: whose storage folder is the default; None for the one that settings name.
    """

    def __init__(
        self, known: Mapping[AssetKey, Any], resources: Mapping[str, Any], instance: Instance | None
    ) -> None:
        self._known = known
        self._stack = contextlib.ExitStack()
        self._instance = instance or self._stack.enter_context(Instance.get())
        self._defs = as_resource_definitions(resources)
        if "io_manager" not in self._defs:
            self._defs["io_manager"] = default_io_manager(self._instance.storage_directory)
        self._open: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def load_asset_value(
        self,
        asset_key: CoercibleToAssetKey,
        *,
        python_type: Any = None,
        partition_key: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        resource_config: Mapping[str, Any] | None = None,
    ) -> Any:
        """Load the value of an asset as it was last stored.

        Args:
            asset_key: the asset.
            python_type: the type wanted, for example ``polars.DataFrame``; None for what is stored.
            partition_key: of a partitioned asset.
            metadata: told to the I/O manager as the input's metadata.
            resource_config: key → ``{"config": ...}`` for resources without config of their own.

        Raises:
            InvariantViolationError: when there is no such asset.
            LoadInputError: when the I/O manager cannot load it.
        """
        key = AssetKey.from_user_string(asset_key) if isinstance(asset_key, str) else as_asset_key(asset_key)
        known = self._known.get(key)
        if known is None:
            names = [k.to_user_string() for k in self._known]
            raise InvariantViolationError(
                f"There is no asset {key.to_user_string()!r}.{suggest(key.to_user_string(), names)}"
            )
        manager_key = asset_manager_key(known, key)
        manager = self._resource(manager_key, resource_config)
        spec = known.specs_by_key.get(key)
        keys = () if partition_key is None else (partition_key,)
        upstream = OutputContext(
            step_key=key.to_python_identifier(),
            asset_key=key,
            asset_partition_keys=keys,
            partitions_def=known.partitions_def,
            definition_metadata=dict(spec.metadata) if spec is not None else {},
        )
        context = InputContext(
            name="input",
            type=resolve_type(Any if python_type is None else python_type),
            upstream_output=upstream,
            asset_key=key,
            asset_partition_keys=keys,
            partition_keys=keys,
            partitions_def=known.partitions_def,
            definition_metadata=metadata or {},
            resources=Resources(self._open, "load_asset_value"),
        )
        try:
            return manager.load_input(context)
        except Exception as error:
            raise LoadInputError(f"Loading asset {key.to_user_string()!r} failed: {error}", error) from error

    def _resource(self, key: str, config: Mapping[str, Any] | None) -> Any:
        if key not in self._open:
            order = in_order_of_needs(self._defs, [key], "load_asset_value")
            configs = self._configs(order, config or {})
            wanted = [one for one in order if one not in self._open]
            around = Surroundings(instance=self._instance)
            fresh = self._stack.enter_context(opened(self._defs, wanted, configs, around, self._open))
            self._open.update(fresh)
        return self._open[key]

    def _configs(self, order: list[str], given: Mapping[str, Any]) -> Mapping[str, Any]:
        job = build_asset_job("load_asset_value", (), resources=self._defs)
        return bind_run_config(job, {"resources": given}, env=environment(), resource_keys=order).resources


def asset_value_loader(
    known: Mapping[AssetKey, Any], resources: Mapping[str, Any], instance: Instance | None = None
) -> AssetValueLoader:
    """A loader; what stands behind ``Definitions.get_asset_value_loader``."""
    return AssetValueLoader(known, resources, instance)


def load_asset_value(
    known: Mapping[AssetKey, Any],
    resources: Mapping[str, Any],
    asset_key: CoercibleToAssetKey,
    *,
    instance: Instance | None = None,
    **wanted: Any,
) -> Any:
    """Load one value; what stands behind ``Definitions.load_asset_value``.

    Args:
        known, resources: of the definitions.
        asset_key: the asset.
        instance: as of ``AssetValueLoader``.
        wanted: as of ``AssetValueLoader.load_asset_value``.
    """
    with AssetValueLoader(known, resources, instance) as loader:
        return loader.load_asset_value(asset_key, **wanted)

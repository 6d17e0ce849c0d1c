"""Opening resources by hand, outside of any run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from penstock.engine.offered import Resources
from penstock.engine.resources import open_resources
from penstock.host.settings import environment


def build_resources(
    resources: Mapping[str, Any],
    instance: Any = None,
    resource_config: Mapping[str, Any] | None = None,
    run: Any = None,
    log_manager: Any = None,
) -> AbstractContextManager[Resources]:
    """Open resources, for tests and scripts; they close when the context ends.

    Args:
        resources: key → definition, configurable resource or plain object.
        instance, run, log_manager: shown to the resources.
        resource_config: key → ``{"config": ...}``.

    Raises:
        InvalidConfigError: when a config does not fit.
        ResourceFunctionError: when a resource cannot be set up.
    """
    return open_resources(
        resources, resource_config, env=environment(), instance=instance, run=run, log=log_manager
    )

"""The way to a Ray: the one that the process uses already, a cluster by its address, or one of its own.

Owns: ``connect`` and the end of it. What can be wrong with an address is found by ``checks`` before Ray is
asked, which would try for most of a minute. A Ray that somebody else initialised is never shut down.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import ray as _ray

from penstock.errors import UnmetExecutorRequirementsError
from penstock.values import frozen
from penstock_ray.checks import check_address
from penstock_ray.config import RayConfig
from penstock_ray.feasibility import Node

ray: Any = _ray  # ships types that a strict checker cannot follow

LOOPBACK = "127.0.0.1"
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


@frozen
class Connection:
    """A Ray that can be used.

    Args:
        host: address of this machine, as the cluster knows it.
        is_own: whether it was connected here, and is to be shut down here.
    """

    host: str
    is_own: bool

    def nodes(self) -> tuple[Node, ...]:
        """The machines that are alive now."""
        known: list[dict[str, Any]] = ray.nodes()
        return tuple(
            Node(one["NodeID"], one["NodeManagerAddress"], one.get("Resources", {}))
            for one in known
            if one.get("Alive")
        )

    def close(self) -> None:
        """Leave it; what was started here ends. Idempotent."""
        if self.is_own and ray.is_initialized():
            ray.shutdown()


def connect(config: RayConfig, environ: Mapping[str, str]) -> Connection:
    """Use Ray as the config says.

    Raises:
        UserError: when that cannot work, within seconds.
    """
    if ray.is_initialized():
        _check_existing(config)
        return Connection(_own_host(), is_own=False)
    address = config.address or environ.get("RAY_ADDRESS") or "local"
    options: dict[str, Any] = {
        "namespace": config.namespace,
        "runtime_env": dict(config.runtime_env) or None,
        "log_to_driver": False,
        "logging_level": logging.ERROR,
    }
    with _environment(config):
        if address == "local":
            _start(options | dict(config.local))
        else:
            check_address(address, config, environ)
            _attach(address, options)
    return Connection(_own_host(), is_own=True)


def _start(options: dict[str, Any]) -> None:
    """Start a Ray for this process alone: no dashboard, nothing but this machine can reach it."""
    ray.init(address="local", include_dashboard=False, **{"_node_ip_address": LOOPBACK, **options})


def _attach(address: str, options: dict[str, Any]) -> None:
    try:
        ray.init(address=address, **options)
    except Exception as error:
        raise UnmetExecutorRequirementsError(
            f"Wanted to use the Ray cluster at {address}, found: {' '.join(str(error).split())[:600]}\n"
            f"`penstock ray doctor --address {address}` looks at each part of the way."
        ) from error


def _check_existing(config: RayConfig) -> None:
    """Whether the Ray that the process uses already is what the config asks for.

    Raises:
        UnmetExecutorRequirementsError: when it is not.
    """
    if ray.util.client.ray.is_connected():
        raise UnmetExecutorRequirementsError(
            "Wanted a direct connection to Ray, found this process connected by Ray Client (ray://), which"
            " can neither stream nor hand values on. Run on a machine of the cluster, or send the whole run"
            " there with RayRunLauncher."
        )
    used = ray.get_runtime_context().gcs_address
    if config.address not in {None, "auto", "local", used}:
        raise UnmetExecutorRequirementsError(
            f"Wanted the Ray cluster at {config.address}, found this process connected to {used} already."
            " Leave out the address, or call ray.shutdown() first."
        )
    if config.runtime_env:
        raise UnmetExecutorRequirementsError(
            "Wanted a runtime_env for the run, found this process connected to Ray already, too late"
            " to give one. Give it to your own ray.init, or let Penstock connect."
        )


def _own_host() -> str:
    return ray.util.get_node_ip_address()


@contextmanager
def _environment(config: RayConfig) -> Generator[None]:
    """Ray reads its settings from the environment, and its processes inherit them."""
    wanted = dict(_QUIET)
    if config.auth is not None:
        wanted["RAY_AUTH_MODE"] = config.auth
    before = {name: os.environ.get(name) for name in (*wanted, "RAY_AUTH_MODE")}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

"""The way to a Ray: the one that the process uses already, a cluster by its address, or one of its own.

Owns: ``connect`` and the end of it. What can be wrong with an address is found by ``checks`` before Ray is
asked, which would try for most of a minute. A Ray that somebody else initialised is never shut down.
"""

from __future__ import annotations

import importlib
import logging
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any

import ray as _ray

from penstock.errors import UnmetExecutorRequirementsError
from penstock.values import frozen
from penstock_ray.checks import MODE, auth_mode, examine
from penstock_ray.config import RayConfig
from penstock_ray.feasibility import Node

ray: Any = _ray  # ships types that a strict checker cannot follow

_LOG = logging.getLogger("penstock_ray")
LOOPBACK = "127.0.0.1"
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # silences a warning about GPUs
    "RAY_process_group_cleanup_enabled": "1",  # what a killed step leaves running is killed, too
}


@frozen
class Connection:
    """A Ray that can be used.

    Args:
        host: address of this machine, as the cluster knows it.
        is_own: whether it was connected here, and is to be shut down here.
        speak: lets Ray print again.
        is_started: whether it was started here, for this process alone.
    """

    host: str
    is_own: bool
    speak: Callable[[], None] | None = None
    is_started: bool = False

    @property
    def is_usable(self) -> bool:
        """Whether nobody has shut it down meanwhile."""
        return bool(ray.is_initialized())

    def nodes(self) -> tuple[Node, ...]:
        """The machines that are alive now."""
        known: list[dict[str, Any]] = ray.nodes() if ray.is_initialized() else []
        return tuple(
            Node(one["NodeID"], one["NodeManagerAddress"], one.get("Resources", {}))
            for one in known
            if one.get("Alive")
        )

    def is_alone(self, nodes: Iterable[Node]) -> bool:
        """Whether workers are on this machine only, and will be.

        A cluster that somebody else started may grow beyond it.

        Args:
            nodes: that are alive now.
        """
        is_attached = self.is_own and not self.is_started
        return not is_attached and all(node.host == self.host for node in nodes)

    def close(self) -> None:
        """Leave it; what was started here ends. Idempotent."""
        if self.is_own and ray.is_initialized():
            ray.shutdown()
        if self.speak is not None:
            self.speak()


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
    if address == "local":
        with _environment(config.auth), _own_sigterm():
            _start(options | dict(config.local))
    else:
        _check(address, config, environ)
        with _environment(auth_mode(config, environ)), _own_sigterm():
            _attach(address, options)
    return Connection(_own_host(), is_own=True, speak=_hush(), is_started=address == "local")


def _check(address: str, config: RayConfig, environ: Mapping[str, str]) -> None:
    """Raises UnmetExecutorRequirementsError when the way to a cluster is barred."""
    for finding in examine(address, config, environ):
        if not finding.is_right:
            raise UnmetExecutorRequirementsError(finding.text)


def _start(options: dict[str, Any]) -> None:
    """Start a Ray for this process alone: no dashboard, nothing but this machine can reach it.

    Raises:
        UnmetExecutorRequirementsError: when it does not start.
    """
    given = {"include_dashboard": False, "_node_ip_address": LOOPBACK, **options}
    try:
        ray.init(address="local", **given)
    except Exception as error:
        ray.shutdown()
        raise UnmetExecutorRequirementsError(
            f"Wanted to start a Ray on this machine, found: {' '.join(str(error).split())[:600]}\n"
            "What stands under 'local' in the config goes to ray.init as it is."
        ) from error


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


def _hush() -> Callable[[], None]:
    """Send what Ray would print about dead workers to a log; the executor tells it as losses.

    Returns:
        What lets Ray print again.
    """
    worker = ray._private.worker  # noqa: SLF001 - there is no public way to keep Ray off the standard output
    printing = worker.print_to_stdstream

    def log(data: Mapping[str, Any], ignore_prefix: bool) -> None:
        del ignore_prefix
        _LOG.info("%s", "\n".join(data.get("lines", ())))

    def restore() -> None:
        worker.print_to_stdstream = printing

    worker.print_to_stdstream = log
    return restore


@contextmanager
def _own_sigterm() -> Generator[None]:
    """Keep who answers SIGTERM: Ray puts a handler there that ends the process, ours cancels the run."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if callable(before) and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


def _have_settings_read() -> None:
    """Have Ray read its environment anew: it did that when it was imported, and would ask without a token."""
    try:
        raylet = importlib.import_module("ray._raylet")
        raylet.Config.initialize("")
        raylet.AuthenticationTokenLoader.instance().reset_cache()
    except (ImportError, AttributeError):  # there is no public way, and it may go
        return


@contextmanager
def _environment(mode: str | None) -> Generator[None]:
    """Ray reads its settings from the environment, and its processes inherit them."""
    wanted = dict(_SETTINGS)
    if mode is not None:
        wanted[MODE] = mode
    before = {name: os.environ.get(name) for name in (*wanted, MODE)}
    os.environ.update(wanted)
    _have_settings_read()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

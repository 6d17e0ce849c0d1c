"""A Ray of this machine for one program: small, silent, telling nobody."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Generator
from typing import Any

import ray

STORE = 512 << 20


@contextlib.contextmanager
def small_ray(store: int = STORE, **more: Any) -> Generator[Any]:
    """A Ray of two processors; gives what ``ray.init`` told of it.

    Args:
        store: bytes of its object store.
        more: for ``ray.init``.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")  # a token would be written into the home folder
    options: dict[str, Any] = {"address": "local", "include_dashboard": False} | more
    context = ray.init(
        num_cpus=2,
        object_store_memory=store,
        log_to_driver=False,
        logging_level=logging.ERROR,
        **options,
    )
    try:
        yield context
    finally:
        ray.shutdown()

"""Requests for runs on the screen: what a schedule or a sensor asks for, in a line or as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from penstock.define.run_requests import RunRequest
from penstock.keys import AssetCheckKey, AssetKey

_SYSTEM = "penstock/"


def plain_request(request: RunRequest, job: str | None) -> dict[str, Any]:
    """A request as JSON.

    Args:
        request: what is asked for.
        job: the name of the job, when the request names none.
    """
    return {
        "job": request.job_name or job,
        "run_key": request.run_key,
        "partition": request.partition_key,
        "assets": _names(request.asset_selection),
        "checks": _names(request.asset_check_keys),
        "tags": dict(request.tags),
        "config": request.run_config,
    }


def request_details(request: RunRequest, job: str | None = None) -> str:
    """What a request says, on one line.

    Args:
        request: what is asked for.
        job: the name of the job, when it is to be told.
    """
    tags = ", ".join(f"{key}={value}" for key, value in request.tags.items() if not key.startswith(_SYSTEM))
    found = {
        "job": job,
        "partition": request.partition_key,
        "key": request.run_key if request.run_key != request.partition_key else None,
        "assets": ", ".join(_names(request.asset_selection) or ()),
        "checks": ", ".join(_names(request.asset_check_keys) or ()),
        "tags": tags,
        "config": json.dumps(request.run_config, default=str) if request.run_config else None,
    }
    return "; ".join(f"{what} {value}" for what, value in found.items() if value)


def _names(keys: Sequence[AssetKey | AssetCheckKey] | None) -> list[str] | None:
    """What a request chooses, None when it leaves that to its job."""
    return None if keys is None else [key.to_user_string() for key in keys]

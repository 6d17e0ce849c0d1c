"""What can be wrong with the way to a cluster, found in seconds: address, token, version, machine.

Owns: ``examine`` and its messages. Ray itself would try a wrong address for 40 s and a wrong token for 20 s.
"""

from __future__ import annotations

import json
import os
import platform
import socket
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from penstock.values import frozen
from penstock_ray.config import RayConfig
from penstock_ray.readiness import sleep_on

KNOCK = 2.0
START = 60.0
"""Seconds in which the process that asks has imported Ray: one, unless this machine is busy."""
ANSWER = 3.5
"""Seconds; an answer comes in one hundredth of one."""
BEGUN = b"?"
"""What the process that asks says first."""
MODE = "RAY_AUTH_MODE"

Part = Literal["address", "token", "version", "machine", "module"]


@frozen
class Finding:
    """One part of the way, and how it is.

    Args:
        part: of the way.
        is_right: whether it can be used.
        text: what was found, for people; what to do when it is wrong.
    """

    part: Part
    is_right: bool
    text: str


def examine(
    address: str, config: RayConfig, environ: Mapping[str, str], patience: float = ANSWER
) -> list[Finding]:
    """Look at each part of the way to a cluster, as far as one can get.

    Args:
        address: ``host:port`` or ``auto``.
        config: for its authentication.
        environ: of this process.
        patience: seconds that the cluster has to answer.
    """
    wrong = "" if address == "auto" else _knock(address)
    if wrong:
        return [Finding("address", is_right=False, text=wrong)]
    mode = auth_mode(config, environ)
    if mode == "token" and not token_source(environ):  # Ray would end the process that asks
        return [Finding("token", is_right=False, text=_about_token(address, mode, environ))]
    return findings_of(_asked(address, {**environ, MODE: mode}, patience), address, mode, environ)


def findings_of(
    answer: Mapping[str, Any], address: str, mode: str, environ: Mapping[str, str]
) -> list[Finding]:
    """What a cluster's answer means; pure but for looking where a token lies.

    Args:
        answer: of ``asking``.
        address: that was asked.
        mode: of authentication.
        environ: of this process.
    """
    if answer.get("fault") == "token":
        return [
            _reached(address),
            Finding("token", is_right=False, text=_about_token(address, mode, environ)),
        ]
    if "fault" in answer:
        return [Finding("address", is_right=False, text=_about_answer(address, answer["text"]))]
    token = Finding("token", is_right=True, text=f"authentication is fine ({MODE}={mode})")
    return [_reached(answer["address"]), token, _versions(answer, environ), _machine(answer)]


def auth_mode(config: RayConfig, environ: Mapping[str, str]) -> str:
    """How to prove oneself: as said, else by a token if there is one."""
    said = config.auth or environ.get(MODE)
    return said or ("token" if token_source(environ) else "disabled")


def token_source(environ: Mapping[str, str]) -> str:
    """Where Ray finds its token; empty when there is none. The token itself is not looked at."""
    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        if environ.get(name):
            return name
    usual = Path(environ.get("HOME") or "~").expanduser() / ".ray" / "auth_token"
    return str(usual) if usual.exists() else ""


def _knock(address: str) -> str:
    if "://" in address:
        return (
            f"Wanted the host:port of a Ray cluster, found {address}. Ray Client (ray://) can neither stream"
            " nor hand values on: run on a machine of the cluster, or send the whole run there with"
            " RayRunLauncher."
        )
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        return f"Wanted host:port (the port is usually 6379), found {address!r}."
    try:
        socket.create_connection((host.strip("[]"), int(port)), KNOCK).close()
    except OSError as error:
        return (
            f"Wanted a Ray cluster at {address}, found nobody there ({error}). Is it running"
            " (`ray status`), and is the port that of `ray start --head` (usually 6379)?"
        )
    return ""


def _asked(address: str, environ: Mapping[str, str], patience: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "penstock_ray.asking", address]
    folder = str(Path(__file__).parent.parent)
    paths = [folder, *filter(None, sys.path)]
    environ = {**environ, "PYTHONPATH": ":".join(dict.fromkeys(paths)), "RAY_USAGE_STATS_ENABLED": "0"}
    with subprocess.Popen(  # noqa: S603 - our own module
        command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as asking:
        try:
            return _answered(asking, patience)
        except subprocess.TimeoutExpired as error:
            return {"fault": "answer", "text": f"no answer within {error.timeout:g} s"}
        except (IndexError, ValueError):
            return {"fault": "answer", "text": "the question could not be asked"}
        finally:
            asking.kill()


def _answered(asking: subprocess.Popen[bytes], patience: float) -> dict[str, Any]:
    """What it prints; how long it takes to begin is this machine's affair, not the cluster's.

    Raises:
        subprocess.TimeoutExpired: when it is late.
        ValueError, IndexError: when that is no answer.
    """
    assert asking.stdout is not None  # noqa: S101 - it was asked for
    if not sleep_on([asking.stdout], START):
        raise subprocess.TimeoutExpired(asking.args, START)
    os.read(asking.stdout.fileno(), len(BEGUN))
    said, _ = asking.communicate(timeout=patience)
    return json.loads(said.decode().strip().splitlines()[-1])


def _reached(address: str) -> Finding:
    return Finding("address", is_right=True, text=f"a Ray cluster answers at {address}")


def _about_answer(address: str, text: str) -> str:
    if address == "auto":
        return (
            f"Wanted a Ray cluster on this machine, found none ({_short(text)}). Start one with `ray start"
            " --head`, or leave the address out to get one for the run."
        )
    return (
        f"Wanted a Ray cluster at {address}, found something that does not answer as one ({_short(text)})."
        " The port is that of `ray start --head` (usually 6379), not the dashboard's (8265) nor Ray"
        " Client's (10001)."
    )


def _about_token(address: str, mode: str, environ: Mapping[str, str]) -> str:
    source = token_source(environ)
    if mode != "token":
        known = f" A token lies in {source}." if source else ""
        return (
            f"The cluster at {address} wants a token, and {MODE} is {mode!r}.{known} Say auth: token, and"
            " give the cluster's token by RAY_AUTH_TOKEN_PATH, RAY_AUTH_TOKEN or ~/.ray/auth_token."
        )
    found = f"that from {source} is another" if source else "none was found"
    return (
        f"{address} is to be asked with a token, and {found}. Give it by RAY_AUTH_TOKEN_PATH,"
        " RAY_AUTH_TOKEN or ~/.ray/auth_token (`ray get-auth-token` on the head node shows it)."
    )


def _versions(answer: Mapping[str, Any], environ: Mapping[str, str]) -> Finding:
    own_ray, own_python = version("ray"), platform.python_version()
    level = 2 if environ.get("RAY_DEFAULT_PYTHON_VERSION_MATCH_LEVEL") == "minor" else 3
    is_same = own_python.split(".")[:level] == str(answer["python"]).split(".")[:level]
    there = f"Ray {answer['ray']} on Python {answer['python']}"
    here = f"Ray {own_ray} on Python {own_python}"
    if own_ray == answer["ray"] and is_same:
        return Finding("version", is_right=True, text=here)
    return Finding(
        "version",
        is_right=False,
        text=f"The cluster runs {there}, this process {here}: Ray wants both alike. Install the cluster's"
        f' versions here (pip install "ray=={answer["ray"]}"), or run in its image.',
    )


def _machine(answer: Mapping[str, Any]) -> Finding:
    nodes, here = answer["nodes"], answer["here"]
    if here in nodes:
        return Finding("machine", is_right=True, text=f"{here} is one of {len(nodes)} nodes")
    return Finding(
        "machine",
        is_right=False,
        text=f"This machine ({here}) is no node of the cluster ({', '.join(nodes) or 'none alive'}), and Ray"
        " lets only nodes take part. Send the run there with RayRunLauncher, or join it by `ray start`.",
    )


def _short(text: str) -> str:
    return " ".join(text.split())[:200]

"""Dagster beside us: an environment of its own in the cache, made when it is missing.

Owns: finding or installing it, and saying why it is not there.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from attrs import frozen

INSTALL_TIMEOUT = 900


@frozen(kw_only=True)
class Peer:
    """Dagster's interpreter and what is known of it; without an interpreter, why there is none."""

    python: str | None
    words: str


def find_peer(cache: Path, given: str | None) -> Peer:
    """Dagster in the environment given, or in one of our own that is made now if need be.

    Args:
        cache: folder for the environment.
        given: an interpreter that can import it, None for our own.
    """
    python = given or str(cache / "dagster-venv" / "bin" / "python")
    version = _version(python)
    if version is None and given is None:
        reason = _install(cache / "dagster-venv")
        if reason is not None:
            return Peer(python=None, words=f"Dagster could not be installed: {reason}")
        version = _version(python)
    if version is None:
        return Peer(python=None, words="Dagster cannot be imported in the environment given.")
    return Peer(python=python, words=f"Dagster {version}")


def _version(python: str) -> str | None:
    code = "import dagster, platform; print(dagster.__version__, 'on Python', platform.python_version())"
    try:
        done = subprocess.run([python, "-c", code], check=False, capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _install(folder: Path) -> str | None:
    """Why it could not be installed, None when it was."""
    steps = (
        (sys.executable, "-m", "venv", str(folder)),
        (str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "dagster"),
    )
    for step in steps:
        try:
            done = subprocess.run(step, check=False, capture_output=True, text=True, timeout=INSTALL_TIMEOUT)
        except (OSError, subprocess.TimeoutExpired) as error:
            return type(error).__name__
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            return lines[-1][:200]
    return None

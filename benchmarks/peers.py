"""Others beside us: each in an environment of its own in the cache, made when it is missing.

Owns: finding or installing them, and saying why one is not there.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from attrs import frozen

INSTALL_TIMEOUT = 900


@frozen(kw_only=True)
class Kit:
    """What a peer is made of.

    Args:
        title: for people.
        module: that has a version.
        wanted: requirements, installed in this order, one call of pip for each tuple.
    """

    title: str
    module: str
    wanted: tuple[tuple[str, ...], ...]


KITS = {
    "dagster": Kit(title="Dagster", module="dagster", wanted=(("dagster",),)),
    "hamilton": Kit(
        title="Hamilton", module="hamilton", wanted=(("sf-hamilton[ray]", "ray==2.60.0", "pyarrow"),)
    ),
    "prefect": Kit(
        title="Prefect",
        module="prefect",
        wanted=(
            ("prefect", "prefect-ray", "ray==2.60.0", "numpy", "pyarrow"),
            # Prefect 3.8.8 asks for a newer one and cannot be imported with it
            ("--no-deps", "fastapi==0.129.2"),
        ),
    ),
    "dagster-ray": Kit(
        title="dagster-ray",
        module="dagster_ray",
        wanted=(("dagster-ray", "ray[default]==2.60.0", "numpy", "pyarrow"),),
    ),
}


@frozen(kw_only=True)
class Peer:
    """A library's interpreter and what is known of it; without an interpreter, why there is none."""

    python: str | None
    words: str


def find_peer(name: str, cache: Path, given: str | None = None) -> Peer:
    """A peer in the environment given, or in one of our own that is made now if need be.

    Args:
        name: in ``KITS``.
        cache: folder for the environment.
        given: an interpreter that can import it, None for our own.
    """
    kit, folder = KITS[name], cache / f"{name}-venv"
    python = given or str(folder / "bin" / "python")
    version = _version(python, kit.module)
    if version is None and given is None:
        reason = _install(folder, kit)
        if reason is not None:
            return Peer(python=None, words=f"{kit.title} could not be installed: {reason}")
        version = _version(python, kit.module)
    if version is None:
        where = "given" if given else "made for it"
        return Peer(python=None, words=f"{kit.title} cannot be imported in the environment {where}.")
    return Peer(python=python, words=f"{kit.title} {version}")


def _version(python: str, module: str) -> str | None:
    code = (
        f"import {module} as found, platform; from importlib.metadata import packages_distributions, version;"
        f" name = packages_distributions()[{module!r}][0];"
        " print(version(name), 'on Python', platform.python_version())"
    )
    try:
        done = subprocess.run([python, "-c", code], check=False, capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _install(folder: Path, kit: Kit) -> str | None:
    """Why it could not be installed, None when it was."""
    pip = (str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet")
    steps = [(sys.executable, "-m", "venv", str(folder)), *((*pip, *wanted) for wanted in kit.wanted)]
    for step in steps:
        try:
            done = subprocess.run(step, check=False, capture_output=True, text=True, timeout=INSTALL_TIMEOUT)
        except (OSError, subprocess.TimeoutExpired) as error:
            return type(error).__name__
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            return lines[-1][:200]
    return None

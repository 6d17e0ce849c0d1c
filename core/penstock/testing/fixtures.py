"""Instances for tests: made in a folder, found by whatever asks for the default one, and gone after.

Owns: ``instance_for_test``. Needs no pytest; ``pytest_fixtures`` offers the same as fixtures.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from penstock.host.instance import Instance
from penstock.testing.clock import SettableClock

__all__ = ["SettableClock", "instance_for_test", "penstock_home_at"]

_HOME = "PENSTOCK_HOME"


@contextmanager
def instance_for_test(
    overrides: Mapping[str, Any] | None = None,
    *,
    set_home: bool = True,
    temp_dir: str | os.PathLike[str] | None = None,
) -> Generator[Instance]:
    """A durable instance for a test.

    Args:
        overrides: settings by name, such as ``{"retention": {"runs_days": 30}}``.
        set_home: let ``Instance.get()`` and child processes find it while the block runs.
        temp_dir: its home; None for a temporary folder that is removed at the end.

    Yields:
        The instance, closed at the end.
    """
    with _folder(temp_dir) as home, Instance.local_temp(home, overrides) as instance:
        if not set_home:
            yield instance
            return
        with penstock_home_at(home):
            yield instance


@contextmanager
def penstock_home_at(home: Path) -> Generator[None]:
    """Let ``PENSTOCK_HOME`` name a folder while the block runs.

    Args:
        home: the folder; it need not exist.
    """
    before = os.environ.get(_HOME)
    os.environ[_HOME] = str(home)
    try:
        yield
    finally:
        if before is None:
            del os.environ[_HOME]
        else:
            os.environ[_HOME] = before


@contextmanager
def _folder(given: str | os.PathLike[str] | None) -> Generator[Path]:
    if given is not None:
        yield Path(given).absolute()
        return
    with tempfile.TemporaryDirectory(prefix="penstock-test-") as made:
        yield Path(made)

"""A folder of installed distributions: real metadata and modules, as pip leaves them."""

from __future__ import annotations

import importlib
import sys
import textwrap

import pytest

HEAD = """
from __future__ import annotations
from penstock.spi.entry import *
from penstock.spi.hooks import hookimpl
"""


class Site:
    """A folder on ``sys.path`` into which distributions are installed."""

    def __init__(self, folder):
        self.folder = folder

    def install(self, name, *, version="1.0", points, modules, requires=()):
        """Install a distribution.

        ``points`` is {entry point: value}, ``modules`` {dotted name: source}.
        """
        info = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        extras = {line.split("extra == ")[1].strip("'\"") for line in requires if "extra ==" in line}
        lines += [f"Provides-Extra: {extra}" for extra in sorted(extras)]
        lines += [f"Requires-Dist: {line}" for line in requires]
        (info / "METADATA").write_text("\n".join(lines) + "\n")
        text = "\n".join(f"{point} = {value}" for point, value in points.items())
        (info / "entry_points.txt").write_text(f"[penstock.plugins]\n{text}\n")
        for module, source in modules.items():
            path = self.folder.joinpath(*module.split(".")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(source))
        importlib.invalidate_caches()

    def plugin(self, name, body, *, spi='penstock_spi = "1.0"', extra="", **more):
        """Install a distribution ``acme-<name>`` with one manifest ``acme_<name>_plugin``."""
        module = f"acme_{name}_plugin"
        value = f"{module} [{extra}]" if extra else module
        source = f"{HEAD}{spi}\n{textwrap.dedent(body)}"
        self.install(f"acme-{name}", points={name: value}, modules={module: source}, **more)


@pytest.fixture
def site(tmp_path, monkeypatch):
    """An empty site folder; what was imported from there is forgotten afterwards."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    yield Site(folder)
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(folder)):
            del sys.modules[name]

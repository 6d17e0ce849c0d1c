"""The manifest is light and names what exists."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

from penstock.define.io_manager import ConfigurableIOManager
from penstock_files import plugin


def test_every_target_can_be_imported():
    for entry in plugin.penstock_io_managers():
        module, _, name = entry.target.partition(":")
        assert issubclass(getattr(import_module(module), name), ConfigurableIOManager)


def test_the_manifest_imports_nothing_of_the_plugin():
    program = (
        "import sys, penstock_files.plugin;"
        "print(sorted(name for name in sys.modules if name.startswith('penstock_files.')))"
    )
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert said.strip() == "['penstock_files.plugin']"


def test_storing_a_small_value_imports_no_table_library(tmp_path):
    program = (
        "import sys; from penstock_files.manager import FilesystemIOManager;"
        "from penstock.spi.io_contexts import build_input_context, build_output_context;"
        f"manager = FilesystemIOManager(base_dir={str(tmp_path)!r});"
        "context = build_output_context(asset_key='up'); manager.handle_output(context, {'a': 1});"
        "assert manager.load_input(build_input_context(upstream_output=context)) == {'a': 1};"
        "found = {'pyarrow', 'pandas', 'polars', 'numpy', 'asyncio', 'sqlite3'} & set(sys.modules);"
        "assert not found, found"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

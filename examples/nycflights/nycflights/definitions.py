"""Everything together: what ``[tool.penstock] module`` names."""

from __future__ import annotations

from pathlib import Path

from nycflights import assets, checks, report
from nycflights.delay_models import delay_models
from nycflights.jobs import worst_routes
from nycflights.resources import FlightArchive, ReportFolder
from penstock import (
    AssetSelection,
    Definitions,
    define_asset_job,
    load_asset_checks_from_modules,
    load_assets_from_modules,
)

REPORTS = Path(__file__).parents[1] / "reports"

defs = Definitions(
    assets=load_assets_from_modules([assets, report]),
    asset_checks=load_asset_checks_from_modules([checks]),
    jobs=[
        worst_routes,
        delay_models,
        define_asset_job("refresh_report", AssetSelection.groups("report"), description="The report alone."),
    ],
    resources={"archive": FlightArchive(), "reports": ReportFolder(folder=str(REPORTS))},
)

"""What ``penstock new`` writes: ``PACKAGE`` and ``PROJECT`` stand for names. Text only."""

from __future__ import annotations

from collections.abc import Mapping

_PYPROJECT = """\
[project]
name = "PROJECT"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["penstock"]

[dependency-groups]
dev = ["pytest"]

[tool.penstock]
module = "PACKAGE.definitions"

[tool.pytest.ini_options]
pythonpath = ["."]
"""

_DEFINITIONS = '''\
"""The assets of PROJECT: what is made, and of what."""

from __future__ import annotations

from penstock import AssetCheckResult, Config, Definitions, MaterializeResult, asset, asset_check


class Cities(Config):
    """How many cities are kept; `penstock materialize --config` can say otherwise."""

    limit: int = 5


@asset
def populations() -> dict[str, int]:
    """Inhabitants of some cities; here your data comes in."""
    return {"Lima": 10_092_000, "Oslo": 709_000, "Kyoto": 1_464_000, "Porto": 231_800, "Accra": 2_270_000}


@asset
def largest_cities(populations: dict[str, int], config: Cities) -> list[str]:
    """The names of the largest cities, largest first."""
    return sorted(populations, key=populations.__getitem__, reverse=True)[: config.limit]


@asset
def report(populations: dict[str, int], largest_cities: list[str]) -> MaterializeResult[str]:
    """A text for people."""
    text = "\\n".join(f"{name}: {populations[name]:,}" for name in largest_cities)
    facts = {"cities": len(largest_cities), "largest": largest_cities[0]}
    return MaterializeResult(value=text, metadata=facts)


@asset_check(asset=populations)
def everybody_counts(populations: dict[str, int]) -> AssetCheckResult:
    """No city is empty."""
    empty = [name for name, count in populations.items() if count <= 0]
    return AssetCheckResult(passed=not empty, metadata={"empty": len(empty)})


definitions = Definitions(assets=[populations, largest_cities, report], asset_checks=[everybody_counts])
'''

_TEST = '''\
"""Tests run assets in memory: nothing is left behind."""

from __future__ import annotations

from PACKAGE.definitions import largest_cities, populations, report
from penstock import materialize_to_memory


def test_the_report_begins_with_the_largest_city():
    result = materialize_to_memory([populations, largest_cities, report])
    assert result.success
    assert result.output_for_node("report").startswith("Lima: 10,092,000")
'''

_README = """\
# PROJECT

    penstock materialize      # make everything
    penstock plan             # what would run, and why
    penstock asset list       # what there is
    penstock run list         # what was run
    python -m pytest          # the tests (pip install pytest)

The definitions are in `PACKAGE/definitions.py`; `pyproject.toml` says so under `[tool.penstock]`.
"""

PROJECT: Mapping[str, str] = {
    "pyproject.toml": _PYPROJECT,
    "README.md": _README,
    ".gitignore": ".venv/\n__pycache__/\n",
    "PACKAGE/__init__.py": '"""The pipeline of PROJECT."""\n',
    "PACKAGE/definitions.py": _DEFINITIONS,
    "tests/test_definitions.py": _TEST,
}
"""The files of ``penstock new project``, by path."""

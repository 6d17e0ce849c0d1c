from __future__ import annotations

from pathlib import Path

from penstock.cli.reference import page

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "cli.md"


def test_the_reference_page_is_what_the_commands_say():
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "run: python -m penstock.cli.reference > docs/reference/cli.md"
    )

"""The report: sections as Markdown for people and JSON for programs.

Owns: how numbers are written. Must not know how anything was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from attrs import frozen

from benchmarks.measure import Busyness
from benchmarks.rows import Budget, Row, Section

HEAD = """# Benchmarks

This page is generated: `make bench` measures everything anew and writes it. Each number is the median
of {repeats} runs after a warm-up (n says so where there were fewer), each in a fresh process. What is
compared runs in turn, so that load strikes all alike. A ratio is the median of those of neighbouring runs.
"""
LEGEND = """*Holds* compares the median with the budget; where the budget knows its baseline (the figure of a
quiet machine) the ratio is compared as well, which is the fairer measure on a busy or slower machine: "by
ratio only" means that the value alone exceeds it.
"""


@frozen(kw_only=True)
class Facts:
    """What the reader must know of this measurement: when, where, with what."""

    date: str
    machine: str
    versions: str
    peer: str
    repeats: int


def markdown(facts: Facts, sections: Sequence[Section], busyness: Sequence[Busyness]) -> str:
    """The whole page."""
    parts = [HEAD.format(repeats=facts.repeats), _circumstances(facts, busyness), _budgets(sections)]
    parts += [_section(section) for section in sections]
    return "\n".join(parts)


def _circumstances(facts: Facts, busyness: Sequence[Busyness]) -> str:
    lines = [
        f"- Date: {facts.date}",
        f"- Machine: {facts.machine}",
        f"- Versions: {facts.versions}",
        f"- Beside it: {facts.peer}",
    ]
    if busyness:
        loops = [one.loop_ms for one in busyness]
        loads = [one.load for one in busyness]
        lines.append(
            f"- How busy the machine was: a fixed loop took {median(loops):.0f} ms in the median,"
            f" {min(loops):.0f} at best and {max(loops):.0f} at worst; load average"
            f" {min(loads):.1f}–{max(loads):.1f}, our own process included"
        )
    return "\n".join(lines) + "\n"


def _budgets(sections: Sequence[Section]) -> str:
    heads = ("what", "measured", "budget", "× baseline", "budget ×", "holds")
    lines = ["## Budgets", "", _line(heads), _rule(len(heads))]
    for section in sections:
        subject = ""
        for row in section.rows:
            subject = row.what if not row.what.startswith("–") else subject
            if row.budget is not None:
                lines.append(_budget_line(row, subject, row.budget))
    return "\n".join([*lines, "", LEGEND])


def _budget_line(row: Row, subject: str, budget: Budget) -> str:
    what = row.what if row.what == subject else f"{subject} {row.what}"
    sign = "≥" if budget.at_least else "≤"
    wanted = "" if budget.ratio is None else f"{sign} {_ratio(budget.ratio)}"
    cells = (
        what,
        row.failure or _value(row.value, row.unit),
        f"{sign} {_value(budget.limit, row.unit)}",
        _ratio(row.ratio),
        wanted,
        row.verdict,
    )
    return _line(cells)


def _section(section: Section) -> str:
    has_peer = any(row.beside for row in section.rows)
    heads = ["what", "median", "min – max", "n", "× baseline"]
    heads += ["Dagster", "n", "× ours"] if has_peer else []
    lines = [
        f"## {section.title}",
        "",
        f"- Baseline: {section.baseline}.",
        *(f"- {note}" for note in section.notes),
        "",
        _line(heads),
        _rule(len(heads)),
    ]
    lines += [_line(_cells(row, has_peer=has_peer)) for row in section.rows]
    return "\n".join([*lines, ""])


def _cells(row: Row, *, has_peer: bool) -> list[str]:
    spread = f"{_number(min(row.samples))} – {_number(max(row.samples))}" if len(row.samples) > 1 else ""
    value = f"failed: {row.failure}" if row.failure else _value(row.value, row.unit)
    cells = [row.what, value, spread, str(len(row.samples) or ""), _ratio(row.ratio)]
    if has_peer:
        beside = _value(median(row.beside), row.unit) if row.beside else ""
        cells += [beside, str(len(row.beside) or ""), _ratio(row.beside_ratio)]
    return cells


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _rule(columns: int) -> str:
    return "|" + "---|" * columns


def _value(value: float | None, unit: str) -> str:
    return "" if value is None else f"{_number(value)} {unit}".rstrip().replace(" /s", "/s")


def _number(value: float) -> str:
    """Three digits that count, thousands apart."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 else f"{value:.5f}"


def _ratio(value: float | None) -> str:
    return "" if value is None else _number(value)


def as_json(facts: Facts, sections: Sequence[Section], busyness: Sequence[Busyness]) -> dict[str, Any]:
    """All samples, for programs."""
    return {
        "date": facts.date,
        "machine": facts.machine,
        "versions": facts.versions,
        "peer": facts.peer,
        "busyness": [{"loop_ms": one.loop_ms, "load": one.load} for one in busyness],
        "sections": [
            {"title": section.title, "rows": [_row_json(row) for row in section.rows]} for section in sections
        ],
    }


def _row_json(row: Row) -> dict[str, Any]:
    budget = row.budget
    return {
        "what": row.what,
        "unit": row.unit,
        "samples": row.samples,
        "median": row.value,
        "baseline": row.baseline,
        "ratio": row.ratio,
        "dagster": row.beside,
        "budget": None if budget is None else {"limit": budget.limit, "ratio": budget.ratio},
        "holds": row.verdict,
        "failure": row.failure,
    }

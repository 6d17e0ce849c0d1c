"""Benchmarks: what the budgets say, measured beside raw Python and beside Dagster.

``python -m benchmarks`` measures everything; each subject is a module here, each measured program a file in
``programs`` that runs in an interpreter of its own.
"""

from __future__ import annotations

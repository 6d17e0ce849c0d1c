"""Automation: what should run now, of all that somebody asked for.

Owns: backfills, decided by pure functions: what is to be made (``targets``), which assets one run makes
together and in what order (``scheme``), ranges for runs (``cutting``), and the next step (``decide``). And
automation conditions: what they ask for (``evaluation``) is worked out from facts (``condition_facts``) and
from what is remembered of the evaluation before (``condition_memory``). And ticks: when they are
(``cron_ticks``), and what a function gave (``ticks``). Must not know stores, hosts or
executors; whoever acts on a decision stands above, in ``host``.
"""

"""Automation: what should run now, of all that somebody asked for.

Owns: backfills, decided by pure functions: what is to be made (``targets``), which assets one run makes
together and in what order (``scheme``), ranges for runs (``cutting``), and the next step (``decide``). Must
not know stores, hosts or executors; whoever acts on a decision stands above, in ``host``.
"""

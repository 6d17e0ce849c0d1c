"""How a plan runs: pure ``state`` and ``decide``; ``run_step``, ``inline`` and ``drive`` act."""

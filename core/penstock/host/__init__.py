"""The only wiring: settings → plugins → store → executor → run.

Owns: ``Instance``, settings, and the public calls that run something. Decides nothing itself: reads
belong to ``query``, running to ``engine``, keeping to ``store``.
"""

from __future__ import annotations

"""Plugins: which there are, what they register, and what is wrong with them.

Owns: hook specs, the typed manager, the lazy registry and problems. Hooks register; the work is
done by what they register, through the Protocols of ``penstock.spi``. Must not know any plugin.
"""

from __future__ import annotations

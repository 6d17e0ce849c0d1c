"""What tests of pipelines and plugins need: instances that clean up, a settable clock, the kit for plugins.

Owns: fixtures, fakes and the conformance kit that third parties subclass. Imports pytest only in
``pytest_fixtures`` and the kit.
"""

from __future__ import annotations

"""What every executor must do, as tests that the author of one inherits.

Owns: the kit for ``penstock.spi.executor``. ``kit`` holds the class to subclass, ``promises`` the tests by
subject, ``stage`` what a test plays on, ``double`` and ``tasks`` what runs in the workers (which therefore
import no pytest), ``marks`` and ``remains`` what is looked at afterwards. Must not know any executor.
"""

from __future__ import annotations

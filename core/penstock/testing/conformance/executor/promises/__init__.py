"""The promises of an executor by subject; each method is one test, called with a ``Stage``.

Owns: the list of all groups. Groups import neither pytest nor an executor.
"""

from __future__ import annotations

from penstock.testing.conformance.executor.promises.beginning import BeginPromises
from penstock.testing.conformance.executor.promises.closing import ClosePromises
from penstock.testing.conformance.executor.promises.crowds import CrowdPromises
from penstock.testing.conformance.executor.promises.ends import EndPromises
from penstock.testing.conformance.executor.promises.keeping import KeepPromises
from penstock.testing.conformance.executor.promises.losses import LossPromises
from penstock.testing.conformance.executor.promises.manners import MannerPromises
from penstock.testing.conformance.executor.promises.progress import ProgressPromises
from penstock.testing.conformance.executor.promises.resting import RestPromises
from penstock.testing.conformance.executor.promises.stopping import StopPromises
from penstock.testing.conformance.executor.promises.tables import TablePromises
from penstock.testing.conformance.executor.promises.values import ValuePromises

ALL: tuple[type, ...] = (
    BeginPromises,
    EndPromises,
    ValuePromises,
    KeepPromises,
    TablePromises,
    ProgressPromises,
    CrowdPromises,
    StopPromises,
    LossPromises,
    MannerPromises,
    RestPromises,
    ClosePromises,
)

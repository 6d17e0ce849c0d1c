"""Local executors: steps on warm worker processes of this machine, or in threads of the driver.

Owns: ``ProcessPoolExecutor`` (``pool``) and ``ThreadExecutor`` (``threads``). The driver's half of the pool
(``pool``, ``crew``, ``seat``) talks to a *zygote*, a process of its own that forks the workers, reaps
them and takes them with it when the driver dies; ``worker`` and ``lanes`` are what runs in them. What goes
over their sockets is ``wire``'s, values that are handed on are ``handing``'s, and how an end reads to people
is ``reasons``'. Importing the package imports none of them. Knows no asset, no plan and no event.
"""

from __future__ import annotations

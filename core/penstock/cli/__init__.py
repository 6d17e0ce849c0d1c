"""The command line: one file per command, and what they share.

Owns: arguments, exit codes, and how answers look on a terminal, in a pipe and as JSON. Reads come
from ``query``, running from ``host``; nothing is decided here. Modules of this room are lazy: a command is
imported when it is called, and a library when it is needed, so that ``penstock --help`` starts at once.
"""

from __future__ import annotations

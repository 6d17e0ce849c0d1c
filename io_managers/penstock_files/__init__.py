"""Files: stores any value on local disks and on every file system that pyarrow or fsspec speaks.

Owns: the I/O manager ``FilesystemIOManager`` and what it stands on. Where a value lies is
``layout``'s, in which format ``formats``', how it becomes visible ``local``'s and ``remote``'s; what
a context means for all that is ``storage``'s. Importing the package imports none of them.
"""

from __future__ import annotations

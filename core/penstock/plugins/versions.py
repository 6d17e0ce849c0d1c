"""Whether a plugin speaks the version of ``penstock.spi`` that stands here.

Owns: the rule "same major, minor not newer". Pure.
"""

from __future__ import annotations

import re

from penstock.spi.entry import VERSION

_FORM = re.compile(r"(\d+)\.(\d+)")


def version_fault(stated: object, here: str = VERSION) -> tuple[str, str] | None:
    """Why a plugin cannot be used with this version, with a hint; None when it can.

    Args:
        stated: ``penstock_spi`` of its manifest, None when it has none.
        here: the version of ``penstock.spi``.
    """
    if stated is None:
        return "it does not state which version of penstock.spi it speaks", f'add penstock_spi = "{here}"'
    found = _FORM.fullmatch(stated) if isinstance(stated, str) else None
    if found is None:
        return f'penstock_spi is {stated!r}, wanted text such as "{here}"', f'write penstock_spi = "{here}"'
    (major, minor), (our_major, our_minor) = map(int, found.groups()), map(int, here.split("."))
    if major == our_major and minor <= our_minor:
        return None
    older = (major, minor) > (our_major, our_minor)
    hint = "upgrade penstock" if older else "install a newer version of the plugin"
    return f"it speaks penstock.spi {stated}, this is {here}", hint

"""Every IANA zone against the oracle, 1990 to 2037. By hand: ``python tests/core/partitions/all_zones.py``.

Zones that show the same wall all the time are looked at once. It takes minutes; a sample is in the suite.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

sys.path.insert(0, str(Path(__file__).parent))

import oracle
import zone_checks


def signature(zone_name):
    """What a zone's wall shows from 1990 to 2037."""
    zone = ZoneInfo(zone_name)
    changes = oracle.clock_changes(zone_name, 1990, 2037)
    start = int(datetime(1990, 1, 1, tzinfo=UTC).timestamp())
    return tuple((one, oracle.wall(one, zone).utcoffset()) for one in (start, *changes))


def main(wanted):
    """Check these zones, or all of them; the number of zones that failed."""
    seen, failed, changes = {}, [], 0
    zones = [one for one in wanted or sorted(available_timezones()) if one != "localtime"]
    for zone in zones:
        if seen.setdefault(signature(zone), zone) != zone:
            continue
        try:
            changes += zone_checks.check_zone(zone)
        except AssertionError as fault:
            failed.append(zone)
            sys.stdout.write(f"{zone}: {str(fault)[:400]}\n")
    sys.stdout.write(
        f"{len(zones)} zones, {len(seen)} different, {changes} changes, failed: {failed or 'none'}\n"
    )
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

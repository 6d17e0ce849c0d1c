"""What must hold of a zone's windows around each change of its clocks: they are those of the oracle."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, time
from itertools import pairwise
from pathlib import Path

from penstock.partitions.periods import DailyPartitionsDefinition, HourlyPartitionsDefinition
from penstock.partitions.windows import TimeWindowPartitionsDefinition

sys.path.insert(0, str(Path(__file__).parent))

import oracle

AROUND = 2 * oracle.DAY
START = "1989-12-01"


def ticks(definition, start, end):
    """The moments within a span at which windows begin."""
    kept = definition.timeline.kept
    return list(kept.between(kept.before(start), kept.before(end)))


def check_windows(definition, moments):
    """Keys name their windows, windows follow each other, and places count them."""
    timeline = definition.timeline
    keys = [timeline.keys.write(moment) for moment in moments]
    assert len(set(keys)) == len(keys), keys
    windows = [definition.time_window_for_partition_key(key) for key in keys]
    assert [int(one.start.timestamp()) for one in windows] == moments, keys
    for one, other in pairwise(windows):
        assert one.end == other.start, (one, other)
    places = [timeline.place_of(key) for key in keys]
    assert places == list(range(places[0], places[0] + len(places)))
    around = range(max(places[0] - 9, 0), places[-1] + 9)
    written = list(map(timeline.key_at, around))
    assert timeline.keys_between(around.start, around.stop) == written
    assert timeline.places_of([*written, *keys]) == [*around, *places]
    for moment in moments:
        assert definition.get_partition_key_for_timestamp(moment) == timeline.keys.write(moment)


def definitions(zone):
    """Definitions of a zone, each with what the oracle says of a span of time."""
    yield (
        DailyPartitionsDefinition(START, timezone=zone),
        lambda a, b: oracle.once_a_day(zone, a, b, [time(0)]),
    )
    yield (
        HourlyPartitionsDefinition(f"{START}-00:00", timezone=zone),
        lambda a, b: oracle.every_hour(zone, a, b),
    )
    yield (
        DailyPartitionsDefinition(START, timezone=zone, hour_offset=2, minute_offset=30),
        lambda a, b: oracle.once_a_day(zone, a, b, [time(2, 30)]),
    )
    yield (
        TimeWindowPartitionsDefinition(
            cron_schedule="15 0,1,2,3,12,23 * * *",
            start=f"{START} 00:00",
            fmt="%Y-%m-%d %H:%M",
            timezone=zone,
        ),
        lambda a, b: oracle.once_a_day(zone, a, b, [time(hour, 15) for hour in (0, 1, 2, 3, 12, 23)]),
    )


def check_zone(zone, first_year=1990, last_year=2037):
    """Compare every change of a zone's clocks between two years; how many there are."""
    changes = oracle.clock_changes(zone, first_year, last_year)
    if not changes:
        changes = [int(datetime(first_year, 6, 1, tzinfo=UTC).timestamp())]
    for definition, expected in definitions(zone):
        for change in changes:
            start, end = change - AROUND, change + AROUND
            found = ticks(definition, start, end)
            assert found == expected(start, end), (zone, definition, change)
            check_windows(definition, found)
    return len(changes)

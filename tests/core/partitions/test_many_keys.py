"""Keys of many windows are written and read at once as they are one by one."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from penstock.partitions.dynamic import DynamicPartitionsDefinition
from penstock.partitions.multi import MultiPartitionsDefinition
from penstock.partitions.numbers import numbering_of
from penstock.partitions.periods import DailyPartitionsDefinition, HourlyPartitionsDefinition
from penstock.partitions.static import StaticPartitionsDefinition
from penstock.partitions.windows import TimeWindowPartitionsDefinition

ZONES = (
    "UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu",
    "America/Sao_Paulo", "Africa/Casablanca", "Antarctica/Troll", "Europe/Dublin",
)  # fmt: skip
SCHEDULES = {
    "0 0 * * *": ("%Y-%m-%d", "%d/%m/%Y", "%Y-%j", "day %d of %b %y"),
    "30 2 * * *": ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z", "%Y%m%d%H%M"),
    "15 * * * *": ("%Y-%m-%d-%H:%M", "%Y%m%d %H", "%H o'clock on %Y-%m-%d", "%Y-%m-%d %I %p", "%c"),
    "*/20 0,1,2,3 * * *": ("%Y-%m-%d-%H:%M", "%Y-%m-%d %H:%M %%"),
    "0 0 * * 1,4": ("%Y-%m-%d", "%G %V %u"),
    "0 1 1,15 * *": ("%Y-%m-%d", "%m/%d/%Y"),
}
EXCLUSIONS = ((), ("0 0 * * 6", "15 2 * * *"), (datetime(2021, 11, 7, 1, 15), datetime(2022, 3, 27)))  # noqa: DTZ001 - on the wall


@st.composite
def windows(draw):
    """Windows of time with a start not far from where clocks change."""
    cron = draw(st.sampled_from(sorted(SCHEDULES)))
    fmt = draw(st.sampled_from(SCHEDULES[cron]))
    start = draw(st.datetimes(datetime(1990, 1, 1), datetime(2037, 1, 1)))  # noqa: DTZ001 - on the wall
    end = draw(st.sampled_from((None, datetime(2037, 3, 1))))  # noqa: DTZ001 - as above
    zone, left_out = draw(st.sampled_from(ZONES)), draw(st.sampled_from(EXCLUSIONS))
    return TimeWindowPartitionsDefinition(
        start, fmt, end, timezone=zone, cron_schedule=cron, exclusions=left_out
    )


@given(windows(), st.integers(0, 20_000), st.integers(0, 900))
def test_many_keys_are_those_written_one_by_one(definition, first, count):
    line = definition.timeline
    assert line.keys_between(first, first + count) == [
        line.key_at(place) for place in range(first, first + count)
    ]


@given(windows(), st.integers(0, 9000), st.data())
def test_many_keys_are_read_as_one_by_one(definition, first, data):
    line = definition.timeline
    places = data.draw(st.lists(st.integers(first, first + 400), max_size=60))
    strange = data.draw(
        st.lists(st.sampled_from(["", "nothing", "2021-11-07", "2021-13-01", "0"]), max_size=5)
    )
    keys = data.draw(st.permutations([*map(line.key_at, places), *strange]))
    assert line.places_of(keys) == list(map(line.place_of, keys))


def test_keys_read_at_once_do_not_reach_over_the_end():
    days = DailyPartitionsDefinition("2024-01-01", end_date="2024-02-01")
    more = DailyPartitionsDefinition("2023-12-01").get_partition_keys(datetime(2024, 3, 1, tzinfo=UTC))
    assert days.timeline.places_of(more) == [*[None] * 31, *range(31), *[None] * 29]
    assert days.timeline.places_of(more[::-1]) == [*[None] * 29, *reversed(range(31)), *[None] * 31]


SIDES = (
    DailyPartitionsDefinition("2024-01-01"),
    HourlyPartitionsDefinition("2024-11-02-00:00", end_date="2024-11-04-00:00", timezone="America/New_York"),
    StaticPartitionsDefinition([*"abcdefgh"]),
    DynamicPartitionsDefinition(name="n"),
)


@given(st.lists(st.sampled_from(SIDES[:3]), min_size=1, max_size=3), st.data())
def test_keys_of_several_dimensions_are_read_at_once(sides, data):
    definition = MultiPartitionsDefinition({f"d{at}": one for at, one in enumerate(sides)})
    now = datetime(2024, 11, 4, tzinfo=UTC)
    some = st.tuples(*(st.sampled_from([*one.get_partition_keys(now), "strange"]) for one in sides))
    keys = ["|".join(one) for one in data.draw(st.lists(some, max_size=30))]
    form, numbering = definition.form, numbering_of(definition)
    assert form.places_of([*keys, "a|b|c|d", ""]) == list(map(form.place_of, [*keys, "a|b|c|d", ""]))
    if numbering is not None:
        assert numbering.each_of(keys) == list(map(numbering.number_of, keys))
    known = [key for key in dict.fromkeys(keys) if form.place_of(key) is not None]
    subset = definition.subset_with_partition_keys(known)
    assert sorted(subset.get_partition_keys()) == sorted(known)


@given(st.sampled_from(SIDES), st.sets(st.integers(0, 47)))
def test_a_subset_lists_its_keys_in_order(definition, places):
    form = definition.form
    numbers = sorted(
        one for one in places if not isinstance(definition, StaticPartitionsDefinition) or one < 8
    )
    if isinstance(definition, DynamicPartitionsDefinition):
        numbers = sorted(map(str, numbers))
    assert list(form.keys_of(form.body_of(numbers))) == [form.key_at(one) for one in numbers]

# ruff: noqa: S101, D102 - a kit of tests: asserting is its work, and names of tests are sentences
"""What every store promises of partitions: where they stand, as bits.

Owns: ``PartitionPromises``, which ``StoreConformance`` has among its own.
"""

from __future__ import annotations

from penstock.events import values as v
from penstock.events.places import PartitionPlace, PartitionPlaces
from penstock.events.runs import PARTITION_TAG, RANGE_END_TAG, RANGE_START_TAG, Run
from penstock.keys import AssetKey
from penstock.spi.store import DYNAMIC_RULER, PartitionNumbers, Store

A = AssetKey("a")


class PartitionPromises:
    """Where partitions stand: kept as things happen, and made good when numbers come late."""

    __test__ = False

    def test_bits_follow_a_run_over_a_range(self, store: Store) -> None:
        seq = store.create_run(_range_run("r"), _begun())
        assert _bits(store) == (0b000, 0b000, 0b111)
        seq = store.append("r", seq, [_made("p", 0)])
        assert _bits(store) == (0b001, 0b000, 0b110)
        store.append("r", seq, [v.RunFailed(at=9.0)])
        assert _bits(store) == (0b001, 0b110, 0b000)
        store.append("", 0, [_made("q", 1)])
        assert _bits(store) == (0b011, 0b100, 0b000)
        store.delete_run("r")
        assert _settled(store) == (0b011, 0b000, 0b000)

    def test_late_numbers_are_laid_over_the_bits_once(self, store: Store) -> None:
        store.append("", 0, [_made("p", None), _made("r", None), _made("strange", None)])
        store.create_run(_range_run("1", places=False), [*_begun(), v.RunFailed(at=9.0)])
        store.create_run(_range_run("2"), _begun())
        store.append("", 0, [_made("q", 1)])
        assert not store.partition_book.bits(A).is_complete
        assert _settled(store) == (0b111, 0b101, 0b111)
        assert store.partition_book.backlog(A, "ruler").parts == ()

    def test_another_ruler_numbers_everything_anew(self, store: Store) -> None:
        store.append("", 0, [_made("p", 0), _made("q", 1)])
        assert _bits(store) == (0b011, 0, 0)
        assert _settled(store, ruler="other", keys="rqp") == (0b110, 0, 0)
        store.append("", 0, [_made("r", 2)])
        assert not store.partition_book.bits(A).is_complete
        assert _settled(store, ruler="other", keys="rqp") == (0b111, 0, 0)

    def test_what_is_wiped_neither_was_made_nor_failed(self, store: Store) -> None:
        store.create_run(_range_run("r"), [*_begun(), _made("p", 0), v.RunFailed(at=9.0)])
        store.wipe(A, ["p", "q"])
        assert _settled(store) == (0, 0b100, 0)
        store.wipe(A)
        assert _settled(store) == (0, 0, 0)

    def test_a_dynamic_key_keeps_its_number(self, store: Store) -> None:
        book = store.partition_book
        store.dynamic_partitions("d", add=["x", "y", "z"])
        assert book.members("d") == {0: 0b111}
        assert book.member_numbers("d", ["z", "x"]) == [2, 0]
        store.dynamic_partitions("d", remove=["y", "never there"])
        assert book.members("d") == {0: 0b101}
        store.dynamic_partitions("d", add=["new", "y"])
        assert book.member_numbers("d", ["y", "new", "nowhere"]) == [1, 3, 4]
        assert book.members("d") == {0: 0b1111}
        assert sorted(book.member_keys("d", [4, 1])) == ["nowhere", "y"]
        store.dynamic_partitions("d", add=["w"], remove=["w", "x", "y", "z", "new"])
        assert book.members("d") == {}

    def test_the_store_numbers_dynamic_keys_as_they_are_made(self, store: Store) -> None:
        store.dynamic_partitions("d", add=[*"pqr"])
        ruler = DYNAMIC_RULER + "d"
        store.append("", 0, [_made("q", None)])
        assert _settled(store, ruler=ruler) == (0b010, 0, 0)
        tags = {PARTITION_TAG: "r"}
        run = Run(run_id="1", job_name="j", tags=tags, asset_selection=frozenset({A}))
        seq = store.create_run(run, _begun())
        assert _bits(store) == (0b010, 0, 0b100)
        store.append("1", seq, [_made("p", None), v.RunFailed(at=9.0)])
        assert _bits(store) == (0b011, 0b100, 0)
        assert store.partition_book.bits(A).is_complete
        store.dynamic_partitions("d", add=["s"], remove=["p"])
        assert store.partition_book.bits(A).is_complete

    def test_ranges_of_dynamic_keys_are_judged_again_when_the_keys_change(self, store: Store) -> None:
        store.dynamic_partitions("d", add=[*"pqr"])
        store.create_run(_range_run("1", places=False), _begun())
        assert store.partition_book.member_numbers("d", []) == []
        assert _settled(store, ruler=DYNAMIC_RULER + "d") == (0, 0, 0b111)
        store.dynamic_partitions("d", remove=["q"])
        assert not store.partition_book.bits(A).is_complete

    def test_many_dynamic_keys_have_numbers(self, store: Store) -> None:
        keys = [f"key {number}" for number in range(20_000)]
        store.dynamic_partitions("d", add=keys)
        assert store.partition_book.member_numbers("d", keys) == list(range(20_000))
        assert store.partition_book.member_numbers("d", keys[5:9000:3]) == list(range(5, 9000, 3))
        assert sorted(store.partition_book.member_keys("d", range(20_000))) == sorted(keys)
        assert sum(mask.bit_count() for mask in store.partition_book.members("d").values()) == 20_000


def _begun() -> list[v.Happened]:
    return [v.RunStarting(at=1.0), v.RunStarted(at=1.5)]


def _range_run(run_id: str, *, places: bool = True) -> Run:
    """A run over the partitions p, q and r of A."""
    return Run(
        run_id=run_id, job_name="job", tags={RANGE_START_TAG: "p", RANGE_END_TAG: "r"},
        asset_selection=frozenset({A}), places=PartitionPlaces("ruler", range(3)) if places else None,
    )  # fmt: skip


def _made(partition: str, number: int | None) -> v.AssetMaterialized:
    place = None if number is None else PartitionPlace("ruler", number)
    made = v.AssetMaterialization(A, partition=partition)
    return v.AssetMaterialized(at=5.0, materialization=made, place=place)


def _bits(store: Store) -> tuple[int, int, int]:
    """What was made, failed and is in progress, of an asset whose bits are complete."""
    found = store.partition_book.bits(A)
    assert found.is_complete
    return found.made.get(0, 0), found.failed.get(0, 0), found.in_progress.get(0, 0)


def _settled(store: Store, *, ruler: str = "ruler", keys: str = "pqr") -> tuple[int, int, int]:
    """The bits, after numbering the backlog as somebody does who knows the definition."""
    backlog = store.partition_book.backlog(A, ruler)
    numbers = PartitionNumbers(
        ruler=ruler,
        parts={part: keys.find(part) for part in (*backlog.parts, *backlog.wiped)},
        targets={one.run: 0b111 for one in backlog.tries},
        is_whole=backlog.is_whole,
    )
    store.partition_book.settle(A, numbers)
    assert store.partition_book.bits(A).ruler == ruler
    return _bits(store)

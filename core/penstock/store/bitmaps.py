"""Sets of numbers as rows: chunks of 4096 bits, each a few bytes when little is in it.

Owns: how a chunk is cut and packed: two bytes that say how many empty bytes were left away before the
first one that is not, then the bytes up to the last one that is not; nothing for a chunk that is full.
Pure: knows no table.
"""

from __future__ import annotations

from collections.abc import Iterable

from penstock.partitions.numbers import CHUNK as BITS

_BYTES = BITS // 8
_ALL = (1 << BITS) - 1


def chunks_of(numbers: Iterable[int]) -> dict[int, int]:
    """The masks of the chunks that hold these numbers.

    Args:
        numbers: not negative, in any order; a range costs by the chunk, others by the number.
    """
    if isinstance(numbers, range) and numbers.step == 1:
        return _chunks_between(numbers.start, numbers.stop)
    found: dict[int, int] = {}
    for number in numbers:
        chunk = number // BITS
        found[chunk] = found.get(chunk, 0) | 1 << number % BITS
    return found


def _chunks_between(start: int, stop: int) -> dict[int, int]:
    found: dict[int, int] = {}
    if stop <= start:
        return found
    for chunk in range(start // BITS, -(-stop // BITS)):
        first, last = max(start - chunk * BITS, 0), min(stop - chunk * BITS, BITS)
        found[chunk] = ((1 << last - first) - 1) << first
    return found


def cut(mask: int) -> dict[int, int]:
    """The masks of the chunks of one large mask."""
    held = mask.to_bytes(-(-mask.bit_length() // 8), "little")
    slices = {at // _BYTES: held[at : at + _BYTES] for at in range(0, len(held), _BYTES)}
    return {chunk: int.from_bytes(one, "little") for chunk, one in slices.items() if any(one)}


def unpacked(rows: Iterable[tuple[int, bytes]]) -> dict[int, int]:
    """The masks of packed chunks, each with its number; those of one number are united."""
    found: dict[int, int] = {}
    for chunk, packed in rows:
        mask = unpack(packed)
        found[chunk] = mask | found[chunk] if chunk in found else mask
    return found


def pack(mask: int) -> bytes:
    """The bytes of a chunk that is not empty."""
    if mask == _ALL:
        return b""
    left_away = ((mask & -mask).bit_length() - 1) // 8 if mask else 0
    mask >>= 8 * left_away
    return left_away.to_bytes(2, "little") + mask.to_bytes(-(-mask.bit_length() // 8), "little")


def unpack(packed: bytes) -> int:
    """The mask of a chunk."""
    if not packed:
        return _ALL
    return int.from_bytes(packed[2:], "little") << 8 * int.from_bytes(packed[:2], "little")

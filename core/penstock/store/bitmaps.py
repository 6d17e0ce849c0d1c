"""Sets of numbers as rows: chunks of 4096 bits, each a few bytes when little is in it.

Owns: how a chunk is cut and packed: two bytes that say how many empty bytes were left away before the
first one that is not, then the bytes up to the last one that is not. Pure: knows no table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

BITS = 4096
"""Numbers in a chunk."""

_BYTES = BITS // 8


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


def joined(rows: Sequence[tuple[int, bytes]]) -> int:
    """One large mask of packed chunks, each with its number; those of one number are united."""
    if not rows:
        return 0
    held = bytearray(_BYTES * (1 + max(chunk for chunk, _ in rows)))
    again: list[tuple[int, bytes]] = []
    seen: set[int] = set()
    for chunk, packed in rows:
        if chunk in seen:
            again.append((chunk, packed))
            continue
        seen.add(chunk)
        start = _BYTES * chunk + int.from_bytes(packed[:2], "little")
        held[start : start + len(packed) - 2] = packed[2:]
    return int.from_bytes(held, "little") | (joined(again) if again else 0)


def joined_chunks(chunks: Mapping[int, int]) -> int:
    """One large mask of chunks."""
    return joined([(chunk, pack(mask)) for chunk, mask in chunks.items()])


def pack(mask: int) -> bytes:
    """The bytes of a chunk that is not empty."""
    left_away = ((mask & -mask).bit_length() - 1) // 8 if mask else 0
    mask >>= 8 * left_away
    return left_away.to_bytes(2, "little") + mask.to_bytes(-(-mask.bit_length() // 8), "little")


def unpack(packed: bytes) -> int:
    """The mask of a chunk."""
    return int.from_bytes(packed[2:], "little") << 8 * int.from_bytes(packed[:2], "little")

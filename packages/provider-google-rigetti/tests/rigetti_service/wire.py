"""Protocol Buffers' wire format, as much of it as QCS's messages need.

Owns: bytes ↔ numbered fields. Knows nothing of: which number means what.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

Fields = dict[int, list[int | bytes]]


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def data(field: int, value: bytes | str) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(raw)) + raw


def packed(field: int, values: Iterable[int]) -> bytes:
    return data(field, b"".join(varint(value) for value in values))


def text_map(field: int, entries: dict[str, str]) -> bytes:
    return b"".join(data(field, data(1, key) + data(2, value)) for key, value in entries.items())


def fields(message: bytes) -> Fields:
    found: Fields = defaultdict(list)
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        kind = key & 7
        value: int | bytes
        if kind == 0:
            value, at = _read_varint(message, at)
        elif kind == 2:
            size, at = _read_varint(message, at)
            value, at = message[at : at + size], at + size
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            value, at = message[at : at + size], at + size
        else:
            raise ValueError(f"wire type {kind}")
        found[key >> 3].append(value)
    if at != len(message):
        raise ValueError("truncated message")
    return found


def text(message: Fields, field: int) -> str:
    value = message[field][0] if message[field] else b""
    return value.decode() if isinstance(value, bytes) else str(value)


def whole(message: Fields, field: int) -> int:
    value = message[field][0] if message[field] else 0
    return value if isinstance(value, int) else int.from_bytes(value, "little")


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at

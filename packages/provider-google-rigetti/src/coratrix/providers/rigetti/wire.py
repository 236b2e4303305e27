"""Protocol Buffers' wire format, as far as two requests to QCS need it.

Owns: bytes ↔ numbered fields. Knows nothing of: which number means what (controller.py).
"""

from __future__ import annotations

from collections.abc import Mapping

Value = int | bytes
Fields = Mapping[int, list[Value]]


def data(field: int, value: bytes | str) -> bytes:
    """A field of bytes, text or an inner message."""
    raw = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(raw)) + raw


def fields(message: bytes) -> dict[int, list[Value]]:
    """The fields of a message in order; raises ValueError where the bytes are no message."""
    found: dict[int, list[Value]] = {}
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        value, at = _read_value(key & 7, message, at)
        found.setdefault(key >> 3, []).append(value)
    return found


def whole(message: Fields, field: int) -> int | None:
    """The field's last value as an integer, or None."""
    values = [value for value in message.get(field, []) if isinstance(value, int)]
    return values[-1] if values else None


def inner(message: Fields, field: int) -> dict[int, list[Value]] | None:
    """The field's last value as a message, or None."""
    values = [value for value in message.get(field, []) if isinstance(value, bytes)]
    return fields(values[-1]) if values else None


def texts(message: Fields, field: int) -> list[str]:
    """All values of the field as texts."""
    return [value.decode() for value in message.get(field, []) if isinstance(value, bytes)]


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise ValueError("the message ends within a number")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number has no end")


def _read_value(kind: int, message: bytes, at: int) -> tuple[Value, int]:
    if kind == 0:
        return _read_varint(message, at)
    if kind == 2:
        size, at = _read_varint(message, at)
    elif kind in (1, 5):
        size = 8 if kind == 1 else 4
    else:
        raise ValueError(f"wire type {kind}")
    if at + size > len(message):
        raise ValueError("the message ends within a field")
    raw = message[at : at + size]
    return (raw if kind == 2 else int.from_bytes(raw, "little")), at + size

"""Order keys: texts whose byte order is the order of a listing. Pure.

A key is six digits of base 62, followed by further digits where no shorter key fits between two others. An insertion never
changes other keys. A key at an end of the listing stays at six digits.
"""

from __future__ import annotations

from itertools import count

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
WIDTH = 6
_BASE = len(DIGITS)
# numbers left free between two keys of a first listing
_STEP = _BASE
_FIRST = _BASE**WIDTH // 2
_VALUES = {digit: value for value, digit in enumerate(DIGITS)}


def keys_between(low: str | None, high: str | None, number: int) -> list[str]:
    """Return `number` keys in order, after `low` and before `high`; None means the end of the listing."""
    if low is None or high is None:
        if high is not None:
            first = _value(high, WIDTH) - number * _STEP
        else:
            first = _FIRST if low is None else _value(low, WIDTH) + _STEP
        return [_text(first + index * _STEP, WIDTH) for index in range(number)]
    keys: list[str] = []
    for _ in range(number):
        keys.append(_key_between(low, keys[-1] if keys else high))
    return keys[::-1]


def _key_between(low: str, high: str) -> str:
    """Return the shortest key between two keys.

    It is next to the key of that length, if there is one: entries that arrive one by one at the same place, such as below an
    entry that stays at the top, then need a digit more for every thirty, instead of for every six.
    """
    for length in count(WIDTH):
        least, most = _value(low, length), _value(high, length)
        if len(high) > length:  # its own beginning is before it
            most += 1
        best = most - 1 if len(high) == length else least + 1 if len(low) == length else (least + most) // 2
        for value in (best, best - 1, best + 1):
            # there is no key between a key and the same key followed by a zero
            if least < value < most and (length == WIDTH or value % _BASE):
                return _text(value, length)
    raise AssertionError("count() is endless")


def _value(key: str, length: int) -> int:
    value = 0
    for digit in key[:length].ljust(length, DIGITS[0]):
        value = value * _BASE + _VALUES[digit]
    return value


def _text(value: int, length: int) -> str:
    digits: list[str] = []
    for _ in range(length):
        value, digit = divmod(value, _BASE)
        digits.append(DIGITS[digit])
    if value:
        raise OverflowError("no room for a key at the end of the listing")
    return "".join(reversed(digits))

"""Numbers in words for a manager: rounded as a person would, with their unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

NO_CURRENCY = "XXX"
"""ISO 4217's code for "no currency"; it is never shown."""

BETWEEN = "; "
"""Separates the sentences in one cell; no sentence contains it."""


def money(amount: float, currency: str) -> str:
    """An amount in two or three figures, grouped by thousands: ``84,000 GBP``; no currency for XXX."""
    return with_currency(rounded(amount), currency)


def figure(amount: float) -> str:
    """An amount in three figures (whole below 1,000), grouped by thousands, for columns of amounts."""
    return f"{round(amount if abs(amount) < 1_000 else _figures(amount, 3)) + 0:,d}"


def with_currency(text: str, currency: str) -> str:
    """The text and its currency, or the text alone where there is none."""
    return text if currency in ("", NO_CURRENCY) else f"{text} {currency}"


def rounded(amount: float) -> str:
    """A number in two figures below 100,000 (whole below 100), in three above, grouped by thousands."""
    size = abs(amount)
    if size >= 999_500:
        millions = _figures(amount, 3) / 1_000_000
        return f"{millions:,.{2 if abs(millions) < 10 else 1 if abs(millions) < 100 else 0}f} million"
    if size < 100:
        return f"{round(amount) + 0:,d}"
    return f"{_figures(amount, 3 if size >= 100_000 else 2):,.0f}"


def share(fraction: float) -> str:
    """A share as per cent: ``12 %``; with one decimal below 10 %."""
    percent = 100 * fraction
    if 0 < percent < 0.1:
        return "under 0.1 %"
    if abs(percent) < 9.95 and f"{percent:.1f}"[-1] != "0":
        return f"{percent:.1f} %"
    return f"{percent:.0f} %"


def chance(probability: float) -> str:
    """A probability in whole per cent, never shown as certain: ``62 %``, ``over 99 %``."""
    percent = round(100 * probability)
    return "over 99 %" if percent > 99 else "under 1 %" if percent < 1 else f"{percent} %"


def days(number: float) -> str:
    """A number of days: ``1 day``, ``41 days``."""
    return counted(round(number), "day")


def ago(number: float) -> str:
    """How long since: ``today``, ``1 day ago``, ``41 days ago``."""
    return f"{days(number)} ago" if round(number) else "today"


def counted(number: int, thing: str, things: str = "") -> str:
    """A number of things: ``1 order``, ``12 orders``; ``things`` where the plural is not formed by an s."""
    return f"{number:,d} {thing}" if number == 1 else f"{number:,d} {things or thing + 's'}"


def day(on: date) -> str:
    """A calendar day as written in a letter: ``9 Sep 2011``."""
    return f"{on.day} {on:%b %Y}"


def joined(sentences: Sequence[str]) -> str | None:
    """The sentences in one cell; null where there are none."""
    return BETWEEN.join(sentences) or None


def parted(cell: str | None) -> tuple[str, ...]:
    """The sentences of a cell."""
    return tuple(cell.split(BETWEEN)) if cell else ()


def _figures(number: float, count: int) -> float:
    """The number rounded to ``count`` significant figures."""
    if number == 0:
        return 0.0
    return float(round(number, count - 1 - math.floor(math.log10(abs(number)))))

"""The demo company's account groups: branches, size, loyalty and manager of each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from features.ledger.demo.vocabulary import DEPARTMENTS, FIRST_WORDS, PLACES, SECOND_WORDS

SALES_A_YEAR = 6_500_000.0  # EUR of the whole company while every customer orders
BRANCH_SHARE = 0.42  # customers that are branches of a group of two or more
GROUP_LEAVING_RATE = 0.025  # a year: all branches of a group go within two months


@dataclass(frozen=True)
class Anchor:
    """A group that carries the company: its share of all sales, and how much it grows a year."""

    customers_per_branch: int
    sales_share: float
    growth: float


ANCHORS = (Anchor(46, 0.116, 0.03), Anchor(66, 0.093, -0.08))
"""The largest group stays above 10 % of actual sales; the second was above and slips under it."""

LARGEST_OTHER_SHARE = 0.04  # no other group is planned larger


@dataclass(frozen=True)
class Group:
    """Customers under one parent; the parent is the first of them and buys as well."""

    name: str
    department: int
    manager_id: str
    branches: int
    sales_a_year: float
    growth: float
    loyalty: float  # 1: middling; the leaving rate is divided by it
    leaves: int  # day on which the whole group begins to go; may lie far beyond the ledger


def group_sizes(rng: np.random.Generator, customers: int) -> list[int]:
    """Branches per group, the anchors first; they add up to ``customers``."""
    sizes = [min(max(2, customers // anchor.customers_per_branch), len(PLACES)) for anchor in ANCHORS]
    while sum(sizes) < customers * BRANCH_SHARE:
        sizes.append(min(2 + int(rng.geometric(0.38)) - 1, 12))
    sizes += [1] * (customers - sum(sizes))
    return sizes


def group_sales(rng: np.random.Generator, sizes: list[int]) -> list[float]:
    """EUR a year per group, heavy-tailed: anchors as planned, the others drawn and capped."""
    others = np.array(sizes[len(ANCHORS) :])
    drawn = np.sqrt(others) * rng.lognormal(0.0, 1.35, len(others))
    share = drawn / drawn.sum()
    left = 1.0 - sum(anchor.sales_share for anchor in ANCHORS)
    capped = np.minimum(share * left, LARGEST_OTHER_SHARE)
    return [a.sales_share * SALES_A_YEAR for a in ANCHORS] + [float(s) for s in capped * SALES_A_YEAR]


def groups(rng: np.random.Generator, customers: int) -> list[Group]:
    """All account groups, the anchors first."""
    sizes = group_sizes(rng, customers)
    sales = group_sales(rng, sizes)
    pairs = word_pairs(rng)
    return [
        _group(rng, number, branches=sizes[number], sales_a_year=sales[number], words=pairs[number % len(pairs)])
        for number in range(len(sizes))
    ]


def word_pairs(rng: np.random.Generator) -> list[int]:
    """Every pair of a first and a second word, shuffled so that no first word comes again before all have come."""
    turns: Counter[int] = Counter()
    drawn: list[tuple[int, int]] = []
    for pair in rng.permutation(len(FIRST_WORDS) * len(SECOND_WORDS)).tolist():
        first = pair // len(SECOND_WORDS)
        drawn.append((turns[first], pair))
        turns[first] += 1
    return [pair for _, pair in sorted(drawn, key=lambda key_and_pair: key_and_pair[0])]


def _group(rng: np.random.Generator, number: int, *, branches: int, sales_a_year: float, words: int) -> Group:
    anchor = ANCHORS[number] if number < len(ANCHORS) else None
    department = int(rng.choice(len(DEPARTMENTS), p=[department.customer_share for department in DEPARTMENTS]))
    department = number if anchor else department
    unit = DEPARTMENTS[department]
    first, second = divmod(words, len(SECOND_WORDS))
    trade = unit.trades[int(rng.integers(len(unit.trades)))]
    leaves = int(min(rng.exponential(365 / GROUP_LEAVING_RATE), 40_000))
    return Group(
        name=f"{FIRST_WORDS[first]} & {SECOND_WORDS[second]} {trade}",
        department=department,
        manager_id=unit.managers[int(rng.integers(len(unit.managers)))],
        branches=branches,
        sales_a_year=sales_a_year,
        growth=anchor.growth if anchor else float(rng.normal(0.01, 0.06)),
        loyalty=1.8 if anchor else 1.2 if branches > 1 else 0.9,
        leaves=leaves if branches > 1 and not anchor else 100_000,
    )


def group_of_a_prospect(rng: np.random.Generator) -> Group:
    """The group of one customer that never buys."""
    words = int(rng.integers(len(FIRST_WORDS) * len(SECOND_WORDS)))
    return _group(rng, len(ANCHORS), branches=1, sales_a_year=5_000.0, words=words)

"""The true state of the demo company's customers: size, rhythm, taste, and how long each of them stays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from features.ledger.demo.groups import Group, group_of_a_prospect, groups
from features.ledger.demo.vocabulary import CATEGORIES, DEPARTMENTS, PLACES, PRODUCTS_PER_CATEGORY

Integers = npt.NDArray[np.int64]

PROSPECT_SHARE = 0.03  # known, never bought
FOUNDER_SHARE = 0.58  # were customers before the ledger begins
TRIAL_SHARE = 0.12  # newcomers that try us once or twice
LEAVING_RATE = 0.165  # a year, of a middling customer after its first year
FIRST_YEAR_LEAVING = 1.7  # times that rate
SUDDEN_SHARE = 0.22  # of the customers that leave: without fading first
SLUMP_RATE = 0.28  # a year: a few weak months that pass


@dataclass(frozen=True)
class DemoAccount:
    """The true state of one customer, which nobody in the company sees. Days are counted from the ledger's first (0).

    Attributes:
        arrives: first day on which it may order; below 0: a customer from before the ledger.
        fades_from: day from which it orders less and less; equal to ``leaves`` where it stops suddenly.
        leaves: day from which it never orders again; may lie beyond the ledger; -1 for a prospect.
        regularity: shape of the gamma distribution of its gaps; 1: pure chance, 8: nearly clockwork.
        slumps: half-open ranges of weak days.
        tastes: products it buys, the favourite first.
    """

    customer_id: str
    name: str
    parent_id: str | None
    department: str
    manager_id: str
    arrives: int
    fades_from: int
    leaves: int
    sales_a_year: float
    growth: float
    gap_days: float
    regularity: float
    season_strength: float
    lines_per_order: float
    discount_percent: int
    late_share: float
    return_share: float
    slumps: tuple[tuple[int, int], ...]
    tastes: Integers


def invent_accounts(rng: np.random.Generator, customers: int, days: int) -> list[DemoAccount]:
    """Every customer of a company whose ledger covers ``days``, in order of customer_id."""
    prospects = int(customers * PROSPECT_SHARE)
    numbers = [int(number) + 1 for number in rng.permutation(customers)]
    accounts: list[DemoAccount] = []
    for group in groups(rng, customers - prospects):
        accounts += _branches(rng, group, numbers[len(accounts) : len(accounts) + group.branches], days)
    for number in numbers[len(accounts) :]:
        [prospect] = _branches(rng, group_of_a_prospect(rng), [number], days)
        accounts.append(replace(prospect, arrives=-1, fades_from=-1, leaves=-1))
    return sorted(accounts, key=lambda account: account.customer_id)


def _branches(rng: np.random.Generator, group: Group, numbers: list[int], days: int) -> list[DemoAccount]:
    shares = rng.dirichlet(np.full(group.branches, 2.5))
    places = rng.permutation(len(PLACES))
    head = customer_id(numbers[0])
    return [
        _account(
            rng,
            group,
            number=number,
            parent_id=None if number == numbers[0] else head,
            place=PLACES[int(places[branch])],
            sales_a_year=max(group.sales_a_year * float(shares[branch]), 900.0),
            days=days,
        )
        for branch, number in enumerate(numbers)
    ]


def customer_id(number: int) -> str:
    """The id of the demo company's customer of that number; its prefix says that it is made up."""
    return f"DEMO-{number:04d}"


def _account(
    rng: np.random.Generator,
    group: Group,
    *,
    number: int,
    parent_id: str | None,
    place: str,
    sales_a_year: float,
    days: int,
) -> DemoAccount:
    late_share = float(rng.beta(1.2, 9.0))
    regularity = float(np.exp(rng.uniform(np.log(1.2), np.log(9.0))))
    gap_days = _gap_days(rng, sales_a_year)
    founder = bool(rng.random() < (0.9 if group.loyalty > 1.5 else FOUNDER_SHARE))
    arrives = -1 if founder else int(rng.integers(0, days))
    rate = LEAVING_RATE / group.loyalty * (0.6 + 2.6 * late_share) * (1.35 - 0.07 * regularity)
    stays = _stay_days(rng, rate, founder)
    if not founder and rng.random() < TRIAL_SHARE:
        stays = int(rng.uniform(1.0, 1.0 + 1.5 * gap_days))
    leaves = min(arrives + stays, max(group.leaves + int(rng.integers(0, 60)), arrives + 90))
    return DemoAccount(
        customer_id=customer_id(number),
        name=f"{group.name}, {place}",
        parent_id=parent_id,
        department=DEPARTMENTS[group.department].name,
        manager_id=group.manager_id,
        arrives=arrives,
        fades_from=_fades_from(rng, arrives, leaves, gap_days),
        leaves=leaves,
        sales_a_year=sales_a_year,
        growth=group.growth,
        gap_days=gap_days,
        regularity=regularity,
        season_strength=float(rng.uniform(0.3, 1.9)),
        lines_per_order=float(rng.uniform(4.0, 14.0)),
        discount_percent=_discount_percent(rng, sales_a_year),
        late_share=late_share,
        return_share=float(rng.beta(1.5, 45.0)),
        slumps=_slumps(rng, days),
        tastes=_tastes(rng),
    )


def _gap_days(rng: np.random.Generator, sales_a_year: float) -> float:
    """Weekly to half-yearly; large customers order more often, not always."""
    smallness = min(max(1.0 - np.log(sales_a_year / 900.0) / np.log(150.0), 0.0), 1.0)
    position = min(max(0.58 * float(rng.random()) + 0.36 * float(smallness), 0.0), 1.0)
    return float(6.5 * (182.0 / 6.5) ** position)


def _stay_days(rng: np.random.Generator, rate: float, founder: bool) -> int:
    """Days until a customer leaves, at a rate a year that is higher in a newcomer's first year."""
    patience = float(rng.exponential())
    first_year = 0.0 if founder else FIRST_YEAR_LEAVING * rate
    if patience < first_year:
        return int(365 * patience / first_year) + 1
    return int(min((0 if founder else 365) + 365 * (patience - first_year) / rate, 40_000)) + 1


def _fades_from(rng: np.random.Generator, arrives: int, leaves: int, gap_days: float) -> int:
    fading_days = int(max(float(rng.uniform(120, 330)), 4.0 * gap_days))
    if rng.random() < SUDDEN_SHARE:
        return leaves
    return max(leaves - fading_days, arrives)


def _discount_percent(rng: np.random.Generator, sales_a_year: float) -> int:
    steps = (0, 0, 2, 3, 5, 8) if sales_a_year < 20_000 else (0, 3, 5, 8, 10, 12)
    return steps[int(rng.integers(len(steps)))]


def _slumps(rng: np.random.Generator, days: int) -> tuple[tuple[int, int], ...]:
    starts = [int(start) for start in rng.integers(0, days, int(rng.poisson(SLUMP_RATE * days / 365)))]
    return tuple((start, start + int(rng.integers(50, 150))) for start in starts)


def _tastes(rng: np.random.Generator) -> Integers:
    liked = rng.permutation(len(CATEGORIES))[: int(rng.integers(2, 7))]
    products = (liked[:, None] * PRODUCTS_PER_CATEGORY + np.arange(PRODUCTS_PER_CATEGORY)).ravel()
    return rng.permutation(products)[: int(rng.integers(10, 61))].astype(np.int64)

"""The company's settings: every default figure with its source, in one frozen table."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from features.errors import CallfirstError
from features.settings_file import SettingError, settings_of

LARGEST = 100_000  # the most any setting may be; this many days still fit the calendar


class PolicyError(CallfirstError):
    """A policy that is not valid."""


def _setting(default: Any, meaning: str, source: str) -> Any:
    return field(default=default, metadata={"meaning": meaning, "source": source})


@dataclass(frozen=True)
class Policy:
    """The company's settings; passed in, never global. Every result records the digest of its policy."""

    time_zone: str = _setting("UTC", "business time zone, IANA name", "docs/design.md 3")
    reporting_currency: str = _setting("", "ISO 4217; empty: that of the ledger's first batch", "docs/design.md 3")
    non_product_codes: tuple[str, ...] = _setting(
        (),
        "product ids that are no product: money, but no order and no return; a final * stands for any end",
        "docs/design.md 3",
    )
    rate_holds_days: int = _setting(7, "days an exchange rate holds where no newer one is known", "docs/design.md 3")
    cancel_minutes: int = _setting(
        60, "minutes within which an opposite line cancels a sale altogether", "docs/design.md 3"
    )
    missing_from_customers: int = _setting(
        12, "customers a weekday has on average from which a day without one line is missing", "docs/design.md 3"
    )
    horizon_days: int = _setting(0, "H: days ahead; 0: proposed from the gaps", "docs/design.md 3")
    active_days: int = _setting(0, "W: silent longer is not active; 0: proposed from the gaps", "docs/design.md 3")
    company_gap_weight: int = _setting(5, "own gaps the company's gap counts for in the due gap", "docs/design.md 3")
    key_enter_share: float = _setting(
        0.10, "group share of 365-day net sales above which it is key", "docs/domain.md 4a"
    )
    key_leave_share: float = _setting(0.08, "share under which it stops to be key", "docs/design.md 3")
    key_manager_least_active: int = _setting(
        20, "active customers from which a manager's own shares count", "docs/design.md 3"
    )
    strategic_top_n: int = _setting(0, "the N largest groups are key by decision", "docs/design.md 3")
    lapsed_key_days: int = _setting(365, "days after its last order a key account stays listed", "docs/design.md 3")
    regular_from_order_days: int = _setting(3, "order days that make a regular", "docs/domain.md 1")
    advocate_from_order_days: int = _setting(6, "order days an advocate has at least", "docs/domain.md 1")
    advocate_from_days: int = _setting(365, "days since first order an advocate has at least", "docs/domain.md 1")
    cost_cover_share: float = _setting(
        0.80, "share of sales whose costs are known before margin is", "docs/domain.md 2"
    )
    at_risk_least_chance: float = _setting(
        0.30, "least chance that makes at risk before it is overdue", "docs/design.md 3"
    )
    at_risk_over_rate: float = _setting(1.5, "times the usual rate that makes at risk", "docs/design.md 3")
    fading_least_orders: float = _setting(
        3.0, "orders expected in H days from which fading can be told", "docs/design.md 3"
    )
    fading_share: float = _setting(0.5, "share of the reference under which a customer fades", "docs/domain.md 8")
    survey_score_max: int = _setting(
        10, "the best answer of a survey that does not name its scale", "docs/domain.md 13"
    )
    fresh_days: int = _setting(
        30,
        "days without a row before the day trained for from which the champion stays",
        "docs/design.md 3: stopped a month ago",
    )
    lines_per_manager: int = _setting(20, "lines of one manager's call list", "docs/design.md 3")
    manager_key_limit: int = _setting(3, "key accounts one manager can care for", "docs/domain.md 16")

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise PolicyError(
                f"The policy's time zone '{self.time_zone}' is unknown.", "Use an IANA name such as Europe/Paris."
            ) from None
        if not 0 < self.key_leave_share <= self.key_enter_share < 1:
            raise PolicyError(
                "The policy's key account shares contradict each other.",
                "Keep 0 < key_leave_share <= key_enter_share < 1.",
            )
        for name, value in asdict(self).items():
            if not isinstance(value, str | tuple) and not 0 <= value <= LARGEST:  # nan too
                raise PolicyError(f"The policy's {name} is {value}.", f"Give a number from 0 to {LARGEST:,}.")
        if not all(isinstance(code, str) and code.strip("*") for code in self.non_product_codes):
            raise PolicyError(
                f"The policy's non_product_codes are {list(self.non_product_codes)}.",
                'List product ids, for example ["POST", "ADJUST*"].',
            )
        if self.lines_per_manager < 1:
            raise PolicyError(
                "The policy's lines_per_manager is below 1.", "Set the number of calls a manager can make."
            )

    @property
    def zone(self) -> ZoneInfo:
        """The business time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def digest(self) -> str:
        """SHA-256 of the settings, hex; equal digests mean equal settings."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def read_policy(path: Path) -> Policy:
    """The policy in a ``policy.toml``; the defaults where there is no file.

    Raises:
        PolicyError: not TOML, an unknown setting, or a value of the wrong type.
    """
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return Policy()
    except OSError as error:
        raise PolicyError(f"{path} cannot be read: {error.strerror}.", "Check the path and the read access.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path} is not TOML: {error}.", 'Write lines like: time_zone = "Europe/Paris".') from None
    try:
        return settings_of(Policy, settings)
    except SettingError as error:
        raise PolicyError(f"{path} sets {error.problem}.", error.hint) from None

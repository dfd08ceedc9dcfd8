"""Who plays in the planted stories: account numbers, names, terms, habits of payment, owners."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from keyaccounts.demo.spec import Spec

MAX_MANAGERS_OF_ACCOUNTS = 400
ACCOUNTS_PER_MANAGER = 15
TEAM_SIZE = 8
DAYS_SINCE_OWNER_LEFT = 21
DAYS_SINCE_SECOND_LEFT = 12


@dataclass(frozen=True)
class Staff:
    """Our own people: director 1, team managers, account managers, story owners, the rest."""

    teams: int
    first_owner: int
    owners: int
    story_owners: int
    support: int

    @property
    def slow_owner(self) -> int:
        """The account manager on whose accounts cash is not applied."""
        return self.first_owner + self.owners

    @property
    def gone_owner(self) -> int:
        """The account manager who left three weeks before the end."""
        return self.slow_owner + 1

    @property
    def first_support(self) -> int:
        """First of the people in technical, finance, logistics and executive departments."""
        return self.first_owner + self.owners + self.story_owners

    @property
    def second_gone(self) -> int:
        """A colleague of the same team who left soon after; last, so that nobody moves up."""
        return self.first_support + self.support

    @property
    def total(self) -> int:
        """Number of users."""
        return self.second_gone if self.story_owners else self.second_gone - 1


def staff(spec: Spec) -> Staff:
    """About one account manager per 15 accounts, at most 400, in teams of eight."""
    owners = min(MAX_MANAGERS_OF_ACCOUNTS, max(2, spec.accounts // ACCOUNTS_PER_MANAGER))
    teams = math.ceil(owners / TEAM_SIZE)
    support = 4 + min(60, spec.accounts // 40)
    return Staff(teams, 2 + teams, owners, 2 if spec.has_stories else 0, support)


@dataclass(frozen=True)
class StoryAccount:
    """One account of a story; `late_days` and `apply_lag` null mean as everybody does."""

    role: str
    no: int
    name: str
    channel: str = "direct"
    terms: int = 60
    late_days: int = 2
    apply_lag: int | None = None
    owner_no: int | None = None
    created_month: int | None = None  # null: long before the data
    merged_no: int | None = None
    tax_no: int | None = None


_NAMES = {
    "whale": "Fading Whale Heavy Industries Co., Ltd.",
    "flapping": "Borderline Hinges Co., Ltd.",
    "bulk": "Single Shipment Stadium Works Co., Ltd.",
    "slow": "Patient Paymaster Trading Co., Ltd.",
    "cash1": "Waiting Receipt Tools Co., Ltd.",
    "cash2": "Resting Remittance Motors Co., Ltd.",
    "cash3": "Idle Transfer Pumps Co., Ltd.",
    "cash4": "Parked Payment Valves Co., Ltd.",
    "lost_a": "Boomerang Bearings (old record)",
    "lost_b": "Homecoming Castings (old record)",
    "back_a": "Boomerang Bearings Co., Ltd.",
    "back_b": "Homecoming Castings Co., Ltd.",
    "cross": "Unhappy Addition Fittings Co., Ltd.",
    "single": "One Thread Instruments Co., Ltd.",
    "rising": "Little Acorn Robotics Co., Ltd.",
    "bought": "Discount Climber Supplies Co., Ltd.",
    "relative": "Standing Still Gears Co., Ltd.",
    "grower": "Overtaking Rocket Batteries Co., Ltd.",
    "new": "First Order Sensors Co., Ltd.",
}
DAYS_KNOWN_BEFORE_DATA = 400


def cast(spec: Spec) -> dict[str, StoryAccount]:
    """Role -> story account; empty when the company is too small for stories."""
    if not spec.has_stories:
        return {}
    step, last, people = spec.accounts // (len(_NAMES) + 1), spec.last_month, staff(spec)
    number = {role: step * (i + 1) for i, role in enumerate(_NAMES)}
    details: dict[str, dict[str, Any]] = {
        "whale": {"late_days": 50},
        "bulk": {"channel": "offline", "created_month": last - 15},
        "slow": {"channel": "dealer", "late_days": 120},
        "lost_a": {"merged_no": number["back_a"]},
        "lost_b": {"tax_no": number["lost_b"]},
        "back_a": {"created_month": last - 3},
        "back_b": {"created_month": last - 3, "tax_no": number["lost_b"]},
        "single": {"owner_no": people.gone_owner},
        "cross": {"owner_no": people.second_gone},
        "rising": {"created_month": last - 22, "channel": "online", "terms": 30},
        "grower": {"terms": 30},
        "new": {"created_month": last - 3, "terms": 30},
    }
    for i in range(1, 5):
        details[f"cash{i}"] = {
            "terms": 30, "late_days": 12, "apply_lag": 95 + 10 * i, "owner_no": people.slow_owner,
        }  # fmt: skip
    return {
        role: StoryAccount(role, number[role], name, **details.get(role, {}))
        for role, name in _NAMES.items()
    }


def cast_rows(spec: Spec) -> list[dict[str, Any]]:
    """The cast as rows for SQL, with `created_on`."""
    rows = []
    for account in cast(spec).values():
        row = asdict(account) | {"created_on": created_on(spec, account)}
        rows.append({k: v for k, v in row.items() if k != "created_month"})
    return rows


def created_on(spec: Spec, account: StoryAccount) -> date:
    """When our CRM first knew the account."""
    if account.created_month is None:
        return spec.start - timedelta(days=DAYS_KNOWN_BEFORE_DATA + account.no % 300)
    return spec.month_start(account.created_month) + timedelta(days=9)


def owner_left_on(spec: Spec) -> date:
    """The day on which the owner of the single-threaded account was deactivated."""
    return spec.end - timedelta(days=DAYS_SINCE_OWNER_LEFT)


def second_left_on(spec: Spec) -> date:
    """The day on which a colleague of that owner was deactivated."""
    return spec.end - timedelta(days=DAYS_SINCE_SECOND_LEFT)

"""The loan service's policy values with the rulebook's defaults; an order keeps those in force when it was placed."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

CITY, NEIGHBOURHOOD = "city", "neighbourhood"  # 全城通, 诚信通 (R-COM.1)
CARDS = (CITY, NEIGHBOURHOOD)
GROUPS = ("elder", "child", "disabled", "remote", "working")  # R-LOAN.9, R-COM.8
LONGER = frozenset({"elder", "disabled", "remote", "working"})  # whose loans last longer (R-COM.8)


@dataclass(frozen=True, slots=True)
class LoanPolicy:
    """Durations as the name says; money in cents. Each can be set for the alliance, some per library."""

    city_items: int = 10  # R-COM.9
    neighbourhood_items: int = 5  # R-COM.9
    loan_days: int = 30  # R-COM.9
    group_loan_days: int = 45  # R-COM.8
    renewals: int = 1  # R-COM.9
    renewal_days: int = 30
    due_soon_days: int = 3  # R-COM.9
    dispatch_hours: int = 24  # R-LOAN.3
    dispatch_holiday_hours: int = 72
    confirm_hours: int = 24  # R-LOAN.4
    confirm_holiday_hours: int = 72
    case_reply_hours: int = 24  # R-ANS.6, without relief on holidays
    hold_days: int = 7  # R-COM.3: on the hold shelf
    review: str = "rules"  # clear cases by rule, or people for every order (R-COM.3)
    review_items: int = 8  # an order of more items is looked at by people
    smart_stack_first: bool = True
    postage_cents: int = 500
    stuck_minutes: int = 20  # a retrieval without completion opens a case
    store_try_hours: int = 12  # how long a title that no store has free is looked for again
    new_book_days: int = 60
    smart_accuracy_percent: int = 98  # R-LOAN.5
    ordinary_accuracy_percent: int = 95

    def items(self, card: str) -> int:
        """How many items a card of this kind holds at once."""
        return self.city_items if card == CITY else self.neighbourhood_items

    def days(self, group: str) -> int:
        """How long a loan lasts for a reader of this group."""
        return self.group_loan_days if group in LONGER else self.loan_days


LOAN_RULES: Mapping[str, str] = {
    "city_items": "R-COM.9",
    "neighbourhood_items": "R-COM.9",
    "loan_days": "R-COM.9",
    "group_loan_days": "R-COM.8",
    "renewals": "R-COM.9",
    "renewal_days": "R-COM.9",
    "due_soon_days": "R-COM.9",
    "dispatch_hours": "R-LOAN.3",
    "dispatch_holiday_hours": "R-LOAN.3",
    "confirm_hours": "R-LOAN.4",
    "confirm_holiday_hours": "R-LOAN.4",
    "case_reply_hours": "R-ANS.6",
    "hold_days": "R-COM.3",
    "review": "R-COM.3",
    "review_items": "R-COM.3",
    "smart_stack_first": "R-LOAN.2",
    "postage_cents": "R-COM.9",
    "stuck_minutes": "R-LOAN.8",
    "store_try_hours": "R-LOAN.6",
    "new_book_days": "R-LOAN.2",
    "smart_accuracy_percent": "R-LOAN.5",
    "ordinary_accuracy_percent": "R-LOAN.5",
}
LOAN_CHOICES: Mapping[str, tuple[str, ...]] = {"review": ("rules", "people")}


def loan_policy_from(values: Mapping[str, Any]) -> LoanPolicy:
    """The policy with the given values laid over the defaults; unknown names are left out."""
    known = {field.name for field in fields(LoanPolicy)}
    return replace(LoanPolicy(), **{name: value for name, value in values.items() if name in known})

"""Between which numbers a policy value lies: a slip of the hand must not close the desk or empty the archive."""

HIGHEST = 10_000_000
_HIGHEST_BY_UNIT = {"seconds": 7 * 86_400, "hours": 8_760, "days": 3_650, "percent": 100}
_BOUNDS = {
    "offer_seconds": (5, 600),  # below, nobody can accept any more
    "missed_offers_to_away": (1, 100),
    "librarian_grace_seconds": (5, 3_600),  # below, every reload loses the reader
    "reader_grace_seconds": (30, 86_400),
    "auto_away_seconds": (60, 86_400),
    "wrap_up_seconds": (60, 86_400),
    "default_capacity": (1, 50),
    "max_capacity": (1, 50),
    "message_characters": (100, 10_000),  # such a message still fits into a frame, in Chinese too
    "block_hours": (1, 720),  # who bars a reader may set as many
    "transcript_days": (30, 3_650),  # what was anonymised never comes back (R-LIVE.6)
}
# Nothing could be done, or everything would fall due at once.
_AT_LEAST_ONE = frozenset(
    {
        "strict_hours",
        "duty_manager_hours",
        "lease_hours",
        "claims_held",
        "delivery_days",
        "correction_days",
        "loan_days",
        "group_loan_days",
        "renewal_days",
        "dispatch_hours",
        "dispatch_holiday_hours",
        "confirm_hours",
        "confirm_holiday_hours",
        "case_reply_hours",
        "hold_days",
        "stuck_minutes",
    }
)


def bounds_of(name: str) -> tuple[int, int]:
    """The least and the greatest number that may be set under this name, both included."""
    if name in _BOUNDS:
        return _BOUNDS[name]
    return int(name in _AT_LEAST_ONE), _HIGHEST_BY_UNIT.get(name.rpartition("_")[2], HIGHEST)

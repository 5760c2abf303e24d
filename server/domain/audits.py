"""The audit trail: who looked at or changed what (R-LIVE.6)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line of the trail; lines are never changed."""

    id: str
    at: datetime
    actor_id: str
    actor: str
    verb: str
    subject: str
    detail: str

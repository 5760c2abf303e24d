"""The pool as people see it: tasks in lists, who looks at them, the trail of searches."""

from dataclasses import dataclass
from datetime import datetime

from server.domain.task_policies import TaskPolicy
from server.domain.tasks import Channel, TaskState


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task as it is listed, and as it is stored."""

    id: str
    state: TaskState
    channel: Channel
    material: str
    title: str
    language: str
    foreign_document: bool
    desk_id: str
    library_id: str
    stage: int
    consultations: int
    clock_from_at: datetime
    opened_at: datetime | None
    holder_id: str
    holder_library_id: str
    claim_number: int
    claimed_at: datetime | None
    lease_ends_at: datetime | None
    created_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class PoolFilter:
    """What a list shows; empty values do not narrow it. ``view``: pool, mine, release."""

    view: str = "pool"
    stage: int | None = None
    desk_id: str = ""
    channel: str = ""
    material: str = ""
    language: str = ""  # the reader's
    written: str = ""  # the document is in Chinese (zh) or not (foreign)
    asked_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Onlooker:
    """For whom the list is made, and the values in force then."""

    staff_id: str
    desk_ids: frozenset[str]
    library_id: str
    now: datetime
    policy: TaskPolicy
    everything: bool = False  # a manager sees the whole pool, whatever is open to whom


@dataclass(frozen=True, slots=True)
class PoolRow:
    """A task in the list, with what stands beside it."""

    task: TaskRow
    holder_name: str
    trail: int
    in_catalogue: bool  # the alliance's own records name it
    handed_back: bool  # by this onlooker
    policy_id: str  # the values under which its clock runs
    reviewer_id: str = ""  # whom an intern's answer waits for (R-ORG.5)
    reviewer_name: str = ""


@dataclass(frozen=True, slots=True)
class TrailLine:
    """Where somebody looked, and why it was not to be had there."""

    id: str
    place: str
    outcome: str
    note: str
    staff_id: str
    staff_name: str
    claim_number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """Who held the task, how long, and how that ended."""

    number: int
    staff_id: str
    staff_name: str
    claimed_at: datetime
    ended_at: datetime | None
    outcome: str

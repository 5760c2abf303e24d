"""Answers in their versions and drafts, as they are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.domain.task_policies import TaskPolicy
from server.domain.tasks import release_circle


@dataclass(frozen=True, slots=True)
class Answer:
    """One version of an answer; ``facts`` are those its grade is worked out from, without what differs by reader."""

    id: str
    task_id: str
    claim_number: int
    version: int
    replaces_id: str
    state: str  # proposed, refused, sent, replaced
    staff_id: str
    library_id: str
    kind: str
    delivery: str
    body: str
    link_url: str
    document: Mapping[str, Any]
    files: tuple[str, ...]
    facts: Mapping[str, Any]
    reason: str
    proposed_at: datetime | None
    reviewer_id: str
    released_by: str
    comment: str
    sent_at: datetime | None
    created_at: datetime


def may_decide(answer: Answer, policy: TaskPolicy, now: datetime, *, staff_id: str, library_id: str) -> bool:
    """Whether the waiting time has opened an intern's answer to this full librarian (R-ORG.5)."""
    assert answer.proposed_at is not None, "written with the state"
    circle = release_circle(policy, answer.proposed_at, now, named=bool(answer.reviewer_id))
    theirs = library_id == answer.library_id
    return circle == "alliance" or (circle == "desk" and theirs) or answer.reviewer_id == staff_id


def versions_kept(answers: Sequence[Answer], in_force: str) -> list[Answer]:
    """Of a task's answers those that led to the one in force, newest first.

    That is what it replaced (R-QC.4) and what a full librarian gave back before it went out (R-ORG.5).
    """
    known = {each.id: each for each in answers}
    sent, following = list[Answer](), in_force
    while (answer := known.get(following)) is not None:
        sent.append(answer)
        following = answer.replaces_id
    claims = {each.claim_number for each in sent}
    given_back = [each for each in answers if each.state == "refused" and each.claim_number in claims]
    return sorted(sent + given_back, key=lambda each: each.version, reverse=True)


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """What somebody has typed for a task; ``late`` when their lease had ended before they sent it."""

    staff_id: str
    staff_name: str
    claim_number: int
    content: Mapping[str, Any]
    late: bool
    updated_at: datetime

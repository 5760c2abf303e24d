"""The life of a task: who may claim it, hand it back, answer it, and what the clock allows (R-72, R-ANS.4).

States, transitions and guards are functions of (task, action, worker, now). What may be answered is judged at the
moment of the answer: a worker that sleeps can delay a mail, never permit a wrong answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from server.domain.errors import Conflict, Invalid, NotAllowed
from server.domain.task_policies import TaskPolicy


class Channel(StrEnum):
    """By what way the reader asked."""

    DOCUMENT = "document"
    FORM = "form"
    KNOWLEDGE = "knowledge"
    PHONE = "phone"


class TaskState(StrEnum):
    """Where the work stands."""

    OPEN = "open"  # in the pool, nobody holds it
    CLAIMED = "claimed"
    IN_RELEASE = "in_release"  # an intern's answer waits for a full librarian (R-ORG.5)
    DONE = "done"


class Standing(StrEnum):
    """Where a reader's consultation stands."""

    OPEN = "open"
    ANSWERED = "answered"
    CANCELLED = "cancelled"


class Action(StrEnum):
    """Everything that moves a task."""

    JOIN = "join"  # another reader asks for the same
    CLAIM = "claim"
    HAND_BACK = "hand_back"
    EXPIRE = "expire"
    ANSWER = "answer"  # all who wait
    ANSWER_SOME = "answer_some"  # only those whom the clock allows; the others go on waiting
    PROPOSE = "propose"
    RELEASE = "release"
    RELEASE_SOME = "release_some"
    REFUSE = "refuse"
    CANCEL = "cancel"  # the last reader who waited
    CANCEL_SOME = "cancel_some"
    CONVERT = "convert"


class Kind(StrEnum):
    """What an answer is."""

    EXACT = "exact"
    SIMILAR = "similar"
    NOT_FOUND = "not_found"
    TEXT = "text"


class Delivery(StrEnum):
    """How a document reaches the reader (R-ANS.1)."""

    ATTACHMENT = "attachment"
    LINK = "link"
    MAIL_BODY = "mail_body"


class Stage(StrEnum):
    """How far a waiting consultation has come on its way through the deadlines (R-72.6)."""

    NEW = "new"
    DUE_SOON = "due_soon"
    ESCALATED = "escalated"
    OVERDUE = "overdue"


STAGES = tuple(Stage)
SEARCH_OUTCOMES = (
    "not_found_as_cited",
    "citation_only",
    "holder_does_not_lend",
    "embargo",
    "no_access",
    "damaged_or_missing",
    "other",
)

_S, _A = TaskState, Action
_LIVE = (_S.OPEN, _S.CLAIMED, _S.IN_RELEASE)
TRANSITIONS: Mapping[tuple[TaskState, Action], TaskState] = {
    (_S.OPEN, _A.CLAIM): _S.CLAIMED,
    (_S.OPEN, _A.CONVERT): _S.OPEN,
    (_S.CLAIMED, _A.CONVERT): _S.CLAIMED,
    (_S.CLAIMED, _A.HAND_BACK): _S.OPEN,
    (_S.CLAIMED, _A.EXPIRE): _S.OPEN,
    (_S.CLAIMED, _A.ANSWER): _S.DONE,
    (_S.CLAIMED, _A.ANSWER_SOME): _S.OPEN,
    (_S.CLAIMED, _A.PROPOSE): _S.IN_RELEASE,
    (_S.IN_RELEASE, _A.RELEASE): _S.DONE,
    (_S.IN_RELEASE, _A.RELEASE_SOME): _S.OPEN,
    (_S.IN_RELEASE, _A.REFUSE): _S.CLAIMED,
    **{(state, _A.JOIN): state for state in _LIVE},
    **{(state, _A.CANCEL_SOME): state for state in _LIVE},
    **{(state, _A.CANCEL): _S.DONE for state in _LIVE},
}
# The rule behind an action that the state does not allow.
_RULES: Mapping[Action, str] = {
    _A.RELEASE: "R-ORG.5",
    _A.RELEASE_SOME: "R-ORG.5",
    _A.REFUSE: "R-ORG.5",
    _A.CONVERT: "R-ANS.4",
    _A.CANCEL: "R-72.9",
    _A.CANCEL_SOME: "R-72.9",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reader's consultation that waits for the answer, as far as the rules need it."""

    id: str
    submitted_at: datetime
    policy: TaskPolicy
    desk_id: str = ""
    reader_id: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """The work on one document or question, shared by all readers who asked for the same."""

    id: str
    state: TaskState
    channel: Channel
    waiting: tuple[Waiting, ...]
    opened_at: datetime | None = None  # to the whole alliance
    holder_id: str = ""
    claim_number: int = 0
    lease_ends_at: datetime | None = None
    handed_back_by: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Worker:
    """Who wants to do something to a task; ``desk_ids`` are the desks where they answer."""

    id: str
    desk_ids: frozenset[str] = frozenset()
    full: bool = True  # a full librarian, not an intern


@dataclass(frozen=True, slots=True)
class Option:
    """One kind of answer at this moment: allowed for some of the waiting readers, or forbidden by a rule."""

    kind: Kind
    allowed: tuple[str, ...]  # the consultations that it may answer now
    refusal: str = ""  # code of the refusal where it may answer none
    rule_id: str = ""
    until: datetime | None = None  # when the clock will allow it
    alternative: str = ""  # what is lawful now: hand_back, convert, exact
    phrase: str = ""  # the phrase it must carry
    needs_reason: bool = False  # an early similar document under the tolerant policy (R-QC.2)


def after(state: TaskState, action: Action) -> TaskState:
    """The state that an action leads to. Raises Conflict ``task_moved_on`` where the table has no such row."""
    try:
        return TRANSITIONS[state, action]
    except KeyError:
        raise Conflict(
            "task_moved_on", _RULES.get(action, "R-72.1"), state=str(state), action=str(action)
        ) from None


def is_late(waiting: Waiting, now: datetime) -> bool:
    """Whether the strict time is over: at exactly 72:00:00 it still holds (R-72.1)."""
    return now > waiting.submitted_at + timedelta(hours=waiting.policy.strict_hours)


def stage_of(waiting: Waiting, now: datetime) -> Stage:
    """How far it has come through its deadlines (R-72.6)."""
    policy, age = waiting.policy, now - waiting.submitted_at
    if age >= timedelta(hours=policy.duty_manager_hours):
        return Stage.OVERDUE
    if is_late(waiting, now):
        return Stage.ESCALATED
    return Stage.DUE_SOON if age >= timedelta(hours=policy.due_soon_hours) else Stage.NEW


def demand_claim(task: Task, worker: Worker, now: datetime) -> None:
    """Raise the named refusal unless the worker may claim now (R-72.1, R-72.7); the cap is settled in the store."""
    if task.state is not TaskState.OPEN:
        raise Conflict("task_done" if task.state is TaskState.DONE else "task_taken", "R-72.1")
    demand_visible(task, worker)
    if worker.id in task.handed_back_by and not any(is_late(each, now) for each in task.waiting):
        raise NotAllowed("handed_back_before", "R-72.7")


def demand_visible(task: Task, worker: Worker) -> None:
    """Raise unless the task stands open to this worker: first at the desk where it was asked (R-72.7)."""
    if any(each.reader_id == worker.id for each in task.waiting):
        raise NotAllowed("own_question", "R-72.1")
    if task.opened_at is None and not worker.desk_ids & {each.desk_id for each in task.waiting}:
        raise NotAllowed("task_not_open_yet", "R-72.7")


def demand_held(task: Task, worker: Worker, claim_number: int, now: datetime) -> None:
    """Raise Conflict ``lease_over`` unless the worker still holds the task under this claim number (R-72.5).

    The number is a fencing token: who claimed it twice cannot act with the first claim's. The moment at which the
    lease ends counts as over, whether or not a worker has come to write it down.
    """
    held = (
        task.state is TaskState.CLAIMED and task.holder_id == worker.id and task.claim_number == claim_number
    )
    if not held or (task.lease_ends_at is not None and now >= task.lease_ends_at):
        raise Conflict("lease_over", "R-72.5")


def demand_release(task: Task, reviewer: Worker, author_id: str) -> None:
    """Raise unless this full librarian may release or refuse the intern's answer (R-ORG.5)."""
    if task.state is not TaskState.IN_RELEASE:
        raise Conflict("release_over", "R-ORG.5")
    if not reviewer.full or reviewer.id == author_id:
        raise NotAllowed("release_needs_full_librarian", "R-ORG.5")


def release_circle(policy: TaskPolicy, proposed_at: datetime, now: datetime, *, named: bool) -> str:
    """Who may release an intern's answer by now (R-ORG.5): the ``named`` reviewer, their ``desk``, the ``alliance``."""
    waited = now - proposed_at
    if waited >= timedelta(hours=policy.release_alliance_hours):
        return "alliance"
    return "desk" if not named or waited >= timedelta(hours=policy.release_desk_hours) else "named"


def options(task: Task, now: datetime) -> tuple[Option, ...]:
    """Every kind of answer with what the clock says to it now (R-72.2 to R-72.4, R-ANS.4)."""
    everyone = tuple(each.id for each in task.waiting)
    if task.channel is not Channel.DOCUMENT:
        text = Option(Kind.TEXT, everyone)
        forbidden = (
            Option(kind, (), "question_takes_text", "R-ANS.4", alternative="convert")
            for kind in (Kind.EXACT, Kind.SIMILAR, Kind.NOT_FOUND)
        )
        return (text, *forbidden)
    return (
        Option(Kind.EXACT, everyone),
        _similar(task, now),
        _not_found(task, now),
        Option(Kind.TEXT, (), "request_takes_document", "R-ANS.4", alternative="convert"),
    )


def demand_answer(task: Task, kind: Kind, now: datetime, *, reason: str = "") -> Option:
    """The option for an answer of this kind. Raises NotAllowed with the rule, Invalid for a reason that is lacking."""
    option = next(each for each in options(task, now) if each.kind is kind)
    if not option.allowed:
        raise NotAllowed(option.refusal, option.rule_id)
    if option.needs_reason and not reason.strip():
        raise Invalid("early_answer_reason", "reason", "R-QC.2")
    return option


def _similar(task: Task, now: datetime) -> Option:
    late = _late(task, now)
    if late and task.opened_at is not None:
        return Option(Kind.SIMILAR, late, phrase="P-SIMILAR", rule_id="R-72.3")
    early = tuple(each.id for each in task.waiting if each.policy.early_answer == "tolerant")
    if early and not late:
        return Option(Kind.SIMILAR, early, rule_id="R-QC.2", needs_reason=True)
    if late:
        return Option(Kind.SIMILAR, (), "alliance_not_asked", "R-72.7", alternative="hand_back")
    return Option(Kind.SIMILAR, (), "similar_too_early", "R-72.2", _allowed_from(task), "hand_back")


def _not_found(task: Task, now: datetime) -> Option:
    late = _late(task, now)
    if late and task.opened_at is not None:
        return Option(Kind.NOT_FOUND, late, phrase="P-NOTFOUND", rule_id="R-72.4")
    if late:
        return Option(Kind.NOT_FOUND, (), "alliance_not_asked", "R-72.7", alternative="hand_back")
    return Option(Kind.NOT_FOUND, (), "not_found_too_early", "R-72.2", _allowed_from(task), "hand_back")


def _late(task: Task, now: datetime) -> tuple[str, ...]:
    return tuple(each.id for each in task.waiting if is_late(each, now))


def _allowed_from(task: Task) -> datetime | None:
    ends = [each.submitted_at + timedelta(hours=each.policy.strict_hours) for each in task.waiting]
    return min(ends, default=None)

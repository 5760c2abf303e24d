"""What is said in a conversation: messages, notes, typing, receipts."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import NamedTuple

from server.actions.access import Admission, admit
from server.context import Context
from server.domain.chat import admit_text
from server.domain.errors import Conflict, NotAllowed, Refusal
from server.domain.events import ChatEventRecorded, ReceiptMoved, TypingSeen
from server.domain.permissions import Actor
from server.domain.policies import ChatPolicy
from server.store.chat import event_by_client_id, mark_answered, record_event
from server.store.chat_log import hold_log
from server.store.database import Appended, NewMessage, Outcome
from server.store.participants import move_watermarks
from server.store.policies import policy_at
from server.store.rows import from_us, to_us

_LIMIT = "message_characters"
_BY_DEFAULT = ChatPolicy().message_characters


class Posted(NamedTuple):
    """The acknowledgement: the message is durable under this number, ``again`` when it was so before."""

    event: ChatEventRecorded
    again: bool


OnStored = Callable[["Posted"], None]


def _nothing(posted: "Posted") -> None:
    """Nobody wants to know before the others do."""


async def learn_limit(ctx: Context) -> None:
    """How long a message may be by the policy in force: looked up now and then, since a message cannot wait for it."""
    ctx.shelf[_LIMIT] = (await policy_at(ctx.db.read, "", ctx.clock.now())).message_characters


def _limit(ctx: Context) -> int:
    characters: int = ctx.shelf.get(_LIMIT, _BY_DEFAULT)
    return characters


async def post_message(
    ctx: Context,
    actor: Actor,
    admission: Admission,
    *,
    client_id: str,
    text: str,
    on_stored: OnStored = _nothing,
) -> Posted:
    """Say something in a conversation; returned means durable.

    ``on_stored`` hears of it after the commit and before everybody else. A resend with the same client id gets the
    first acknowledgement. Raises Invalid for an empty or overlong text,
    Conflict ``session_ended``, NotAllowed when the actor takes no part (any more), Unavailable when it was not stored.
    """
    body = admit_text(text, limit=_limit(ctx))
    posted = await append(ctx, actor, admission, client_id=client_id, body=body, on_stored=on_stored)
    if admission.kind == "staff" and not admission.answered and not posted.again:
        with suppress(Refusal):  # the message itself is stored and acknowledged: their next one marks it then
            async with ctx.transaction() as tx:
                await mark_answered(tx, admission.session_id, posted.event.at)
            admission.answered = True
    return posted


def post_soon(
    ctx: Context,
    admission: Admission,
    *,
    client_id: str,
    text: str,
    then: Callable[[Posted | Exception], None],
) -> None:
    """`post_message` for an admission that is `settled` and somebody who has no task to wait in.

    ``then`` hears after the commit, and before everybody else, what it was posted as; or why it was not: a refusal, or
    NotAllowed when the crew has changed, about which `post_message` knows more. Raises Invalid and TooMany at once.
    """
    at = ctx.clock.now()
    message = _message(admission, client_id, at, admit_text(text, limit=_limit(ctx)))
    ctx.db.append_soon(message, partial(_answered, ctx, message, at, then))


def _answered(
    ctx: Context,
    message: NewMessage,
    at: datetime,
    then: Callable[[Posted | Exception], None],
    answer: Appended | Exception,
) -> None:
    if isinstance(answer, Exception):
        then(answer)
    elif answer.outcome is Outcome.STORED or answer.outcome is Outcome.AGAIN:
        _tell(ctx, message, answer, at, then)
    else:
        then(NotAllowed("not_in_session"))


async def append(
    ctx: Context,
    actor: Actor,
    admission: Admission,
    *,
    client_id: str,
    body: str,
    kind: str = "message",
    data: str = "",
    on_stored: OnStored = _nothing,
) -> Posted:
    """Store one event of a person through the group commit and announce it."""
    at = ctx.clock.now()
    for _ in range(3):
        if admission.crew < 0:
            raise NotAllowed("not_in_session")
        message = _message(admission, client_id, at, body, kind, data=data)
        answer = await ctx.db.append(message)
        if answer.outcome is Outcome.STORED or answer.outcome is Outcome.AGAIN:
            return _tell(ctx, message, answer, at, on_stored)
        if answer.outcome is Outcome.CLOSED:
            raise Conflict("session_ended", session_id=admission.session_id)
        await readmit(ctx, actor, admission)
    raise Conflict("session_moving")


def _message(
    admission: Admission, client_id: str, at: datetime, body: str, kind: str = "message", *, data: str = ""
) -> NewMessage:
    return NewMessage(
        admission.session_id,
        admission.crew,
        client_id,
        admission.kind,
        admission.author_id,
        admission.name,
        kind,
        body,
        data,
        to_us(at),
    )


def _tell(ctx: Context, message: NewMessage, answer: Appended, at: datetime, on_stored: OnStored) -> Posted:
    """A message is durable: its sender hears of it, and if it is new, everybody."""
    again = answer.outcome is Outcome.AGAIN
    posted = Posted(_event(message, answer.seq, from_us(answer.at) if again else at), again)
    on_stored(posted)
    if not again:
        ctx.announce(posted.event)
    return posted


async def readmit(ctx: Context, actor: Actor, admission: Admission) -> None:
    """Look the actor's right up again after the crew changed. Raises NotFound when it is gone."""
    fresh = await admit(ctx.db.read, actor, admission.session_id)
    admission.crew, admission.answered, admission.staff = fresh.crew, fresh.answered, fresh.staff
    admission.name = fresh.name


async def post_note(ctx: Context, admission: Admission, *, client_id: str, text: str) -> Posted:
    """Leave an internal note; it lives on the staff topic with numbers of its own, the reader never sees it."""
    if not admission.staff or admission.crew < 0:  # who only looks on leaves no trace in it
        raise NotAllowed("not_in_session")
    body = admit_text(text, limit=_limit(ctx))
    async with ctx.transaction() as tx:
        await hold_log(tx, admission.session_id)
        first = await event_by_client_id(tx, admission.session_id, client_id)
        if first is not None:
            return Posted(first, again=True)
        event = await record_event(
            tx,
            session_id=admission.session_id,
            kind="note",
            at=ctx.clock.now(),
            audience="staff",
            author_kind="staff",
            author_id=admission.author_id,
            author_name=admission.name,
            body=body,
            client_id=client_id,
        )
        tx.announce(event)
    return Posted(event, again=False)


def show_typing(ctx: Context, admission: Admission) -> None:
    """Let the others see that somebody is writing."""
    if admission.crew >= 0:
        ctx.announce(TypingSeen(admission.session_id, admission.key, admission.name))


class Receipts:
    """Collects watermarks and writes the latest of each participant in one batch.

    They are worth a loss of seconds but not a transaction each; ``flush`` runs at every keep-alive beat and at close.
    """

    LIMIT = 5_000  # beyond it the oldest wait for the participant's next receipt

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._moves: dict[tuple[str, str], tuple[int, int]] = {}

    def move(self, admission: Admission, *, delivered: int, read: int) -> None:
        """Take a receipt and tell the others at once; who only looks on gives none."""
        if admission.crew < 0:
            return
        key = (admission.session_id, admission.key)
        before = self._moves.get(key, (0, 0))
        delivered, read = max(before[0], delivered, read), max(before[1], read)
        if (delivered, read) == before or (before == (0, 0) and len(self._moves) >= self.LIMIT):
            return
        self._moves[key] = (delivered, read)
        self._ctx.announce(ReceiptMoved(admission.session_id, admission.key, delivered, read))

    async def flush(self) -> None:
        """Write what has gathered; kept for the next time when the database is away."""
        moves, self._moves = self._moves, {}
        if not moves:
            return
        try:
            async with self._ctx.transaction() as tx:
                await move_watermarks(tx, [(*key, *marks) for key, marks in sorted(moves.items())])
        except Exception:
            self._moves = moves | self._moves
            raise


def _event(m: NewMessage, seq: int, at: datetime) -> ChatEventRecorded:
    return ChatEventRecorded(
        m.session_id,
        "all",
        seq,
        m.kind,
        m.author_kind,
        m.author_id,
        m.author_name,
        m.client_id,
        m.body,
        m.data,
        at,
    )

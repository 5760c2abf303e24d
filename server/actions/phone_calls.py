"""Phone consultations: entered by who took the call, answered at once or left to the pool (rulebook, section 2)."""

from dataclasses import dataclass

from server.actions.answer_parts import bring, judged, written
from server.actions.pool_entry import enter, note_step, tell_received, terms_at
from server.actions.staff import own_desks
from server.context import Context
from server.domain.answers import Draft, LinkFacts, settled
from server.domain.chat import Topic
from server.domain.consultations import Consultation, title_of
from server.domain.desks import Desk
from server.domain.errors import Invalid, NotAllowed, NotFound
from server.domain.forms import Form
from server.domain.permissions import Actor, Role, Verb, demand
from server.domain.requests import QUESTION_LIMIT
from server.domain.tasks import Channel, Kind, Standing
from server.store.answers import insert_answer
from server.store.consultations import consultation_by_id
from server.store.rows import Transaction
from server.store.tasks import finish_task, rules_view, task_by_id

ANSWER_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked on the phone; with an ``answer`` where it was given at once."""

    desk: str  # its short name
    question: str
    client_id: str
    answer: str = ""
    name: str = ""
    phone: str = ""
    mail: str = ""
    topic: str = "reference"
    language: str = "zh"


async def enter_phone(ctx: Context, actor: Actor, call: Call) -> Consultation:
    """Keep a phone consultation at a desk where the actor answers; without an answer it goes to the pool.

    Raises FormRefused by field, NotFound for another's desk, NotAllowed where an intern would answer alone (R-ORG.5).
    """
    demand(actor, Verb.ENTER_PHONE)
    desk = next((each for each in await own_desks(ctx, actor) if each.slug == call.desk), None)
    if desk is None:
        raise NotFound("desk_not_found", slug=call.desk[:60])
    wanted, answer = _read(ctx, actor, desk, call)
    if answer and Role.LIBRARIAN not in actor.roles:
        raise NotAllowed("intern_answers_nobody_alone", "R-ORG.5")
    async with ctx.transaction() as tx:
        policy, deserted = await terms_at(ctx, tx, desk, wanted.submitted_at)
        entered = await enter(ctx, tx, wanted, policy=policy, open_now=deserted and not answer)
        kept = entered.consultation
        if entered.again:
            return kept
        if answer:
            await _answer(ctx, tx, actor, kept, answer)
        else:
            await tell_received(ctx, tx, kept, desk, policy)
    return await consultation_by_id(ctx.db.read, kept.id) or kept


async def _answer(ctx: Context, tx: Transaction, actor: Actor, c: Consultation, answer: str) -> None:
    """The answer was given on the phone: it is written down, and mailed where there is an address."""
    row = await task_by_id(tx, c.task_id)
    assert row is not None, "it was entered a moment ago"
    task = await rules_view(tx, row)
    draft = settled(Draft(kind=Kind.TEXT, body=answer), Channel.PHONE)
    now = ctx.clock.now()
    facts = judged(
        draft, answer, task, task.waiting[0], now, material="", link=LinkFacts(), by=actor.account_id
    )
    sent = written(ctx, actor, row, draft, text=answer, facts=facts, state="sent", version=1)
    await insert_answer(tx, sent)
    await bring(ctx, tx, sent, [c])
    await finish_task(tx, c.task_id, now)
    await note_step(ctx, tx, c.id, "by_phone", actor_id=actor.account_id, public=False)


def _read(ctx: Context, actor: Actor, desk: Desk, call: Call) -> tuple[Consultation, str]:
    """The call as it is kept, and the answer; all problems are said at once."""
    form = Form(
        {name: getattr(call, name) for name in ("question", "answer", "name", "phone", "mail", "topic")}
    )
    question = form.text("question", limit=QUESTION_LIMIT)
    if not question:
        form.refuse(Invalid("question_missing", "question"))
    answer = form.text("answer", limit=ANSWER_LIMIT)
    phone, mail = form.text("phone", limit=60), form.mail("mail").lower()
    if not answer and not mail and sum(letter.isdigit() for letter in phone) < 5:
        form.refuse(Invalid("call_back_needed", "phone"))
    name, topic = form.text("name", limit=120), form.choice("topic", tuple(Topic), default=Topic.REFERENCE)
    form.demand()
    number = ctx.ids.new()
    wanted = Consultation(
        id=number,
        task_id=number,
        state=Standing.OPEN,
        channel=Channel.PHONE,
        material="",
        desk_id=desk.id,
        library_id=desk.library_id,
        reader_id="",
        session_id="",
        name=name,
        mail=mail,
        phone=phone,
        language=call.language if call.language in ("zh", "en") else "zh",
        topic=topic,
        title=title_of(question),
        citation="",
        question=question,
        transcript="",
        record_id="",
        foreign_document=False,
        show_title=False,
        client_id=f"{actor.account_id}:{call.client_id}"[:60],
        policy_id="",
        stage=0,
        submitted_at=ctx.clock.now(),
        submitted_by=actor.account_id,
    )
    return wanted, answer

"""The demo alliance's past conversations, laid over the last two weeks from ``talks.toml``."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, tzinfo
from importlib.resources import files
from itertools import zip_longest
from random import Random
from typing import Any

from server.actions.pool_entry import enter
from server.context import Context
from server.demo.cast import Cast, mail_of
from server.domain.accounts import Account
from server.domain.chat import ChatSession, EndReason, Passed, State, Topic, WrapUp, wrap_up_from
from server.domain.consultations import Consultation, title_of
from server.domain.events import ChatEventRecorded
from server.domain.hours import Shift, instant
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import Channel, Standing
from server.store.dues import set_due
from server.store.participants import join, leave_all, pass_document
from server.store.past_sessions import insert_past_session, insert_wrap_up
from server.store.rows import Transaction
from server.wire.tokens import hashed

DAYS = 14
TODAY, YESTERDAY = 18, 10  # how many of them; the others lie before
SETTLED = timedelta(minutes=20)  # none began so shortly ago that it could still be going on
WRAP_UP = timedelta(minutes=15)
SHOWN = "szlib"
WAKING = range(8, 23)  # when most people ask, even where the desk never closes
_NICKNAMES = ("", "", "小鱼", "", "爱看书的猫", "Echo", "", "老周", "", "一页书")
Talk = Mapping[str, Any]


def read_talks() -> list[Talk]:
    """Every conversation, with the blanks of those that are told several times filled in."""
    talks = tomllib.loads(files("server.demo").joinpath("talks.toml").read_text("utf-8"))["talk"]
    return [_filled(talk, values) for talk in talks for values in talk.get("with", [{}])]


async def put_talks(ctx: Context, tx: Transaction, cast: Cast, now: datetime, zone: tzinfo) -> int:
    """Put them all in; returns how many. The same talks come at the same hours in every demo."""
    chance = Random(20020501)  # the day the alliance's forerunner began; any constant will do
    talks = read_talks()
    chance.shuffle(talks)
    # The library whose manager one can be in the demo has a share of every day, so that its board is lively too.
    shown = [talk for talk in talks if talk["desk"].startswith(SHOWN)]
    others = [talk for talk in talks if not talk["desk"].startswith(SHOWN)]
    talks = [talk for pair in zip_longest(shown, others) for talk in pair if talk is not None]
    for number, talk in enumerate(talks):
        at = _moment(talk, number, len(talks), cast, chance, now=now, zone=zone)
        await _Telling(ctx, cast, talk, at, chance, number).put(tx)
    return len(talks)


def _filled(talk: Talk, values: Mapping[str, str]) -> Talk:
    def fill(value: Any) -> Any:
        if isinstance(value, str):
            for name, text in values.items():
                value = value.replace(f"{{{name}}}", text)
        return [fill(item) for item in value] if isinstance(value, list) else value

    return {key: fill(value) for key, value in talk.items() if key != "with"}


def _moment(
    talk: Talk, number: int, count: int, cast: Cast, chance: Random, *, now: datetime, zone: tzinfo
) -> datetime:
    """When the reader asked: while the desk was open, lately more often."""
    today = now.astimezone(zone).date()
    if number < TODAY or talk.get("overdue"):
        back = 0
    elif number < TODAY + YESTERDAY:
        back = 1
    else:
        back = 2 + (number - TODAY - YESTERDAY) * (DAYS - 2) // (count - TODAY - YESTERDAY)
    for day in (today - timedelta(days=back + more) for more in range(8)):
        spans = _open_spans(cast, talk["desk"], day, until=now - SETTLED, zone=zone)
        if spans:
            for _ in range(4):
                begins, ends = chance.choice(spans)
                at = begins + (ends - begins) * chance.random()
                if at.astimezone(zone).hour in WAKING:
                    break
            return at
    return now - timedelta(days=back + 1)


def _open_spans(
    cast: Cast, slug: str, day: date, *, until: datetime, zone: tzinfo
) -> list[tuple[datetime, datetime]]:
    shifts: Sequence[Shift] = cast.weeks[slug][day.weekday()]
    spans = ((instant(day, s.opens, zone), instant(day, s.closes, zone) - SETTLED) for s in shifts)
    return [(begins, min(ends, until)) for begins, ends in spans if begins < min(ends, until)]


@dataclass(slots=True)
class _Telling:
    """One conversation on its way into the archive: time passes and numbers are taken as it is told."""

    ctx: Context
    cast: Cast
    talk: Talk
    at: datetime
    chance: Random
    number: int
    session_id: str = ""
    events: list[ChatEventRecorded] = field(default_factory=list)
    documents: list[Passed] = field(default_factory=list)

    async def put(self, tx: Transaction) -> None:
        self.session_id = self.ctx.ids.new()
        asked = self.at
        self._tell("queued", data={"topic": self.talk["topic"], "previous_id": ""})
        self._say_reader(self.talk["question"])
        accepted = self._answer() if not self.talk.get("unanswered") else None
        if accepted is None:
            self._pass(90, 200)
        session = self._session(asked, accepted)
        ended = session.ended_at
        assert ended is not None
        self._tell("ended", data=self._ending())
        rated_at = self._rate()
        session = replace(session, last_seq=self._last("all"), last_staff_seq=self._last("staff"))
        await insert_past_session(tx, session, self.events, rated_at=rated_at)
        await self._put_people(tx, session, asked)
        for document in self.documents:
            await pass_document(tx, session.id, document, limit=len(self.documents))
        if session.end_reason in (EndReason.FORM_QUESTION, EndReason.PHONE):
            await enter(self.ctx, tx, self._question(session, ended), policy=TaskPolicy())
        if session.state is State.WRAPPING_UP:
            await set_due(tx, "wrap_up", session.id, ended + WRAP_UP)
        elif accepted is not None:
            by = session.staff_id
            await insert_wrap_up(tx, session, self._record(), by=by, at=session.closed_at or ended)

    # Who -------------------------------------------------------------------------------------------------------------

    @property
    def _staff(self) -> Account:
        posted = self.cast.posted.get(self.talk["desk"], ["librarian"])
        return self.cast.people[self.talk.get("by") or posted[self.number % len(posted)]]

    @property
    def _reader(self) -> Account | None:
        return self.cast.people.get(self.talk.get("reader", ""))

    @property
    def _reader_name(self) -> str:
        reader = self._reader
        return reader.name if reader else _NICKNAMES[self.number % len(_NICKNAMES)]

    async def _put_people(self, tx: Transaction, session: ChatSession, asked: datetime) -> None:
        name, reader_id = session.reader_name, session.reader_id
        await join(tx, session.id, kind="reader", account_id=reader_id, name=name, at=asked)
        if session.accepted_at is not None and session.ended_at is not None:
            staff, at = self._staff, session.accepted_at
            await join(tx, session.id, kind="holder", account_id=staff.id, name=staff.name, at=at)
            await leave_all(tx, session.id, session.ended_at)

    # What was said ---------------------------------------------------------------------------------------------------

    def _answer(self) -> datetime:
        """The librarian's part: taken after a short wait, line by line; returns when it was taken."""
        self._pass(3, 25)
        accepted, staff = self.at, self._staff
        library = next(lib for lib in self.cast.libraries.values() if lib.id == staff.library_id)
        names = {"zh": library.name_zh, "en": library.name_en}
        self._tell(
            "joined",
            data={"staff": {"id": staff.id, "name": staff.name}, "library": names, "role": "holder"},
        )
        for line in self.talk["lines"]:
            mark, _, text = line.partition(" ")
            self._pass(4, 12 + len(text) // 4)
            match mark:
                case "R":
                    self._say_reader(text)
                case "L":
                    self._say_staff("message", text)
                case "N":
                    self._say_staff("note", text, audience="staff")
                case "D":
                    self._pass_on(text)
        self._pass(5, 30)
        return accepted

    def _pass_on(self, text: str) -> None:
        title, _, url = text.partition(" | ")
        self.documents.append(Passed(self.ctx.ids.new(), title, url, "", self._staff.id, self.at))
        self._say_staff("document", title, data={"title": title, "url": url, "file_id": ""})

    def _rate(self) -> datetime | None:
        rating = self.talk.get("rating")
        if not rating:
            return None
        self._pass(5, 40)
        self._tell("rated", by="reader", data={"rating": rating})
        return self.at

    def _say_reader(self, text: str) -> None:
        reader = self._reader
        self._tell("message", text, by="reader", author=(reader.id if reader else "", self._reader_name))

    def _say_staff(
        self, kind: str, text: str, *, audience: str = "all", data: dict[str, Any] | None = None
    ) -> None:
        staff = self._staff
        self._tell(kind, text, by="staff", author=(staff.id, staff.name), audience=audience, data=data)

    def _tell(
        self,
        kind: str,
        body: str = "",
        *,
        by: str = "system",
        author: tuple[str, str] = ("", ""),
        audience: str = "all",
        data: dict[str, Any] | None = None,
    ) -> None:
        said = by != "system" and kind != "rated"
        event = ChatEventRecorded(
            session_id=self.session_id,
            audience=audience,
            seq=self._last(audience) + 1,
            kind=kind,
            author_kind=by,
            author_id=author[0],
            author_name=author[1],
            client_id=self.ctx.ids.new() if said else "",
            body=body,
            data=json.dumps(data, ensure_ascii=False, separators=(",", ":")) if data else "",
            at=self.at,
        )
        self.events.append(event)

    def _last(self, audience: str) -> int:
        return sum(event.audience == audience for event in self.events)

    def _pass(self, low: float, high: float) -> None:
        self.at += timedelta(seconds=round(self.chance.uniform(low, max(low, high)), 3))

    # What is kept ----------------------------------------------------------------------------------------------------

    def _session(self, asked: datetime, accepted: datetime | None) -> ChatSession:
        talk, reader, answered = self.talk, self._reader, accepted is not None
        desk = self.cast.desks[talk["desk"]]
        overdue = bool(talk.get("overdue"))
        supervisor = self.cast.people.get(talk.get("supervisor", ""))
        return ChatSession(
            id=self.session_id,
            desk_id=desk.id,
            target_desk_id=desk.id,
            target_staff_id="",
            library_id=desk.library_id,
            reader_key=reader.id if reader else hashed(f"demo reader {self.number}"),
            reader_id=reader.id if reader else "",
            reader_name=self._reader_name,
            topic=Topic(talk["topic"]),
            language=talk.get("language", "zh"),
            state=State.WRAPPING_UP if overdue else State.CLOSED,
            priority=0,
            practice=False,
            queued_at=asked,
            circle_from=asked,
            offered_to="",
            offer_id="",
            offered_at=None,
            declined=frozenset(),
            staff_id=self._staff.id if answered else "",
            supervisor_id=supervisor.id if supervisor else "",
            crew=2 if answered else 1,
            last_seq=0,  # known when everything is told
            last_staff_seq=0,
            question=talk["question"],
            page_url=f"https://{talk['desk']}.example.org/",
            page_title=self.cast.desks[talk["desk"]].name_zh.removesuffix("咨询台"),
            previous_id="",
            accepted_at=accepted,
            answered_at=accepted + timedelta(seconds=6) if accepted else None,
            ended_at=self.at,
            end_reason=str(EndReason(talk.get("end", "reader"))),
            wrap_up_due_at=self.at + WRAP_UP if answered else None,
            closed_at=None if overdue else self.at + timedelta(minutes=1 if answered else 0),
            rating=talk.get("rating", ""),
            rating_comment=talk.get("comment", ""),
            documents=0,  # counted as they are put in
            created_at=asked,
        )

    def _ending(self) -> dict[str, str]:
        reason = self.talk.get("end", "reader")
        return {"by": "system" if reason == "reader_gone" else "reader", "reason": reason}

    def _record(self) -> WrapUp:
        talk = self.talk
        return wrap_up_from(
            talk["type"],
            talk["effort"],
            talk["outcome"],
            typical_case=talk.get("case", False),
            note=talk.get("note", ""),
        )

    def _question(self, session: ChatSession, at: datetime) -> Consultation:
        phone = session.end_reason == EndReason.PHONE
        transcript = "\n".join(
            f"{e.author_name or '—'}: {e.body}" for e in self.events if e.kind == "message"
        )
        number = self.ctx.ids.new()
        return Consultation(
            id=number,
            task_id=number,
            state=Standing.OPEN,
            channel=Channel.PHONE if phone else Channel.FORM,
            material="",
            desk_id=session.desk_id,
            library_id=session.library_id,
            reader_id=session.reader_id,
            session_id=session.id,
            name=session.reader_name,
            mail=mail_of(f"visitor{self.number}"),
            phone="000-0000-0000" if phone else "",
            language=session.language,
            topic=str(session.topic),
            title=title_of(session.question),
            citation="",
            question=session.question,
            transcript=transcript,
            record_id="",
            foreign_document=False,
            show_title=False,
            client_id=number,
            policy_id="",
            stage=0,
            submitted_at=at,
        )

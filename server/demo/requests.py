"""The demo alliance's task pool, played hour by hour with the real actions, so that every rule has had its say."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

from server.actions.answers import send_answer
from server.actions.consultations import rate_consultation
from server.actions.dues import Kind, kinds, run_due
from server.actions.escalation import turn_clock, watch_lease
from server.actions.pool import Searched, claim_task, hand_back
from server.actions.pool_entry import enter
from server.clocks import Rng
from server.context import Context
from server.demo.cast import Cast
from server.demo.then import Then, actor_in
from server.domain.citations import Citation, citation_from, texts_of
from server.domain.consultations import Consultation, title_of
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import Channel, Standing
from server.store.tasks import task_by_id

_CLOCKS = kinds(Kind("task_clock", turn_clock), Kind("lease", watch_lease))
_FOUR = (("title", "title"), ("author", "authors"), ("source", "source"), ("date", "date"))
Told = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Chance that draws every answer, so that inspectors find some before them."""

    real: Rng

    def token(self) -> str:
        return self.real.token()

    def uniform(self, low: float, high: float) -> float:
        return low


def read_requests() -> list[Told]:
    """What was asked, and what became of it."""
    return tomllib.loads(files("server.demo").joinpath("requests.toml").read_text("utf-8"))["request"]  # type: ignore[no-any-return]


async def play_requests(ctx: Context, cast: Cast, now: datetime) -> int:
    """Let everything happen in its order and at its time; returns how many were asked."""
    told = read_requests()
    scenes: list[tuple[datetime, int, list[Any]]] = []
    for number, request in enumerate(told):
        scenes.append((now - timedelta(hours=request["hours"]), number, ["ask"]))
        for hours, *deed in request.get("then", ()):
            scenes.append((now - timedelta(hours=hours), number, deed))
    asked: dict[int, Consultation] = {}
    for at, number, deed in sorted(scenes, key=lambda scene: scene[0]):
        there = replace(ctx, clock=Then(at), rng=_Drawn(ctx.rng), shelf={})
        while await run_due(there, _CLOCKS):
            pass
        if deed[0] == "ask":
            asked[number] = await _ask(there, cast, told[number])
        else:
            await _do(there, cast, asked[number], deed)
    while await run_due(replace(ctx, clock=Then(now), shelf={}), _CLOCKS):
        pass
    return len(told)


async def settle_questions(ctx: Context, cast: Cast, now: datetime) -> None:
    """What was left from past conversations was answered soon after by the desk's own people."""
    rows = await ctx.db.read.rows("SELECT id, desk_id, submitted_at FROM consultation WHERE session_id <> ''")
    desks = {desk.id: slug for slug, desk in cast.desks.items()}
    text = "您好！您的问题我们已经查到，详细说明见附言；还有疑问请随时再来咨询。"
    for row in rows:
        staff = cast.posted.get(desks[row["desk_id"]], [])
        asked = datetime.fromtimestamp(row["submitted_at"] / 1e6, tz=now.tzinfo)
        if not staff or now - asked < timedelta(hours=8):
            continue
        there = replace(ctx, clock=Then(asked + timedelta(hours=2)), shelf={})
        actor = await actor_in(there, cast, staff[0])
        if not actor.roles & {"librarian"}:
            continue
        number = await claim_task(there, actor, row["id"])
        await send_answer(there, actor, row["id"], number, {"kind": "text", "body": text})


async def _ask(ctx: Context, cast: Cast, told: Told) -> Consultation:
    desk, reader = cast.desks[told["desk"]], cast.people[told["reader"]]
    document = "material" in told
    citation = citation_from({k: v for k, v in told.items() if isinstance(v, str)}) if document else None
    number = ctx.ids.new()
    asked = Consultation(
        id=number,
        task_id=number,
        state=Standing.OPEN,
        channel=Channel(told.get("channel", "document")),
        material=told.get("material", ""),
        desk_id=desk.id,
        library_id=desk.library_id,
        reader_id=reader.id,
        session_id="",
        name=reader.name,
        mail=reader.mail,
        phone="",
        language=reader.language,
        topic="reference",
        title=citation.name if citation else title_of(told["question"]),
        citation=json.dumps(texts_of(citation), ensure_ascii=False) if citation else "",
        question=told.get("question", ""),
        transcript="",
        record_id="",
        foreign_document=bool(citation and not citation.in_chinese),
        show_title=told.get("show_title", False),
        client_id=number,
        policy_id="",
        stage=0,
        submitted_at=ctx.clock.now(),
    )
    async with ctx.transaction() as tx:
        entered = await enter(ctx, tx, asked, policy=TaskPolicy())
    return entered.consultation


async def _do(ctx: Context, cast: Cast, asked: Consultation, deed: list[Any]) -> None:
    what, who, *more = deed
    actor = await actor_in(ctx, cast, who)
    if what == "claim":
        await claim_task(ctx, actor, asked.task_id)
        return
    if what == "rate":
        await rate_consultation(ctx, actor, asked.id, *more)
        return
    task = await task_by_id(ctx.db.read, asked.task_id)
    assert task is not None, "asked before"
    if what == "hand_back":
        await hand_back(ctx, actor, task.id, task.claim_number, [Searched(*each) for each in more])
    else:
        await send_answer(ctx, actor, task.id, task.claim_number, {**_document(asked), **more[0]})


def _document(asked: Consultation) -> dict[str, str]:
    """The very document that was asked for."""
    if not asked.citation:
        return {}
    citation: Citation = citation_from(json.loads(asked.citation))
    return {name: getattr(citation, field) for name, field in _FOUR}

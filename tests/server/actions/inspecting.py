"""An alliance whose answers are inspected: who answers, who inspects, and how an answer comes about."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from server.actions.answers import send_answer
from server.actions.inspections import Judgement, grade_answer, return_answer
from server.actions.pool import claim_task
from server.actions.pool_entry import enter
from server.context import Context
from server.domain.consultations import Consultation
from server.domain.inspections import Inspection
from server.domain.permissions import Actor, Role
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import Channel, Standing
from server.store.inspections import inspection_by_id
from server.store.postings import post_to_desk
from tests.server.actions.conftest import Alliance


@dataclass
class Drawing:
    """Chance that draws what the test says."""

    drawn: float = 0.9

    def token(self) -> str:
        return "t" * 43

    def uniform(self, low: float, high: float) -> float:
        return self.drawn


@dataclass
class Bureau:
    """The alliance with its inspectors: ``wu`` and ``zhao`` of the other library, ``mei`` of home's own."""

    alliance: Alliance
    ctx: Context
    chance: Drawing
    people: dict[str, Actor] = field(default_factory=dict)

    async def asked(self, channel: Channel = Channel.FORM, **more: Any) -> Consultation:
        """A reader of home asks something that waits in the pool, open to all."""
        number = self.ctx.ids.new()
        desk = self.alliance.desks["home"]
        policy = more.pop("policy", TaskPolicy())
        wanted = Consultation(
            id=number,
            task_id=number,
            state=Standing.OPEN,
            channel=channel,
            material=more.pop("material", ""),
            desk_id=desk.id,
            library_id=desk.library_id,
            reader_id="",
            session_id="",
            name="钱读者",
            mail="reader@home.test",
            phone="",
            language="zh",
            topic="",
            title=more.pop("title", "民国报纸在哪里看"),
            citation=more.pop("citation", ""),
            question="请问民国报纸在哪里看？",
            transcript="",
            record_id="",
            foreign_document=False,
            show_title=False,
            client_id=number,
            policy_id="",
            stage=0,
            submitted_at=self.ctx.clock.now(),
        )
        async with self.ctx.transaction() as tx:
            entered = await enter(self.ctx, tx, wanted, policy=policy, open_now=True)
        return entered.consultation

    async def answered(self, asked: Consultation | None = None, *, by: str = "lin", **content: Any) -> str:
        """Somebody answers; returns the consultation."""
        asked = asked or await self.asked()
        number = await claim_task(self.ctx, self.people[by], asked.task_id)
        content = {"kind": "text", "body": "在三楼近代文献阅览室。", **content}
        await send_answer(self.ctx, self.people[by], asked.task_id, number, content)
        return asked.id

    async def queued(self, **content: Any) -> str:
        """An answer of lin's that chance brought before the inspectors."""
        self.chance.drawn = 0.0
        consultation_id = await self.answered(**content)
        self.chance.drawn = 0.9
        return consultation_id

    async def inspection(self, consultation_id: str) -> Inspection:
        found = await inspection_by_id(self.ctx.db.read, consultation_id)
        assert found is not None, "nobody inspects it"
        return found

    async def graded(self, consultation_id: str, grade: str, *, by: str = "wu", **more: Any) -> Inspection:
        version = (await self.inspection(consultation_id)).version
        return await grade_answer(
            self.ctx, self.people[by], consultation_id, Judgement(version, grade, **more)
        )

    async def returned(self, consultation_id: str, *, by: str = "wu", **more: Any) -> Inspection:
        version = (await self.inspection(consultation_id)).version
        judgement = Judgement(version, "fail", row="G-F2", note="楼层写错了，请更正。", **more)
        return await return_answer(self.ctx, self.people[by], consultation_id, judgement)

    def wait(self, **time: float) -> None:
        self.alliance.clock.advance(timedelta(**time))


async def open_bureau(alliance: Alliance) -> Bureau:
    """The cast, and chance in the test's hands."""
    chance = Drawing()
    bureau = Bureau(alliance, replace(alliance.ctx, rng=chance), chance)
    for name, role, library in (
        ("lin", Role.LIBRARIAN, "home"),
        ("fang", Role.LIBRARIAN, "home"),
        ("intern", Role.INTERN, "home"),
        ("wu", Role.INSPECTOR, "other"),
        ("zhao", Role.INSPECTOR, "other"),
        ("mei", Role.INSPECTOR, "home"),
    ):
        scope = "" if role is Role.INSPECTOR else library
        bureau.people[name] = await alliance.actor(name, alliance.grant(role, scope), library=library)
    manager = await alliance.actor("manager", alliance.grant(Role.MANAGER), library="home")
    bureau.people["manager"] = manager
    bureau.people["reader"] = await alliance.actor("reader", library="home")
    async with alliance.ctx.transaction() as tx:
        for name in ("lin", "fang", "intern"):
            await post_to_desk(tx, alliance.desks["home"].id, bureau.people[name].account_id)
    return bureau

"""A reader's request in the pool, claimed and answered: what tests of attachments, deliveries and links start from."""

from dataclasses import replace
from typing import Any

from server.actions.pool import claim_task
from server.actions.pool_entry import enter
from server.context import Context
from server.domain.consultations import Consultation
from server.domain.permissions import Actor
from server.domain.task_policies import TaskPolicy
from server.domain.tasks import Channel, Standing


async def asked(
    ctx: Context, *, desk_id: str, library_id: str, reader_id: str = "", **more: Any
) -> Consultation:
    """A document request that stands open to the whole alliance."""
    number = ctx.ids.new()
    wanted = Consultation(
        id=number,
        task_id=number,
        state=Standing.OPEN,
        channel=Channel.DOCUMENT,
        material="journal_article",
        desk_id=desk_id,
        library_id=library_id,
        reader_id=reader_id,
        session_id="",
        name="读者",
        mail="",
        phone="",
        language="zh",
        topic="",
        title="公共图书馆参考咨询服务研究",
        citation='{"material": "journal_article", "title": "公共图书馆参考咨询服务研究"}',
        question="",
        transcript="",
        record_id="",
        foreign_document=False,
        show_title=False,
        client_id=ctx.ids.new(),
        policy_id="",
        stage=0,
        submitted_at=ctx.clock.now(),
    )
    async with ctx.transaction() as tx:
        entered = await enter(ctx, tx, replace(wanted, **more), policy=TaskPolicy(), open_now=True)
    return entered.consultation


async def claimed(ctx: Context, actor: Actor, consultation: Consultation) -> int:
    """The task of this consultation, taken by a librarian; the claim's number."""
    return await claim_task(ctx, actor, consultation.task_id)

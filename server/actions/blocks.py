"""Managers look at every block (R-LIVE.3), at records that were never written, and at the audit trail."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from server.actions.access import audit
from server.actions.desks import access_desk
from server.actions.sent_files import uncounted_files
from server.context import Context
from server.domain.accounts import Account
from server.domain.audits import AuditLine
from server.domain.boards import OverdueLine
from server.domain.desks import Desk, Library
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.permissions import Actor, Verb, demand, library_scopes
from server.store.accounts import account_by_id, accounts_by_ids
from server.store.audits import audit_lines
from server.store.blocks import Block, block_by_id, blocks_in, review
from server.store.boards import overdue_wrap_ups
from server.store.libraries import desks_by_ids, libraries_by_ids

PAGE = 50
VERDICTS = ("upheld", "lifted")
_PERSON = "account:"
LAST = "~"  # sorts after every id: begin with the newest


@dataclass(frozen=True, slots=True)
class BlockView:
    """A block with the desk where it happened and the librarian who set it."""

    block: Block
    desk: Desk
    blocked_by: str
    reviewed_by: str


async def list_blocks(ctx: Context, actor: Actor, *, reviewed: bool, before: str = "") -> list[BlockView]:
    """Blocks that wait for review, or those reviewed, newest first; one more than a page shows."""
    demand(actor, Verb.REVIEW_BLOCK)
    scope = library_scopes(actor, Verb.REVIEW_BLOCK)
    found = await blocks_in(ctx.db.read, scope, reviewed=reviewed, before=before or LAST, limit=PAGE + 1)
    desks = await desks_by_ids(ctx.db.read, list({block.desk_id for block in found}))
    return [
        BlockView(
            block,
            desks[block.desk_id],
            await _name(ctx, block.blocked_by),
            await _name(ctx, block.reviewed_by),
        )
        for block in found
    ]


async def review_block(ctx: Context, actor: Actor, block_id: str, verdict: str) -> None:
    """Uphold or lift a block. Raises NotFound, Invalid, Conflict ``block_reviewed``."""
    block = await block_by_id(ctx.db.read, block_id)
    if block is None:
        raise NotFound("block_not_found")
    await access_desk(ctx, actor, block.desk_id, Verb.REVIEW_BLOCK)
    if verdict not in VERDICTS:
        raise Invalid("choice_wrong", "verdict", choices=", ".join(VERDICTS), text=verdict)
    async with ctx.transaction() as tx:
        if not await review(tx, block.id, verdict=verdict, by=actor.account_id, at=ctx.clock.now()):
            raise Conflict("block_reviewed")
        await audit(ctx, tx, actor, f"block.{verdict}", block.id)


async def list_overdue(ctx: Context, actor: Actor, *, after: datetime) -> list[OverdueLine]:
    """Sessions whose record is overdue: nobody else asks for it any more (R-LIVE.5)."""
    demand(actor, Verb.KEEP_DESK)
    scope = library_scopes(actor, Verb.KEEP_DESK)
    lines = await overdue_wrap_ups(ctx.db.read, scope, ctx.clock.now(), after=after, limit=PAGE + 1)
    files = await uncounted_files(ctx, [line.session_id for line in lines])
    return [replace(line, files=tuple(files[line.session_id])) for line in lines]


async def list_audit(ctx: Context, actor: Actor, search: str, *, before: str = "") -> list[AuditLine]:
    """The audit trail of the actor's libraries, newest first; one more than a page shows.

    Their people's deeds are in it, and whoever else read their readers' conversations or changed what is theirs.
    """
    demand(actor, Verb.READ_AUDIT)
    scope = library_scopes(actor, Verb.READ_AUDIT)
    return await audit_lines(
        ctx.db.read, scope, search=search.strip()[:100], before=before or LAST, limit=PAGE + 1
    )


async def subjects_of(ctx: Context, lines: Sequence[AuditLine]) -> dict[str, Desk | Library | Account]:
    """The desks, libraries and people that these lines are about, by what stands in the lines."""
    ids = [line.subject for line in lines]
    people = [each.removeprefix(_PERSON) for each in ids if each.startswith(_PERSON)]
    known: dict[str, Desk | Library | Account] = {}
    known |= await desks_by_ids(ctx.db.read, ids)
    known |= await libraries_by_ids(ctx.db.read, ids)
    known |= {_PERSON + key: one for key, one in (await accounts_by_ids(ctx.db.read, people)).items()}
    return known


async def _name(ctx: Context, account_id: str) -> str:
    account = await account_by_id(ctx.db.read, account_id) if account_id else None
    return account.name if account else ""

"""Records that are owed: asked for at every log-in once they are overdue, then the manager's (R-LIVE.5)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from server.actions.links import address_of
from server.actions.mails import new_mail, write_mails
from server.context import Context
from server.domain.accounts import Account
from server.domain.chat import ChatSession, State
from server.domain.desks import Desk
from server.domain.events import BoardChanged
from server.domain.policies import ChatPolicy
from server.store.accounts import accounts_by_ids, managers_by_library
from server.store.chat import sessions_by_ids
from server.store.dues import Due
from server.store.duty import bump_versions
from server.store.libraries import desks_by_ids
from server.store.mails import Mail
from server.store.policies import policy_at
from server.store.rows import Transaction
from server.words.times import dated_moment


async def ask_for_wrap_ups(ctx: Context, tx: Transaction, dues: Sequence[Due]) -> dict[str, datetime]:
    """Records are overdue: consoles ask from now on; where that has not helped, managers are mailed once.

    Says when each comes to the managers. (Due ``wrap_up``.)
    """
    sessions = await sessions_by_ids(tx, [due.subject_id for due in dues])
    now, policies = ctx.clock.now(), dict[str, ChatPolicy]()
    managers_at: dict[str, datetime] = {}
    owed = [session for session in sessions if session.state is State.WRAPPING_UP]
    for session in owed:
        if session.library_id not in policies:
            policies[session.library_id] = await policy_at(tx, session.library_id, now)
        hours = policies[session.library_id].wrap_up_manager_hours
        managers_at[session.id] = (session.wrap_up_due_at or now) + timedelta(hours=hours)
    for changed in await bump_versions(tx, {session.staff_id for session in owed}, "wrap_up"):
        tx.announce(changed)
    for desk_id in sorted({session.desk_id for session in owed}):
        tx.announce(BoardChanged(desk_id))
    await _tell_managers(ctx, tx, [session for session in owed if managers_at[session.id] <= now])
    return {session_id: at for session_id, at in managers_at.items() if at > now}


async def ask_for_wrap_up(ctx: Context, tx: Transaction, due: Due) -> datetime | None:
    """The same for one."""
    return (await ask_for_wrap_ups(ctx, tx, [due])).get(due.subject_id)


async def _tell_managers(ctx: Context, tx: Transaction, owed: Sequence[ChatSession]) -> None:
    if not owed:
        return
    desks = await desks_by_ids(tx, sorted({session.desk_id for session in owed}))
    staff = await accounts_by_ids(tx, {session.staff_id for session in owed})
    managers = await managers_by_library(tx)
    await write_mails(
        ctx,
        tx,
        [
            _overdue(ctx, session, manager, desks.get(session.desk_id), staff.get(session.staff_id))
            for session in owed
            for manager in managers.get(session.library_id, managers.get("", []))
        ],
    )


def _overdue(
    ctx: Context, session: ChatSession, manager: Account, desk: Desk | None, staff: Account | None
) -> Mail:
    language, ended = manager.language, session.ended_at or ctx.clock.now()
    name = (desk.name_zh if language == "zh" else desk.name_en) if desk else ""
    return new_mail(
        ctx,
        template="wrap_up_overdue_manager",
        recipient=manager.mail,
        language=language,
        data={
            "staff": staff.name if staff else "",
            "desk": name,
            "ended": dated_moment(ended, ZoneInfo(ctx.settings.zone), language),
            "link": address_of(ctx, "/manage/reviews/records"),
        },
        event_key=f"wrap_up:{session.id}:{manager.id}",
    )

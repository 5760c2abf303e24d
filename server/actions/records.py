"""Records that are owed: asked for at every log-in once they are overdue, then the manager's (R-LIVE.5)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from server.actions.links import address_of
from server.actions.mails import write_mail
from server.context import Context
from server.domain.chat import ChatSession, State
from server.domain.events import BoardChanged
from server.store.accounts import account_by_id, managers_of
from server.store.chat import session_by_id
from server.store.dues import Due
from server.store.duty import bump_version
from server.store.libraries import desk_by_id
from server.store.policies import policy_at
from server.store.rows import Transaction
from server.words.times import moment


async def ask_for_wrap_up(ctx: Context, tx: Transaction, due: Due) -> datetime | None:
    """The record is overdue: the console asks from now on; when that has not helped, the manager is mailed once.

    Says when it comes to the manager. (Due ``wrap_up``.)
    """
    session = await session_by_id(tx, due.subject_id)
    if session is None or session.state is not State.WRAPPING_UP or session.wrap_up_due_at is None:
        return None
    policy = await policy_at(tx, session.library_id, ctx.clock.now())
    managers_at = session.wrap_up_due_at + timedelta(hours=policy.wrap_up_manager_hours)
    tx.announce(await bump_version(tx, session.staff_id, "wrap_up"))
    tx.announce(BoardChanged(session.desk_id))
    if ctx.clock.now() < managers_at:
        return managers_at
    await _tell_managers(ctx, tx, session)
    return None


async def _tell_managers(ctx: Context, tx: Transaction, session: ChatSession) -> None:
    desk = await desk_by_id(tx, session.desk_id)
    staff = await account_by_id(tx, session.staff_id)
    for manager in await managers_of(tx, session.library_id):
        language = manager.language
        name = (desk.name_zh if language == "zh" else desk.name_en) if desk else ""
        ended = session.ended_at or ctx.clock.now()
        await write_mail(
            ctx,
            tx,
            template="wrap_up_overdue_manager",
            recipient=manager.mail,
            language=language,
            data={
                "staff": staff.name if staff else "",
                "desk": name,
                "ended": moment(ended, ZoneInfo(ctx.settings.zone), language, ctx.clock.now()),
                "link": address_of(ctx, "/manage/reviews/records"),
            },
            event_key=f"wrap_up:{session.id}:{manager.id}",
        )

"""Puts the demo alliance into an empty database, once, and lets it work its task pool."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from server.actions.calendar import begin_missing_years
from server.actions.passwords import passwords_of
from server.context import Context
from server.demo.borrowing import play_orders
from server.demo.cast import mail_of, put_alliance, read_alliance
from server.demo.loans import put_loans
from server.demo.records import put_records
from server.demo.requests import play_requests, settle_questions
from server.demo.talks import put_talks
from server.store.libraries import library_by_slug

PASSWORD = "shuqiao-demo"
_FIRST = "zslib"


@dataclass(frozen=True, slots=True)
class LogIn:
    """Somebody whom one can be in the demo."""

    mail: str
    name: str
    role: str
    library_zh: str
    library_en: str


async def seed(ctx: Context) -> bool:
    """Put everything in, then play the pool; False when it is there already."""
    if await library_by_slug(ctx.db.read, _FIRST) is not None:
        return False
    password_hash = await passwords_of(ctx).hash(PASSWORD)
    now = ctx.clock.now()
    async with ctx.db.transaction() as tx:
        if await library_by_slug(tx, _FIRST) is not None:
            return False
        cast = await put_alliance(ctx, tx, password_hash, now)
        await put_talks(ctx, tx, cast, now, ZoneInfo(ctx.settings.zone))
    await begin_missing_years(ctx)
    await put_records(ctx, cast)
    await put_loans(ctx, cast, now)
    await settle_questions(ctx, cast, now)
    await play_requests(ctx, cast, now)
    await play_orders(ctx, cast, now)
    return True


def log_ins() -> list[LogIn]:
    """The log-ins worth showing, one for each role."""
    alliance = read_alliance()
    libraries = {table["slug"]: table for table in alliance["library"]}
    return [
        LogIn(
            mail=mail_of(table["key"]),
            name=table["name"],
            role=table.get("role", "reader"),
            library_zh=libraries[table["library"]]["name_zh"],
            library_en=libraries[table["library"]]["name_en"],
        )
        for table in (*alliance["person"], *alliance["reader"])
        if table.get("shown")
    ]

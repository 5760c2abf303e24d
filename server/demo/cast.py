"""Who and what the demo alliance consists of, read from ``alliance.toml`` and put into the database."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

from server.context import Context
from server.domain.accounts import Account, AccountState
from server.domain.desks import Desk, DeskGroup, Library
from server.domain.duty import topics_for
from server.domain.hours import Closure, Shift, Shifts, parse_shifts
from server.domain.permissions import ANSWERING, Grant, Role, ScopeKind
from server.domain.phrases import Level, Phrase
from server.domain.policies import ChatPolicy, PolicyEntry
from server.store.accounts import add_grant, insert_account
from server.store.groups import save_group
from server.store.hours import replace_week, save_closure
from server.store.libraries import save_desk, save_library
from server.store.phrases import save_phrase
from server.store.policies import add_entry
from server.store.postings import open_duty, post_to_desk
from server.store.rows import Transaction

DOMAIN = "example.org"  # RFC 2606: nobody's mail
AGE = timedelta(days=40)  # since when the alliance is there
Table = Mapping[str, Any]


@dataclass(slots=True)
class Cast:
    """What was put in, by the short names of the file."""

    libraries: dict[str, Library] = field(default_factory=dict)
    desks: dict[str, Desk] = field(default_factory=dict)
    weeks: dict[str, tuple[Shifts, ...]] = field(default_factory=dict)
    people: dict[str, Account] = field(default_factory=dict)
    posted: dict[str, list[str]] = field(default_factory=dict)  # who answers at a desk
    capacities: dict[str, int] = field(default_factory=dict)  # the usual ones, by library where they differ


def read_alliance() -> dict[str, list[Table]]:
    """The file's tables."""
    return tomllib.loads(files("server.demo").joinpath("alliance.toml").read_text("utf-8"))


def mail_of(key: str) -> str:
    """The log-in of somebody in the file."""
    return f"{key}@{DOMAIN}"


async def put_alliance(ctx: Context, tx: Transaction, password_hash: str, now: datetime) -> Cast:
    """Put libraries, desks, people, policies and phrases in; everybody has the same password."""
    alliance, cast, since = read_alliance(), Cast(), now - AGE
    for table in alliance["library"]:
        library = cast.libraries[table["slug"]] = _library(ctx, table, now, since)
        await save_library(tx, library)
        await _put_desk(ctx, tx, cast, {**table, "library": table["slug"]}, since)
    for table in alliance["desk"]:
        await _put_desk(ctx, tx, cast, table, since)
    for table in alliance["group"]:
        desk_ids = tuple(cast.desks[slug].id for slug in table["desks"])
        await save_group(tx, DeskGroup(ctx.ids.new(), table["name_zh"], table["name_en"], desk_ids))
    for table in alliance["policy"]:
        if table["name"] == "default_capacity":
            cast.capacities[table.get("library", "")] = table["value"]
    for table in (*alliance["person"], *alliance["reader"]):
        await _put_person(ctx, tx, cast, table, _account(ctx, cast, table, password_hash, since))
    for table in alliance["policy"]:
        library_id = cast.libraries[table["library"]].id if "library" in table else ""
        admin = cast.people["admin"].id
        await add_entry(
            tx, PolicyEntry(ctx.ids.new(), library_id, table["name"], table["value"], since, admin)
        )
    for table in alliance["phrase"]:
        await save_phrase(tx, _phrase(ctx, cast, table, since))
    await save_closure(tx, _closure(ctx, cast, now))
    return cast


def _library(ctx: Context, table: Table, now: datetime, since: datetime) -> Library:
    return Library(
        id=ctx.ids.new(),
        slug=table["slug"],
        kind=table["kind"],
        name_zh=table["name_zh"],
        name_en=table["name_en"],
        city=table["city"],
        address=table["address"],
        phone="",
        website=f"https://{table['slug']}.{DOMAIN}",
        card_zh=table["card_zh"],
        card_en=table["card_en"],
        card_checked_at=now - timedelta(days=3 + len(table["slug"])),
        created_at=since,
    )


async def _put_desk(ctx: Context, tx: Transaction, cast: Cast, table: Table, since: datetime) -> None:
    slug = table["slug"]
    own = slug == table["library"]
    desk = cast.desks[slug] = Desk(
        id=ctx.ids.new(),
        library_id=cast.libraries[table["library"]].id,
        slug=slug,
        name_zh=table["name_zh"] + ("咨询台" if own else ""),
        name_en=f"Desk of {table['name_en']}" if own else table["name_en"],
        greeting_zh=table["greeting_zh"],
        greeting_en=table["greeting_en"],
        mail=mail_of(f"desk.{slug}"),
        colour=table["colour"],
        position="right",
        language="zh",
        origins=(f"https://{slug}.{DOMAIN}",),
        open=True,
        created_at=since,
    )
    cast.weeks[slug] = _week(table)
    await save_desk(tx, desk)
    await replace_week(tx, desk.id, cast.weeks[slug])


def _week(table: Table) -> tuple[Shifts, ...]:
    weekday, saturday, sunday = (parse_shifts(text, field="hours") for text in table["hours"])
    week = [weekday] * 5 + [saturday, sunday]
    if "closed_weekday" in table:
        week[table["closed_weekday"]] = ()
    return tuple(week)


def _account(ctx: Context, cast: Cast, table: Table, password_hash: str, since: datetime) -> Account:
    library = cast.libraries[table["library"]]
    return Account(
        id=ctx.ids.new(),
        mail=mail_of(table["key"]),
        name=table["name"],
        password_hash=password_hash,
        library_id=library.id,
        language=table.get("language", "zh"),
        card_number="" if "role" in table else f"D{library.slug.upper()}-{len(cast.people):04d}",
        state=AccountState.ACTIVE,
        verified_at=since,
        large_type=table.get("large_type", False),
        created_at=since,
    )


async def _put_person(ctx: Context, tx: Transaction, cast: Cast, table: Table, account: Account) -> None:
    cast.people[table["key"]] = account
    await insert_account(tx, account)
    if "role" not in table:
        return
    role, wide = Role(table["role"]), table.get("alliance", False)
    scope = ScopeKind.ALLIANCE if wide else ScopeKind.LIBRARY
    grant = Grant(role, scope, "" if wide else account.library_id)
    at = account.created_at
    await add_grant(tx, account.id, grant, grant_id=ctx.ids.new(), by="", at=at)
    if role not in ANSWERING:
        return
    languages = table.get("languages", "zh")
    await open_duty(
        tx,
        account.id,
        role=str(role),
        library_id=account.library_id,
        capacity=cast.capacities.get(table["library"], ChatPolicy().default_capacity),
        topics=topics_for(role),
        languages=languages,
        at=at,
    )
    for slug in table.get("desks", [table["library"]]):
        await post_to_desk(tx, cast.desks[slug].id, account.id)
        if role is Role.LIBRARIAN:
            cast.posted.setdefault(slug, []).append(table["key"])


def _phrase(ctx: Context, cast: Cast, table: Table, since: datetime) -> Phrase:
    level = Level(table["level"])
    owner = ""
    if level is Level.LIBRARY:
        owner = cast.libraries[table["owner"]].id
    elif level is Level.PERSONAL:
        owner = cast.people[table["owner"]].id
    return Phrase(
        ctx.ids.new(), level, owner, table["shortcut"], table["text_zh"], table.get("text_en", ""), since
    )


def _closure(ctx: Context, cast: Cast, now: datetime) -> Closure:
    """A day to come on which one desk keeps other hours, so that managers find an example."""
    day = (now + timedelta(days=9)).date()
    desk, morning = cast.desks["gzlib"], (Shift(9 * 60, 12 * 60),)
    return Closure(
        ctx.ids.new(), desk.id, day, morning, "消防演练，下午闭台", "Fire drill, closed in the afternoon"
    )

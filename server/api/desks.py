"""Endpoints about desks: what readers see, and to whom a conversation may be passed on."""

from server.actions.desks import DeskInfo, find_desks, show_desk, zone_of
from server.actions.staff import list_colleagues
from server.api.routes import ApiRequest, Endpoint
from server.api.views import maybe, names
from server.context import Context
from server.domain.chat import Topic
from server.domain.permissions import Verb
from server.wire import bodies, desk_bodies
from server.words.catalogue import text
from server.words.times import hours_text, moment


async def show(r: ApiRequest) -> desk_bodies.DeskInfoView:
    """What a reader is told at the desk's door."""
    return desk_info_view(r.ctx, await show_desk(r.ctx, r.path["slug"], r.actor))


async def find(r: ApiRequest) -> desk_bodies.DeskChoices:
    """Desks whose name, library or city holds the search text."""
    found = await find_desks(r.ctx, r.actor, r.query.get("query", "")[:100], after=r.query.get("after", ""))
    return desk_bodies.DeskChoices(
        [
            desk_bodies.DeskChoice(
                desk.id,
                desk.slug,
                names(desk.name_zh, desk.name_en),
                names(library.name_zh, library.name_en),
                library.city,
            )
            for desk, library in found
        ]
    )


async def colleagues(r: ApiRequest) -> desk_bodies.StaffChoices:
    """Who answers at a desk, or at one's own library."""
    lines = await list_colleagues(
        r.ctx, r.actor, desk_id=r.query.get("desk", ""), name=r.query.get("name", "").strip()[:60]
    )
    return desk_bodies.StaffChoices(
        [
            desk_bodies.StaffChoice(
                line.id,
                line.name,
                names(line.library_zh, line.library_en),
                line.availability,
                line.present,
                line.load,
                line.capacity,
            )
            for line in lines
            if line.id != r.actor.account_id
        ]
    )


def desk_info_view(ctx: Context, info: DeskInfo) -> desk_bodies.DeskInfoView:
    """A desk in both languages, with the alliance's own words where it has some."""
    desk, library, special = info.desk, info.library, info.hours.days.get(info.today)
    return desk_bodies.DeskInfoView(
        slug=desk.slug,
        name=names(desk.name_zh, desk.name_en),
        library=desk_bodies.LibraryNames(names(library.name_zh, library.name_en)),
        greeting=names(
            desk.greeting_zh or text("desk.greeting", "zh", library=library.name_zh),
            desk.greeting_en or text("desk.greeting", "en", library=library.name_en),
        ),
        colour=desk.colour,
        position=desk.position,
        language=desk.language,
        topics=[desk_bodies.TopicView(str(topic), _both(f"topic.{topic}")) for topic in Topic],
        scope=_worded(info, "scope"),
        privacy=_worded(info, "privacy"),
        on_duty=info.on_duty,
        on_duty_for={language: [*map(str, topics)] for language, topics in info.on_duty_for.items()},
        open_now=info.open_now,
        hours_text=names(hours_text(info.hours.week, "zh"), hours_text(info.hours.week, "en")),
        next_open=maybe(info.next_open),
        next_open_text=names(_next(ctx, info, "zh"), _next(ctx, info, "en")),
        closed=None if desk.open else _both("refusal.desk_closed"),
        notice=names(special.note_zh, special.note_en) if special and special.note_zh else None,
        upload_limit=ctx.settings.upload_limit,
        message_limit=info.policy.message_characters,
    )


def _next(ctx: Context, info: DeskInfo, language: str) -> str:
    if info.next_open is None:
        return ""
    return moment(info.next_open, zone_of(ctx), language, ctx.clock.now())


def _worded(info: DeskInfo, notice: str) -> bodies.Names:
    """A notice in the alliance's or library's words, else in ours."""
    values = {"days": info.policy.transcript_days, "documents": info.policy.documents_per_session}
    zh, en = (
        info.texts.get(f"{notice}_{language}") or text(f"desk.{notice}", language, **values)
        for language in ("zh", "en")
    )
    return names(zh, en)


def _both(key: str) -> bodies.Names:
    return names(text(key, "zh"), text(key, "en"))


ENDPOINTS = [
    Endpoint(
        "GET",
        "/api/desks/{slug}",
        Verb.ENTER,
        show,
        "A desk as its readers see it (R-LIVE.1, R-LIVE.2)",
        answer=desk_bodies.DeskInfoView,
        cross_origin=True,
        errors=("desk_not_found",),
    ),
    Endpoint(
        "GET",
        "/api/desks",
        Verb.USE_PHRASES,
        find,
        "Desks of the alliance to pass a conversation on to",
        answer=desk_bodies.DeskChoices,
    ),
    Endpoint(
        "GET",
        "/api/staff",
        Verb.USE_PHRASES,
        colleagues,
        "Colleagues who take conversations",
        answer=desk_bodies.StaffChoices,
    ),
]

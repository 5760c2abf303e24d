"""Endpoints for managers: libraries, desks, hours, policies, groups, staff at desks, blocks, audit."""

from typing import Any

from msgspec import to_builtins

from server.actions.blocks import PAGE, list_audit, list_blocks, review_block
from server.actions.desks import access_desk, change_desk, list_desks, open_desk
from server.actions.hours import drop_closure, list_closures, set_closure, set_week, show_hours
from server.actions.libraries import (
    access_library,
    admit_library,
    change_library,
    drop_group,
    keep_group,
    list_groups,
    list_libraries,
)
from server.actions.policies import list_policies, set_policy
from server.actions.staff import set_desks
from server.api import manage_views as views
from server.api.routes import ApiRequest, Endpoint
from server.domain.forms import Form
from server.domain.permissions import Verb
from server.wire import manage_bodies as b


async def libraries(r: ApiRequest) -> b.LibraryViews:
    found = await list_libraries(r.ctx, r.actor, _search(r), after=r.query.get("after", ""))
    return b.LibraryViews([views.library_view(library) for library in found[:PAGE]], len(found) > PAGE)


async def library(r: ApiRequest) -> b.LibraryView:
    return views.library_view(await access_library(r.ctx, r.actor, r.path["id"]))


async def admit(r: ApiRequest) -> b.LibraryView:
    return views.library_view(await admit_library(r.ctx, r.actor, form=_form(r.body)))


async def put_library(r: ApiRequest) -> b.LibraryView:
    return views.library_view(await change_library(r.ctx, r.actor, r.path["id"], form=_form(r.body)))


async def desks(r: ApiRequest) -> b.DeskSettingsViews:
    found = await list_desks(r.ctx, r.actor, _search(r), after=r.query.get("after", ""))
    return b.DeskSettingsViews([views.desk_view(desk) for desk in found[:PAGE]], len(found) > PAGE)


async def desk(r: ApiRequest) -> b.DeskSettingsView:
    return views.desk_view(await access_desk(r.ctx, r.actor, r.path["id"]))


async def post_desk(r: ApiRequest) -> b.DeskSettingsView:
    return views.desk_view(await open_desk(r.ctx, r.actor, r.path["id"], form=_form(r.body)))


async def put_desk(r: ApiRequest) -> b.DeskSettingsView:
    return views.desk_view(await change_desk(r.ctx, r.actor, r.path["id"], form=_form(r.body)))


async def hours(r: ApiRequest) -> b.HoursView:
    desk_id = r.path["id"]
    week = (await show_hours(r.ctx, r.actor, desk_id)).week
    return views.hours_view(week, await list_closures(r.ctx, r.actor, desk_id))


async def put_hours(r: ApiRequest) -> b.HoursView:
    body: b.KeepWeek = r.body
    form = Form({f"day{weekday}": shifts for weekday, shifts in enumerate(body.days)})
    week = await set_week(r.ctx, r.actor, r.path["id"], form=form)
    return views.hours_view(week, await list_closures(r.ctx, r.actor, r.path["id"]))


async def closures(r: ApiRequest) -> list[b.ClosureView]:
    found = await list_closures(r.ctx, r.actor, r.query.get("desk", ""))
    return [views.closure_view(closure) for closure in found]


async def post_closure(r: ApiRequest) -> b.ClosureView:
    body: b.KeepClosure = r.body
    return views.closure_view(await set_closure(r.ctx, r.actor, body.desk_id, form=_form(body)))


async def delete_closure(r: ApiRequest) -> dict[str, str]:
    await drop_closure(r.ctx, r.actor, r.path["id"])
    return {}


async def policies(r: ApiRequest) -> b.Policies:
    lines = await list_policies(r.ctx, r.actor, r.query.get("library", ""))
    return b.Policies([views.policy_view(line) for line in lines])


async def post_policy(r: ApiRequest) -> b.Policies:
    body: b.SetPolicy = r.body
    await set_policy(r.ctx, r.actor, body.library_id, form=_form(body))
    lines = await list_policies(r.ctx, r.actor, body.library_id)
    return b.Policies([views.policy_view(line) for line in lines])


async def groups(r: ApiRequest) -> b.Groups:
    return b.Groups([views.group_view(group) for group in await list_groups(r.ctx, r.actor)])


async def post_group(r: ApiRequest) -> b.GroupView:
    body: b.KeepGroup = r.body
    form = Form({"name_zh": body.name_zh, "name_en": body.name_en})
    group_id = r.path.get("id", "")
    return views.group_view(await keep_group(r.ctx, r.actor, group_id, form=form, desk_ids=body.desk_ids))


async def delete_group(r: ApiRequest) -> dict[str, str]:
    await drop_group(r.ctx, r.actor, r.path["id"])
    return {}


async def put_staff_desks(r: ApiRequest) -> b.SetDesks:
    kept = await set_desks(r.ctx, r.actor, r.path["id"], r.body.desk_ids)
    return b.SetDesks([desk.id for desk in kept])


async def blocks(r: ApiRequest) -> b.Blocks:
    reviewed = r.query.get("reviewed") == "true"
    found = await list_blocks(r.ctx, r.actor, reviewed=reviewed, before=r.query.get("before", ""))
    return b.Blocks([views.block_view(block) for block in found[:PAGE]], len(found) > PAGE)


async def post_review(r: ApiRequest) -> dict[str, str]:
    await review_block(r.ctx, r.actor, r.path["id"], r.body.verdict)
    return {}


async def audit(r: ApiRequest) -> b.Audit:
    found = await list_audit(r.ctx, r.actor, _search(r), before=r.query.get("before", ""))
    return b.Audit([views.audit_view(line) for line in found[:PAGE]], len(found) > PAGE)


def _search(r: ApiRequest) -> str:
    return r.query.get("query", "")[:100]


def _form(body: Any) -> Form:
    """A body as a form: the same rules judge what comes from a page and from a program."""
    values = to_builtins(body)
    return Form({name: _text(value) for name, value in values.items()})


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "\n".join(value) if isinstance(value, list) else str(value)


_M = "/api/manage"
_NOTHING = dict[str, str]
ENDPOINTS = [
    Endpoint(
        "GET", f"{_M}/libraries", Verb.KEEP_LIBRARIES, libraries, "Libraries one keeps", None, b.LibraryViews
    ),
    Endpoint(
        "POST",
        f"{_M}/libraries",
        Verb.KEEP_LIBRARIES,
        admit,
        "Admit a library",
        b.KeepLibrary,
        b.LibraryView,
        201,
    ),
    Endpoint("GET", f"{_M}/libraries/{{id}}", Verb.KEEP_LIBRARIES, library, "A library", None, b.LibraryView),
    Endpoint(
        "PUT",
        f"{_M}/libraries/{{id}}",
        Verb.KEEP_LIBRARIES,
        put_library,
        "Change it",
        b.KeepLibrary,
        b.LibraryView,
    ),
    Endpoint(
        "POST",
        f"{_M}/libraries/{{id}}/desks",
        Verb.KEEP_DESK,
        post_desk,
        "Set up a desk of a library",
        b.KeepDesk,
        b.DeskSettingsView,
        201,
    ),
    Endpoint("GET", f"{_M}/desks", Verb.KEEP_DESK, desks, "Desks one keeps", None, b.DeskSettingsViews),
    Endpoint(
        "GET", f"{_M}/desks/{{id}}", Verb.KEEP_DESK, desk, "A desk's settings", None, b.DeskSettingsView
    ),
    Endpoint(
        "PUT", f"{_M}/desks/{{id}}", Verb.KEEP_DESK, put_desk, "Change a desk", b.KeepDesk, b.DeskSettingsView
    ),
    Endpoint("GET", f"{_M}/desks/{{id}}/hours", Verb.KEEP_DESK, hours, "A desk's hours", None, b.HoursView),
    Endpoint(
        "PUT",
        f"{_M}/desks/{{id}}/hours",
        Verb.KEEP_DESK,
        put_hours,
        "Set a desk's week",
        b.KeepWeek,
        b.HoursView,
    ),
    Endpoint("GET", f"{_M}/closures", Verb.KEEP_DESK, closures, "Coming closures", None, list[b.ClosureView]),
    Endpoint(
        "POST", f"{_M}/closures", Verb.KEEP_DESK, post_closure, "Set a day", b.KeepClosure, b.ClosureView, 201
    ),
    Endpoint(
        "DELETE", f"{_M}/closures/{{id}}", Verb.KEEP_DESK, delete_closure, "Unset a day", None, _NOTHING
    ),
    Endpoint("GET", f"{_M}/policies", Verb.KEEP_POLICIES, policies, "Policy values", None, b.Policies),
    Endpoint(
        "POST", f"{_M}/policies", Verb.KEEP_POLICIES, post_policy, "Set a value", b.SetPolicy, b.Policies, 201
    ),
    Endpoint("GET", f"{_M}/groups", Verb.KEEP_DESK, groups, "Groups of desks", None, b.Groups),
    Endpoint(
        "POST", f"{_M}/groups", Verb.KEEP_DESK, post_group, "Form a group", b.KeepGroup, b.GroupView, 201
    ),
    Endpoint("PUT", f"{_M}/groups/{{id}}", Verb.KEEP_DESK, post_group, "Change it", b.KeepGroup, b.GroupView),
    Endpoint("DELETE", f"{_M}/groups/{{id}}", Verb.KEEP_DESK, delete_group, "Dissolve it", None, _NOTHING),
    Endpoint(
        "PUT",
        f"{_M}/staff/{{id}}/desks",
        Verb.KEEP_STAFF,
        put_staff_desks,
        "Where somebody answers",
        b.SetDesks,
        b.SetDesks,
    ),
    Endpoint("GET", f"{_M}/blocks", Verb.REVIEW_BLOCK, blocks, "Blocks to review", None, b.Blocks),
    Endpoint(
        "POST",
        f"{_M}/blocks/{{id}}/review",
        Verb.REVIEW_BLOCK,
        post_review,
        "Uphold or lift",
        b.Review,
        _NOTHING,
    ),
    Endpoint("GET", f"{_M}/audit", Verb.READ_AUDIT, audit, "The audit trail (R-LIVE.6)", None, b.Audit),
]

"""Endpoints of stacks: watch a device, pause it, settle what it said, take its commands over (docs/stack.md)."""

from server.actions import stack, stack_screen
from server.api.routes import ApiRequest, Endpoint
from server.api.stack_views import detail_view, figures_view, pictured_view
from server.domain.permissions import Verb
from server.wire import stack_bodies as b


async def stacks(r: ApiRequest) -> b.Stacks:
    views = await stack.devices_view(r.ctx, r.actor)
    today = await stack_screen.stacks_today(r.ctx, views)
    pictures = await stack_screen.stack_pictures(r.ctx, views)
    return b.Stacks([pictured_view(v, today[v.device.id], pictures[v.device.id]) for v in views])


async def detail(r: ApiRequest) -> b.StackDetail:
    return detail_view(await stack_screen.stack_screen(r.ctx, r.actor, r.path["id"]))


async def figures(r: ApiRequest) -> b.FiguresView:
    return figures_view(await stack_screen.stack_figures(r.ctx, r.actor, r.path["id"]))


async def pause(r: ApiRequest) -> b.Done:
    await stack.pause_device(r.ctx, r.actor, r.path["id"], r.body.reason)
    return {}


async def resume(r: ApiRequest) -> b.Done:
    await stack.resume_device(r.ctx, r.actor, r.path["id"], r.body.reason)
    return {}


async def compare(r: ApiRequest) -> b.Done:
    await stack.compare_now(r.ctx, r.actor, r.path["id"])
    return {}


async def settle(r: ApiRequest) -> b.Done:
    await stack.settle_dead_letter(r.ctx, r.actor, r.path["id"], r.body.note)
    return {}


async def take_over(r: ApiRequest) -> b.Done:
    await stack.take_over(r.ctx, r.actor, r.path["id"], r.body.outcome, r.body.reason)
    return {}


_S, _SEE, _DO = "/api/stacks/{id}", Verb.WATCH_STACK, Verb.OPERATE_STACK
_GONE = ("stack_not_found",)
_LETTER = ("letter_not_found", "letter_settled")
_COMMAND = ("command_not_found", "command_settled", "choice_wrong", "field_required")
ENDPOINTS = [
    Endpoint("GET", "/api/stacks", _SEE, stacks, "The stacks that one may watch", answer=b.Stacks),
    Endpoint("GET", _S, _SEE, detail, "Everything about a stack", answer=b.StackDetail, errors=_GONE),
    Endpoint(
        "GET",
        f"{_S}/figures",
        _SEE,
        figures,
        "Throughput, waiting, accuracy",
        answer=b.FiguresView,
        errors=_GONE,
    ),
    Endpoint("POST", f"{_S}/pause", _DO, pause, "Send it nothing more", b.Why, dict[str, str], errors=_GONE),
    Endpoint("POST", f"{_S}/resume", _DO, resume, "Send again", b.Why, dict[str, str], errors=_GONE),
    Endpoint(
        "POST",
        f"{_S}/compare",
        _DO,
        compare,
        "Compare its list with ours now",
        answer=dict[str, str],
        errors=_GONE,
    ),
    Endpoint(
        "POST",
        "/api/stack-letters/{id}/settle",
        _DO,
        settle,
        "A dead letter has been dealt with",
        b.Note,
        dict[str, str],
        errors=_LETTER,
    ),
    Endpoint(
        "POST",
        "/api/stack-commands/{id}/take-over",
        _DO,
        take_over,
        "People did it in the machine's place, or gave it up",
        b.TakeOver,
        dict[str, str],
        errors=_COMMAND,
    ),
]

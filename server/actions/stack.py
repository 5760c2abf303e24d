"""What an operator sees of the stacks, and does when a machine does not come to an end by itself (docs/stack.md)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from server.actions.access import access_store, audit
from server.actions.open_orders import Fact
from server.actions.orders import absorb, tell
from server.actions.stack_commands import books_follow
from server.context import Context
from server.domain.errors import Conflict, Invalid, NotFound
from server.domain.events import StackPictured, StackWoken
from server.domain.loan_fold import DEVICE
from server.domain.loan_rows import Store
from server.domain.loans import House, OrderEvent
from server.domain.permissions import Actor, Thing, Verb, demand, may
from server.domain.stack import CommandKind, CommandState, EventKind, Liveness
from server.store.orders import line_by_id
from server.store.rows import Reader, Transaction
from server.store.stack_commands import (
    CommandRow,
    cancellation,
    command_by_id,
    count_open,
    insert_commands,
    set_taken_over,
)
from server.store.stack_commands import open_commands as open_command_rows
from server.store.stack_devices import (
    DeviceRow,
    active_devices,
    device_by_id,
    end_pause,
    picture_of,
    set_pause,
    want_comparison,
)
from server.store.stack_events import InboxRow, count_dead, letter_by_id, settle_letter
from server.store.stack_events import dead_letters as dead_letter_rows
from server.store.stack_figures import StackHour, hours_of
from server.store.stack_lists import Difference, count_differences, differences_of
from server.store.stores import store_by_id

MOST = 500
OUTCOMES = {
    CommandKind.RETRIEVE: ("retrieved", "failed"),
    CommandKind.PUT_BACK: ("put_away", "failed"),
    CommandKind.CANCEL: ("cancelled", "failed"),
}


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device as its operator sees it. ``age`` in seconds since it was heard; None: never."""

    device: DeviceRow
    store: Store
    state: Liveness
    age: float | None
    served: bool  # a process speaks with it
    open: int
    unsure: int
    dead: int
    differences: int


async def access_device(db: Reader, actor: Actor, device_id: str, verb: Verb) -> DeviceRow:
    """The device of a store that the actor's grants reach. Raises NotFound for what is not and not theirs alike."""
    device = await device_by_id(db, device_id)
    if device is None:
        raise NotFound("stack_not_found")
    try:
        await access_store(db, actor, device.store_id, verb)
    except NotFound:
        raise NotFound("stack_not_found") from None
    return device


async def devices_view(ctx: Context, actor: Actor) -> list[DeviceView]:
    """The stacks that the actor may watch, each with how it is and what waits for people."""
    demand(actor, Verb.WATCH_STACK)
    db, now = ctx.db.read, ctx.clock.now()
    found: list[tuple[DeviceRow, Store]] = []
    for device in await active_devices(db):
        store = await store_by_id(db, device.store_id)
        if store and may(actor, Verb.WATCH_STACK, Thing(store.library_id, store_id=store.id)):
            found.append((device, store))
    ids = [device.id for device, _ in found]
    commands, dead, differ = (
        await count_open(db, ids),
        await count_dead(db, ids),
        await count_differences(db, ids),
    )
    views = []
    for device, store in found:
        served = device.lease_until_at > now
        by_state = commands[device.id]
        views.append(
            DeviceView(
                device,
                store,
                device.state if served else Liveness.OFFLINE,
                (now - device.heard_at).total_seconds() if device.heard_at else None,
                served,
                sum(by_state.values()) - by_state.get("unsure", 0),
                by_state.get("unsure", 0),
                dead.get(device.id, 0),
                differ.get(device.id, 0),
            )
        )
    return views


async def open_commands(ctx: Context, actor: Actor, device_id: str) -> list[CommandRow]:
    """What a device has to do yet, and what nobody knows to be done, oldest first."""
    await access_device(ctx.db.read, actor, device_id, Verb.WATCH_STACK)
    return await open_command_rows(ctx.db.read, device_id, limit=MOST)


async def dead_letters(ctx: Context, actor: Actor, device_id: str) -> list[InboxRow]:
    """What the device said that nobody understood or believed: alarms first, then the newest."""
    await access_device(ctx.db.read, actor, device_id, Verb.WATCH_STACK)
    return await dead_letter_rows(ctx.db.read, device_id, limit=MOST)


async def differences(ctx: Context, actor: Actor, device_id: str) -> list[Difference]:
    """Where the device's own list and ours disagree."""
    await access_device(ctx.db.read, actor, device_id, Verb.WATCH_STACK)
    return await differences_of(ctx.db.read, device_id, limit=MOST)


async def picture(ctx: Context, actor: Actor, device_id: str) -> tuple[str, datetime | None]:
    """The last picture of the store (JSON, or empty) and when it came; the topic ``stack/<id>`` brings the next."""
    await access_device(ctx.db.read, actor, device_id, Verb.WATCH_STACK)
    return await picture_of(ctx.db.read, device_id)


async def hours(ctx: Context, actor: Actor, device_id: str, *, days: int = 7) -> Sequence[StackHour]:
    """Throughput and waiting time by the hour; hours in which nothing was done are left out."""
    await access_device(ctx.db.read, actor, device_id, Verb.WATCH_STACK)
    return await hours_of(ctx.db.read, device_id, ctx.clock.now() - timedelta(days=min(days, 400)))


async def settle_dead_letter(ctx: Context, actor: Actor, letter_id: str, note: str = "") -> None:
    """Somebody has looked at a dead letter and done what it wanted; ``note`` says what. Raises Conflict where
    somebody had."""
    letter = await letter_by_id(ctx.db.read, letter_id)
    if letter is None:
        raise NotFound("letter_not_found")
    await access_device(ctx.db.read, actor, letter.device_id, Verb.OPERATE_STACK)
    async with ctx.transaction() as tx:
        if not await settle_letter(tx, letter_id, actor.account_id):
            raise Conflict("letter_settled")
        detail = ": ".join(filter(None, (letter.problem, " ".join(note.split())[:300])))
        await audit(ctx, tx, actor, "stack.letter", f"letter:{letter_id}", detail=detail)
        tx.announce(StackPictured(letter.device_id, ""))


async def pause_device(ctx: Context, actor: Actor, device_id: str, reason: str) -> None:
    """Send nothing more until it is resumed; what comes in is kept as ever."""
    device = await access_device(ctx.db.read, actor, device_id, Verb.OPERATE_STACK)
    said = _reason(reason)
    async with ctx.transaction() as tx:
        if await set_pause(tx, device.id, by=actor.account_id, reason=said, now=ctx.clock.now()):
            await audit(ctx, tx, actor, "stack.pause", f"stack:{device.id}", detail=said)
            _wake(tx, device.id)


async def resume_device(ctx: Context, actor: Actor, device_id: str, reason: str = "") -> None:
    """Commands go out again."""
    device = await access_device(ctx.db.read, actor, device_id, Verb.OPERATE_STACK)
    said = " ".join(reason.split())[:300]
    async with ctx.transaction() as tx:
        if await end_pause(tx, device.id):
            await audit(ctx, tx, actor, "stack.resume", f"stack:{device.id}", detail=said)
            _wake(tx, device.id)


async def compare_now(ctx: Context, actor: Actor, device_id: str) -> None:
    """Have the device's own list compared with ours at once, not only at night."""
    device = await access_device(ctx.db.read, actor, device_id, Verb.OPERATE_STACK)
    async with ctx.transaction() as tx:
        await want_comparison(tx, device.id)
        await audit(ctx, tx, actor, "stack.compare", f"stack:{device.id}")
        _wake(tx, device.id)


async def take_over(ctx: Context, actor: Actor, command_id: str, outcome: str, reason: str) -> None:
    """People did by hand what the machine did not (``retrieved``, ``put_away``, ``cancelled``), or gave it up
    (``failed``): another way is then looked for.

    The device is told to let it be. Raises Conflict ``command_settled`` where it has come to an end meanwhile.
    """
    command = await command_by_id(ctx.db.read, command_id)
    if command is None:
        raise NotFound("command_not_found")
    await access_device(ctx.db.read, actor, command.device_id, Verb.OPERATE_STACK)
    if outcome not in OUTCOMES[command.kind]:
        raise Invalid("choice_wrong", "outcome", choices=", ".join(OUTCOMES[command.kind]), text=outcome)
    said, now = _reason(reason), ctx.clock.now()
    state = CommandState.FAILED if outcome == "failed" else CommandState.DONE
    async with ctx.transaction() as tx:
        if command.order_id:
            await _tell_order(ctx, tx, actor, command, {"outcome": outcome, "reason": said})
        if not await set_taken_over(tx, command_id, state, by=actor.account_id, reason=said, now=now):
            raise Conflict("command_settled")
        await books_follow(ctx, tx, [replace(command, state=state)])
        if command.sends and command.kind is not CommandKind.CANCEL:
            await insert_commands(tx, [cancellation(command, ctx.ids.new(), now)])
        await audit(ctx, tx, actor, "stack.take_over", f"command:{command_id}", detail=f"{outcome}: {said}")
        _wake(tx, command.device_id)


async def _tell_order(
    ctx: Context, tx: Transaction, actor: Actor, command: CommandRow, data: dict[str, str]
) -> None:
    """The order goes on from what people did; where it waits for another command by now, it is not concerned."""
    if command.kind is CommandKind.RETRIEVE:
        line = await line_by_id(tx, command.line_id)
        if line is not None and line.command_id == command.id:
            facts = [Fact(House.TAKEN_OVER, (command.line_id,), data, command.id)]
            await tell(ctx, tx, command.order_id, facts, actor=actor)
    elif command.kind is CommandKind.PUT_BACK and data["outcome"] == "put_away":
        facts = [Fact(House.PUT_BACK, (command.line_id,), data, command.id)]
        await tell(ctx, tx, command.order_id, facts, actor=actor)
    elif command.kind is CommandKind.PUT_BACK:
        # Said in the machine's place: the fold takes a putting-back back only on a device's word.
        source = f"{DEVICE}{command.device_id}/hand"
        failed = OrderEvent(
            source,
            str(EventKind.FAILED),
            line_id=command.line_id,
            command_id=command.id,
            body_hash=command.id,
        )
        await absorb(ctx, tx, {command.order_id: [failed]})


def _reason(text: str) -> str:
    said = " ".join(text.split())[:300]
    if not said:
        raise Invalid("field_required", "reason")
    return said


def _wake(tx: Transaction, device_id: str) -> None:
    tx.announce(StackWoken(device_id))
    tx.announce(StackPictured(device_id, ""))

"""Readers, store keepers, a manager and a courier of a day, at the product's own doors; processes may die under them.

A call whose answer was lost is made again, so that "that is done already" (409) and "that is gone" (404) are answers
like any other: whoever gets one looks again. Everything else is a fault, and counted.
"""

import asyncio
import hashlib
import hmac
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2 as httpx

from loadtests import sql
from loadtests.claims import headers_of
from loadtests.loan_house import SECRET, House
from loadtests.people import Doors

Post = Callable[..., Awaitable[httpx.Response]]
LOOK = 0.7  # seconds between two looks at a list
ROUND = 40  # of one list before it is looked at again
EXPECTED = frozenset({200, 201, 404, 409, 429})


@dataclass
class Day:
    """What everybody shares: doors, chance, what was answered, and what became of whom."""

    doors: Doors
    url: str
    house: House
    chance: random.Random
    titles: int
    keepers: dict[str, dict[str, str]]  # by store
    manager: dict[str, str]
    over: asyncio.Event = field(default_factory=asyncio.Event)
    answers: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    orders: dict[str, "Wish"] = field(default_factory=dict)  # by id
    wrong_scans: int = 0
    in_vain: int = 0  # readers who found nothing to order

    async def look(self) -> bool:
        """Wait until it is time to look again; False once the day is over."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.over.wait(), LOOK)
        return not self.over.is_set()

    async def call(self, method: str, path: str, login: dict[str, str], body: Any = None) -> httpx.Response:
        """Call at any process that lives; what nobody should ever answer is noted."""
        answer = await self.doors.call(method, path, body, headers_of(login))
        code = ""
        if answer.status_code >= 400:
            with suppress(ValueError, KeyError, TypeError):
                code = answer.json()["error"]["code"]
        self.answers[f"{answer.status_code} {code}".strip()] += 1
        if answer.status_code not in EXPECTED and code not in _LATE:
            self.faults.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer


@dataclass
class Wish:
    """One order that a reader means to place, and what they mean to do with it."""

    reader: dict[str, str]
    name: str
    titles: list[int]
    way: str
    cancels: str  # none, early, late, line
    returns: str  # courier, desk, keeps
    comes: bool  # for what stands on the hold shelf
    busy: bool = False


def wishes(
    readers: Sequence[dict[str, str]], per_reader: int, titles: int, chance: random.Random
) -> list[Wish]:
    """What readers want: some titles more than others, one to three in an order, now and then too many."""
    made = []
    for round_ in range(per_reader):
        for at, reader in enumerate(readers):
            count = 9 if at % 97 == 96 and not round_ else chance.choice((1, 1, 1, 2, 2, 3))
            wanted = {1 + int(titles * chance.random() ** 1.5) for _ in range(count)}
            made.append(
                Wish(
                    reader,
                    f"{at}-{round_}",
                    sorted(wanted),
                    chance.choice(("delivery", "delivery", "delivery", "collection")),
                    chance.choices(("none", "early", "late", "line"), (80, 8, 6, 6))[0],
                    chance.choices(("courier", "desk", "keeps"), (50, 30, 20))[0],
                    chance.random() < 0.9,
                )
            )
    return made


async def place(day: Day, wish: Wish) -> None:
    """Order; where a title is out, another one."""
    for press in range(8):
        step = (await day.call("GET", "/api/me/order-step", wish.reader)).json()
        body = {
            "client_id": f"{wish.name}-{press}",
            "records": wish.titles,
            "way": wish.way,
            "address": wish.reader["account_id"] if wish.way == "delivery" else "",
            "slot": step[wish.way][press % 3]["id"],
        }
        answer = await day.call("POST", "/api/me/orders", wish.reader, body)
        if answer.status_code == 201:
            order = answer.json()
            day.orders[order["id"]] = wish
            if wish.cancels in ("early", "line"):
                await asyncio.sleep(day.chance.choice((0, 0, 0.3, 2, 5)))
                lines = [order["lines"][0]["id"]] if wish.cancels == "line" else []
                await day.call("POST", f"/api/me/orders/{order['id']}/cancel", wish.reader, {"lines": lines})
            return
        wish.titles = sorted({day.chance.randrange(1, 1 + day.titles) for _ in wish.titles})
    day.in_vain += 1


async def read(day: Day) -> None:
    """What readers do later, as they see how their books stand: cancel late, come for them, give them back."""
    gates = asyncio.Semaphore(6)
    async with asyncio.TaskGroup() as tasks:
        while await day.look():
            for order_id, state, store, barcode, number in await asyncio.to_thread(
                sql.ask, day.url, _STANDING
            ):
                wish = day.orders.get(order_id)
                if wish is not None and not wish.busy:
                    wish.busy = True
                    tasks.create_task(_act(day, wish, (order_id, state, store, barcode, number), gates))


def wanting(day: Day) -> int:
    """How many readers have something to do yet: books to collect or to give back."""
    count = 0
    for order_id, state, *_ in sql.ask(day.url, _STANDING):
        wish = day.orders.get(order_id)
        count += wish is not None and (
            (state == "on_loan" and wish.returns != "keeps") or (state == "on_hold_shelf" and wish.comes)
        )
    return count


async def _act(day: Day, wish: Wish, seen: tuple[str, ...], gates: asyncio.Semaphore) -> None:
    order_id, state, store, barcode, number = seen
    mine, desk = f"/api/me/orders/{order_id}", f"/api/stores/{store}"
    async with gates:
        match state:
            case "on_hold_shelf" if wish.comes:
                await day.call("POST", f"{desk}/collections", day.keepers[store], {"code": number})
            case "on_loan" if wish.returns == "courier":
                times = (await day.call("GET", "/api/me/pickup-times", wish.reader)).json()
                body = {"address": wish.reader["account_id"], "pickup": times[-1]["id"], "lines": []}
                await day.call("POST", f"{mine}/return", wish.reader, body)
            case "on_loan" if wish.returns == "desk":
                await day.call("POST", f"{desk}/returns", day.keepers[store], {"code": barcode})
            case "picked" | "packed" | "labelled" if wish.cancels == "late":
                await day.call("POST", f"{mine}/cancel", wish.reader, {"lines": []})
                wish.cancels = "done"
    wish.busy = False


async def review(day: Day) -> None:
    """The manager looks at what the rules did not decide: refuses few, approves the rest."""
    while await day.look():
        answer = await day.call("GET", "/api/review/orders?tab=review", day.manager)
        for order in answer.json()["orders"] if answer.status_code == 200 else ():
            path = f"/api/review/orders/{order['id']}"
            if order["number"][-1] in "07":
                await day.call("POST", f"{path}/refuse", day.manager, {"reason": "一次太多。"})
            else:
                await day.call("POST", f"{path}/approve", day.manager)


async def keep_store(day: Day, store: str) -> None:
    """A store keeper works through the lists, three books at a time, from look to look."""
    desk, gates = f"/api/stores/{store}", asyncio.Semaphore(3)

    async def post(path: str, **body: Any) -> httpx.Response:
        async with gates:
            return await day.call("POST", f"{desk}/{path}", day.keepers[store], body or None)

    while await day.look():
        answer = await day.call("GET", f"{desk}/work", day.keepers[store])
        if answer.status_code != 200:
            continue
        work = answer.json()
        lines = [line for walk in work["walks"] for line in walk["lines"]]
        await asyncio.gather(*(_pick(day, post, line) for line in lines[:ROUND]))
        await asyncio.gather(*(_pack(post, order) for order in work["pack"][:ROUND]))
        await asyncio.gather(*(post("labels", parcel=each["parcel"]) for each in work["label"][:ROUND]))
        batch = f"b{day.chance.getrandbits(60):x}"
        await asyncio.gather(
            *(post("hand-over", batch=batch, code=each["waybill"]) for each in work["hand_over"][:ROUND])
        )
        await asyncio.gather(*(_take_back(post, each) for each in work["returns"][:ROUND]))
        await asyncio.gather(*(_inspect(day, post, line) for line in work["inspect"][:ROUND]))
        await asyncio.gather(
            *(
                _put_back(day, post, line, machine=work["store"]["kind"] == "smart")
                for line in work["put_back"]
            )
        )
        await asyncio.gather(*(post(f"strays/{each['command']}/put-back") for each in work["strays"]))


async def _pick(day: Day, post: Post, line: dict[str, Any]) -> None:
    """Mostly the right book; now and then a wrong one first, or none at all."""
    luck = day.chance.random()
    if luck < 0.01:
        await post("missing", line=line["line"])
        return
    if luck < 0.06:
        day.wrong_scans += 1
        await post("pick", line=line["line"], code="B9999990")
    await post("pick", line=line["line"], code=line["barcode"])


async def _pack(post: Post, order: dict[str, Any]) -> None:
    for line in order["lines"]:
        if line["line"] not in order["scanned"]:
            await post("pack-scans", code=line["barcode"], order=order["order"])
    if not order["coming"] and len(order["scanned"]) == len(order["lines"]):
        await post("parcels", order=order["order"])  # the last scan came when something was still to come


async def _take_back(post: Post, parcel: dict[str, Any]) -> None:
    if parcel["state"] in ("delivered", "arrived", "sent_back"):
        for line in parcel["lines"]:
            if line["stage"] in ("return_arrived", "returning", "parcel_refused", "with_courier", "astray"):
                await post("returns", code=line["barcode"])


async def _inspect(day: Day, post: Post, line: dict[str, Any]) -> None:
    condition = "ok" if day.chance.random() < 0.97 else "damaged"
    await post("inspections", line=line["line"], condition=condition)


async def _put_back(day: Day, post: Post, line: dict[str, Any], *, machine: bool) -> None:
    if machine:
        if line["stage"] != "putting_back":
            await post("put-back", line=line["line"])
        return
    if day.chance.random() < 0.05:
        day.wrong_scans += 1
        await post("put-back", line=line["line"], location="Z-99-9")
    await post("put-back", line=line["line"], location=line["location"] or "A-01-1")


async def push(day: Day) -> None:
    """The courier tells what it knows of parcels under way, twice and mixed up; polls of the product do the rest."""
    while await day.look():
        rows = await asyncio.to_thread(sql.ask, day.url, _UNDER_WAY)
        parcels = [
            {
                "waybill": waybill,
                "events": [
                    {
                        "status": "in_transit",
                        "at": _instant(int(since), minutes),
                        "place": f"中转站 {minutes}",
                    }
                    for minutes in day.chance.sample((1, 2, 2, 3), 3)
                ],
            }
            for waybill, since in rows
        ]
        day.chance.shuffle(parcels)
        body = json.dumps({"parcels": parcels[:100]}).encode()
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        with suppress(httpx.HTTPError, AttributeError):
            port = day.chance.choice(day.doors.ports)
            answer = await day.doors.http.post(
                f"http://127.0.0.1:{port}/api/couriers/simulator/push",
                content=body,
                headers={"X-Courier-Signature": signature, "Content-Type": "application/json"},
            )
            if answer.status_code not in (200, 503):
                day.faults.append(f"push: {answer.status_code} {answer.text[:200]}")
        await asyncio.sleep(2)


def _instant(microseconds: int, minutes: int) -> str:
    return datetime.fromtimestamp(microseconds / 1e6 + 60 * minutes, UTC).isoformat()


# The clock went past it; the last copy that could be lent was damaged on the way.
_LATE = ("slot_unknown", "pickup_needed", "not_logged_in", "title_gone")
_STANDING = (
    "SELECT DISTINCT ON (l.order_id, l.state) l.order_id, l.state, l.store_id, l.barcode, o.number"
    " FROM loan_line l JOIN loan_order o ON o.id = l.order_id"
    " WHERE l.state IN ('on_loan', 'on_hold_shelf', 'picked', 'packed', 'labelled') ORDER BY l.order_id, l.state"
)
_UNDER_WAY = (
    "SELECT waybill, handed_at FROM parcel WHERE state IN ('handed_over', 'picked_up') AND direction = 'out'"
    " ORDER BY waybill"
)

"""The two descriptions of our doors: well formed, complete, and true of what comes back."""

import inspect
import re
from collections.abc import Iterator
from typing import Any, get_args

import httpx2 as httpx
import pytest
import schemathesis
from jsonschema import Draft202012Validator

from server.actions.accounts import resolve_actor
from server.api import gateway, lines, socket
from server.api.asyncapi import EXAMPLES
from server.api.queries import QUERIES
from server.api.routes import Endpoint
from server.assembly import ENDPOINTS
from server.domain.chat import Kind
from server.wire import frames
from server.wire.event_data import EVENT_DATA
from tests.access.asking import address, body_for
from tests.asking import asked, claimed
from tests.described import closed, demand_described
from tests.loan_day import a_loan
from tests.server.api.cases_day import a_day_with_cases
from tests.server.api.store_day import a_day_in_a_store
from tests.stacks import a_day_at_a_stack
from tests.town import Reader, Town

NAMES = re.compile(
    r"""(?:query\.get\(|r\.(?:number|instant|place)\(|r\.query\[)"(\w+)"|"(\w+)" in r\.query"""
)
# Described answers that the day below does not bring about; other tests do.
UNSEEN = {
    "POST /api/couriers/{name}/push",
    "GET /api/sessions/{id}/uploads/{client_id}",
    "PATCH /api/sessions/{id}/uploads/{client_id}",
    "POST /api/sessions/{id}/uploads/{client_id}",
    "GET /api/inspections",
    "GET /api/inspections/{id}",
    "POST /api/inspections/{id}/facts",
    "POST /api/inspections/{id}/grade",
    "POST /api/inspections/{id}/return",
    "POST /api/inspections/{id}/decide",
    "GET /api/returns",
    "GET /api/returns/{id}",
    "POST /api/returns/{id}/appeal",
    "POST /api/returns/{id}/correct",
    "POST /api/quality/publications",
    "POST /api/sessions/{id}/abuse",
    "POST /api/sessions/{id}/leave",
    "GET /api/sessions/{id}/document-request",
    "POST /api/sessions/{id}/document-request",
    "POST /api/sessions/{id}/refer",
    "POST /api/sessions/{id}/take-over",
    "POST /api/sessions/{id}/transfer",
    "POST /api/offers/{id}/decline",
    "POST /api/manage/blocks/{id}/review",
    "POST /api/widget/login",
    "POST /api/widget/logout",
}


@pytest.fixture
async def document(town: Town) -> dict[str, Any]:
    return dict((await town.http.get("/api/openapi.json")).json())


class Witness:
    """Reads along with every answer and holds it against the document, more strictly than clients must."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = closed(document)
        self.seen: set[str] = set()

    async def read(self, answer: httpx.Response) -> None:
        await answer.aread()
        path, operation = self._operation(answer.request)
        if operation is None or "json" not in answer.headers.get("content-type", ""):
            return
        described = operation["responses"].get(str(answer.status_code), operation["responses"]["default"])
        schema = described.get("content", {}).get("application/json", {}).get("schema", {})
        checker = Draft202012Validator({"components": self.document["components"], **schema})
        faults = [f"{fault.json_path}: {fault.message}" for fault in checker.iter_errors(answer.json())]
        assert not faults, (path, answer.status_code, faults, answer.text[:500])
        if answer.is_success:
            self.seen.add(path)

    def _operation(self, request: httpx.Request) -> tuple[str, dict[str, Any] | None]:
        for path, operations in self.document["paths"].items():
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))
            if re.fullmatch(pattern, request.url.path) and request.method.lower() in operations:
                return f"{request.method} {path}", operations[request.method.lower()]
        return "", None


async def test_the_document_is_openapi_and_names_every_address(document: dict[str, Any]) -> None:
    schemathesis.openapi.from_dict(document).validate()
    paths = document["paths"]
    listed = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert listed == {f"{endpoint.method} {endpoint.path}" for endpoint in ENDPOINTS}
    names = [operation["operationId"] for methods in paths.values() for operation in methods.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: f"{e.method} {e.path}")
def test_what_an_address_takes_in_its_query_is_described(endpoint: Endpoint) -> None:
    source = inspect.getsource(endpoint.handler)
    taken = {name for found in NAMES.findall(source) for name in found if name}
    if "_search(r)" in source:
        taken.add("query")
    if "_topics(r)" in source:
        taken |= {"token", "after" if "{id}" in endpoint.path else "topics"}
    assert set(QUERIES.get(f"{endpoint.method} {endpoint.path}", {})) == taken


async def test_what_comes_back_is_what_the_document_says(town: Town, document: dict[str, Any]) -> None:
    witness = Witness(document)
    for http in (town.http, *(person.http for person in town.people.values())):
        http.event_hooks["response"].append(witness.read)
    await _a_day(town)
    await a_day_with_cases(town)
    await a_day_at_a_stack(town)
    await a_day_in_a_store(town)
    for endpoint in ENDPOINTS:  # and refusals have one form
        if not endpoint.path.endswith("stream"):
            body = body_for(endpoint.body) if endpoint.body else None
            await town.people["administrator"].http.request(endpoint.method, address(endpoint), json=body)
            await town.http.request(endpoint.method, address(endpoint), json=body)
    described = {f"{e.method} {e.path}" for e in ENDPOINTS if e.answer is not None}
    assert described - witness.seen <= UNSEEN


async def _a_day(town: Town) -> None:
    """A reader and a librarian, and what managers do."""
    lin = town.people["lin"].http
    async with town.socket(town.people["lin"]), town.socket(town.people["mei"]):
        await town.available("lin")
        reader = await town.ask()
        for call in _reader_calls(reader):
            await reader.http.request(**call, headers=reader.headers)
        await town.take("lin")
        await _librarian_calls(town, reader)
        session = f"/api/sessions/{reader.session}"
        await reader.http.post(f"{session}/end", headers=reader.headers, json={})
        await reader.http.post(f"{session}/rating", headers=reader.headers, json={"rating": "fair"})
        await reader.http.post(
            f"{session}/transcript", headers=reader.headers, json={"mail": "r@example.org"}
        )
        record = {"question_type": "fact", "effort": 2, "outcome": "answered"}
        await lin.post(f"{session}/wrap-up", json=record)
        await lin.get("/api/archive")
        await lin.get(f"/api/archive/{reader.session}")
    again = await town.ask()
    asked = {"client_id": "q", "mail": "r@example.org"}
    await again.http.post(f"/api/sessions/{again.session}/question", headers=again.headers, json=asked)
    asked = {"client_id": "q2", "mail": "r@example.org", "question": "何时开馆？"}
    await town.http.post("/api/desks/home/questions", json=asked)
    await town.http.get("/api/records", params={"q": "图书"})
    await town.http.post("/api/citations/parse", json={"text": "王强. 书名[M]. 北京: 出版社, 2019."})
    await _file_calls(town)
    await _consultation_calls(town)
    await _managing(town, town.people["administrator"].http)
    await _calendar_calls(town.people["administrator"].http)
    await a_loan(town)


async def _file_calls(town: Town) -> None:
    """Files of a request and of an answer, and a link that leads into our own network."""
    found = await asked(town.ctx, desk_id=town.desks["home"], library_id=town.libraries["home"])
    lin = town.people["lin"].http
    await claimed(town.ctx, await resolve_actor(town.ctx, cookie=town.people["lin"].cookie), found)
    await lin.post("/api/links/probe", json={"url": "http://127.0.0.1/"})
    for http, folder in (
        (town.http, "/api/requests/0123456789abcdef/files"),
        (lin, f"/api/tasks/{found.task_id}/files"),
    ):
        await http.post(f"{folder}/f1", params={"name": "a.txt", "size": 4})
        await http.patch(f"{folder}/f1", headers={"Upload-Offset": "0"}, content=b"text")
        await http.get(f"{folder}/f1")
        await http.put(f"{folder}/f2", params={"name": "b.txt"}, content=b"text")
        await http.get(folder)
        await http.delete(f"{folder}/f1")


async def _consultation_calls(town: Town) -> None:
    """What a reader asks, what librarians make of it, and a call that one of them writes down."""
    reader, lin = town.people["reader"].http, town.people["lin"].http
    intern = town.people["intern"].http
    book = {"material": "book", "title": "图书馆学导论", "authors": "于良芝"}
    for press, body in (("c1", {"citation": book}), ("c2", {"channel": "form", "question": "何时开馆？"})):
        made = await reader.post("/api/desks/home/consultations", json={"client_id": press, **body})
        mine = f"/api/consultations/{made.json()['consultation']['id']}"
        task = f"/api/tasks/{await _task_of(town, mine)}"
        number = (await lin.post(f"{task}/claim", json={})).json()["claim_number"]
        to = {"to": "form"} if press == "c1" else {"to": "document", "citation": book | {"title": "另一本"}}
        await lin.post(f"{task}/convert", json={"claim_number": number, **to})
        entries = [{"place": "馆藏目录", "outcome": "not_found_as_cited"}]
        await lin.post(f"{task}/hand-back", json={"claim_number": number, "entries": entries})
        await reader.get("/api/me/consultations")
        await reader.get(mine)
        await reader.post(f"{mine}/convert", json={"to": "document" if press == "c1" else "form"})
        await reader.post(f"{mine}/again", json={"client_id": f"{press}-again"})
        await reader.post(f"{mine}/cancel", json={})
    ask = {"client_id": "c3", "channel": "knowledge", "question": "鲁迅的笔名？"}
    made = await reader.post("/api/desks/home/consultations", json=ask)
    mine = f"/api/consultations/{made.json()['consultation']['id']}"
    await _answering(town, await _task_of(town, mine))
    await reader.post(f"{mine}/rating", json={"rating": "satisfied"})
    await reader.get(mine)
    call = {"client_id": "c4", "desk": "home", "question": "几点关门？", "phone": "0755 123456"}
    await intern.post("/api/phone-consultations", json=call)


async def _answering(town: Town, task_id: str) -> None:
    """An intern's answer goes back and is released; then it is corrected."""
    lin, intern, task = town.people["lin"].http, town.people["intern"].http, f"/api/tasks/{task_id}"
    await lin.get("/api/pool")
    claim = (await intern.post(f"{task}/claim", json={})).json()["claim_number"]
    await intern.get(task)
    content = {"claim_number": claim, "content": {"kind": "text", "body": "一百多个。"}}
    await intern.put(f"{task}/draft", json=content)
    await intern.post(f"{task}/preview", json=content)
    first = (await intern.post(f"{task}/answer", json=content)).json()["id"]
    await lin.post(f"/api/answers/{first}/refuse", json={"comment": "请举例。"})
    second = (await intern.post(f"{task}/answer", json=content)).json()["id"]
    await lin.post(f"/api/answers/{second}/release", json={})
    better = {"content": {"kind": "text", "body": "约一百四十个。"}}
    await intern.post(f"/api/answers/{second}/correct", json=better)
    await lin.post(f"/api/answers/{second}/correct", json=better)


async def _task_of(town: Town, path: str) -> str:
    row = await town.ctx.db.read.row(
        "SELECT task_id FROM consultation WHERE id = $1", path.rpartition("/")[2]
    )
    assert row is not None
    return str(row["task_id"])


def _reader_calls(reader: Reader) -> Iterator[dict[str, Any]]:
    session = f"/api/sessions/{reader.session}"
    for path in (session, f"{session}/events", "/api/me/sessions", "/api/desks/home"):
        yield {"method": "GET", "url": path}
    yield {"method": "POST", "url": f"{session}/token"}
    yield {"method": "POST", "url": f"{session}/frames", "content": b'{"t":"ping","n":1}'}
    yield {"method": "POST", "url": f"{session}/files?name=a.txt", "content": b"text"}


async def _librarian_calls(town: Town, reader: Reader) -> None:
    lin, session = town.people["lin"].http, f"/api/sessions/{reader.session}"
    await lin.post("/api/console/active")
    await lin.post("/api/frames", content=b'{"t":"ping","n":1}')
    for path in ("/desk-view", "/notes", "/events"):
        await lin.get(session + path)
    await lin.post(f"{session}/documents", json={"title": "民国报纸目录", "url": "https://example.org/1"})
    await town.available("mei")
    await lin.post(f"{session}/invite", json={"staff_id": town.people["mei"].id})
    await lin.get("/api/staff", params={"desk": town.desks["home"]})
    await lin.get("/api/staff", params={"name": "mei"})
    await lin.get("/api/desks")
    await lin.get("/api/phrases")


async def _calendar_calls(admin: httpx.AsyncClient) -> None:
    """A year begun, a day of it changed, the year marked, and lists good and bad."""
    calendar = "/api/manage/calendar"
    await admin.get(f"{calendar}/2031")
    await admin.post(f"{calendar}/2031/begin", json={})
    await admin.put(f"{calendar}/days/2031-10-09", json={"kind": "workday", "name_zh": "调休上班"})
    await admin.put(f"{calendar}/2031", json={"official": True, "source": "公告"})
    for kind in ("holiday", "party"):
        await admin.post(f"{calendar}/import", json={"text": f"date,kind\n2032-01-01,{kind}\n"})


async def _managing(town: Town, admin: httpx.AsyncClient) -> None:
    library, desk, manage = town.libraries["home"], town.desks["home"], "/api/manage"
    names = {"name_zh": "新", "name_en": "New"}
    for path in (
        "board",
        "manage/libraries",
        "manage/desks",
        "manage/policies",
        "manage/blocks",
        "manage/audit",
    ):
        await admin.get(f"/api/{path}")
    await admin.get(f"{manage}/libraries/{library}")
    made = await admin.post(f"{manage}/libraries", json={"slug": "new", **names})
    await admin.put(f"{manage}/libraries/{made.json()['id']}", json={"slug": "new", **names, "city": "广州"})
    one = {"slug": "new-desk", "mail": "d@new.test", **names}
    made = await admin.post(f"{manage}/libraries/{library}/desks", json=one)
    await admin.put(f"{manage}/desks/{made.json()['id']}", json={**one, "open": True})
    await admin.get(f"{manage}/desks/{desk}")
    await admin.put(f"{manage}/desks/{desk}/hours", json={"days": ["9-12, 13-17"] * 7})
    await admin.get(f"{manage}/desks/{desk}/hours")
    closure = await admin.post(f"{manage}/closures", json={"day": "2030-01-01"})
    await admin.get(f"{manage}/closures")
    await admin.delete(f"{manage}/closures/{closure.json()['id']}")
    await admin.post(f"{manage}/policies", json={"name": "documents_per_session", "value": "2"})
    group = await admin.post(f"{manage}/groups", json={**names, "desk_ids": [desk]})
    await admin.get(f"{manage}/groups")
    await admin.put(f"{manage}/groups/{group.json()['id']}", json={**names, "desk_ids": []})
    await admin.delete(f"{manage}/groups/{group.json()['id']}")
    await admin.put(f"{manage}/staff/{town.people['mei'].id}/desks", json={"desk_ids": [desk]})
    phrase = await admin.post("/api/phrases", json={"shortcut": "hi", "text_zh": "您好"})
    await admin.put(f"/api/phrases/{phrase.json()['id']}", json={"shortcut": "hi", "text_zh": "您好！"})
    await admin.delete(f"/api/phrases/{phrase.json()['id']}")


async def test_the_protocol_is_described_frame_by_frame(town: Town) -> None:
    answer = await town.http.get("/api/asyncapi.json")
    described = answer.json()
    messages = described["components"]["messages"]
    client = {str(kind.__struct_config__.tag) for kind in get_args(frames.ClientFrame)}
    assert {name for name in messages if not name.startswith("server_")} == client
    for pointer in re.findall(r'"\$ref":\s*"#/([^"]+)"', answer.text):
        at = described
        for part in pointer.split("/"):
            at = at[part]
    for tag in client:
        whole = {"components": described["components"], **messages[tag]["payload"]}
        Draft202012Validator.check_schema(whole)
        assert list(Draft202012Validator(whole).iter_errors({"t": "nonsense"}))
    for tag in messages.keys() - client:
        for example in messages[tag]["examples"]:
            demand_described(example["payload"])


def test_whatever_the_server_writes_into_a_frame_is_described() -> None:
    """Every kind of frame and of event that is named anywhere in the code that says them."""
    source = "".join(inspect.getsource(module) for module in (frames, gateway, lines, socket))
    written = set(re.findall(r'"t": "(\w+)"', source)) | {"ev"}
    assert written == set(EXAMPLES)
    assert set(EVENT_DATA) == set(map(str, Kind))


async def test_every_frame_of_a_conversation_is_described_with_its_fields(town: Town) -> None:
    """A conversation in which everything happens; `Socket.hear` holds each frame against its description."""
    async with town.socket(town.people["lin"]) as desk, town.socket(town.people["mei"]):
        await town.available("lin")
        reader = await town.ask()
        topic, session = f"chat/{reader.session}", f"/api/sessions/{reader.session}"
        async with town.socket(token=reader.token, topics={topic: 0}) as chat:
            await town.take("lin")
            for listened in (topic, f"{topic}/staff", f"staff/{town.people['lin'].id}"):
                await desk.say(t="sub", topic=listened, after=0)
                await desk.hear("subbed", topic=listened)
            await chat.hear("ev", kind="joined")
            await chat.say(t="post", session=reader.session, id="m1", text="你好")
            await chat.hear("ack")
            await chat.say(t="receipt", session=reader.session, delivered=2, read=2)
            await chat.hear("rcpt", read=2)
            await chat.say(t="typing", session=reader.session)
            await chat.say(t="nonsense")
            await chat.hear("err")
            await chat.say(t="ping", n=1)
            await chat.hear("pong")
            await desk.say(t="note", session=reader.session, id="n1", text="急")
            await desk.hear("ev", kind="note")
            await _happenings(town, session, reader)
            await chat.hear("ev", kind="rated")
            await desk.hear("unsubbed", topic=topic)
            heard = [*chat.heard, *desk.heard]
    assert {frame["kind"] for frame in heard if frame["t"] == "ev"} == set(Kind) - {"supervised"}
    assert {frame["t"] for frame in heard} >= {"typing", "duty", "crew", "unsubbed", "subbed", "welcome"}


async def _happenings(town: Town, session: str, reader: Reader) -> None:
    lin, mei = town.people["lin"].http, town.people["mei"].http
    await reader.http.post(f"{session}/files?name=a.txt", headers=reader.headers, content=b"text")
    sent = (await lin.post(f"{session}/files?name=b.txt&silent=1", content=b"text")).json()
    for document in ({"url": "https://example.org/1"}, {"file_id": sent["id"]}):
        passed = await lin.post(f"{session}/documents", json={"title": "民国报纸目录", **document})
        assert passed.status_code in (200, 201), passed.text
    await town.available("mei")
    await lin.post(f"{session}/invite", json={"staff_id": town.people["mei"].id})
    await mei.post(f"{session}/leave", json={})
    to = {"to": "person", "id": town.people["mei"].id, "reason": "熟悉古籍"}
    assert (await lin.post(f"{session}/transfer", json=to)).status_code == 200
    await town.take("mei")
    question = {"client_id": "q", "mail": "r@example.org"}
    await reader.http.post(f"{session}/question", headers=reader.headers, json=question)
    await reader.http.post(f"{session}/rating", headers=reader.headers, json={"rating": "fair"})

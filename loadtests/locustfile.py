"""A day's peak at the alliance, for locust: librarians on duty, readers arriving as a Poisson stream.

Started by ``python -m loadtests.bench_peak``, which sets everything up; it reads from the environment
LOAD_LOGINS (a file of JSON lines), LOAD_PORTS, LOAD_DESKS, LOAD_RATE (readers a second), LOAD_TALK (seconds),
LOAD_ARRIVE (seconds for which readers arrive) and writes LOAD_REPORT. Runs in the load tests' own environment and
imports nothing of ours.
"""

import json
import os
import random
import time
from itertools import count
from pathlib import Path

import gevent
import websocket
from gevent.event import Event
from locust import FastHttpUser, events, task
from locust.env import Environment

PORTS = [int(port) for port in os.environ["LOAD_PORTS"].split(",")]
DESKS = os.environ["LOAD_DESKS"].split(",")
RATE, TALK = float(os.environ["LOAD_RATE"]), float(os.environ["LOAD_TALK"])
ARRIVE = float(os.environ["LOAD_ARRIVE"])
LOGINS = [json.loads(line) for line in Path(os.environ["LOAD_LOGINS"]).read_text().splitlines()]
CAPACITY = 3
PACE = 8.0  # seconds between what one side says
SILENCE = 40.0  # the server says something every 10 s

numbers = count(1)
asked: dict[str, float] = {}  # session → when its reader asked
offered: dict[str, float] = {}  # session → when the first librarian heard of it
tally = {"arrived": 0, "whole": 0, "open": 0, "most": 0, "wrapped_up": 0}
faults: list[str] = []
absent = list(LOGINS)  # who is not on duty yet


class Socket:
    """One line of the live protocol: a reading greenlet, numbers per topic, acknowledgements by name."""

    def __init__(self, environment: Environment, headers: list[str], hello: dict, on_frame) -> None:
        self.environment = environment
        self.on_frame = on_frame
        self.topics: dict[str, int] = dict(hello.get("topics", {}))
        self.sent: dict[str, float] = {}
        begun = time.perf_counter()
        address = f"ws://127.0.0.1:{random.choice(PORTS)}/api/socket"
        self.ws = websocket.create_connection(
            address, timeout=SILENCE, header=headers, enable_multithread=False
        )
        self.send({"t": "hello", "v": 1, **hello})
        self._report("connect", begun)
        self.closed = False
        gevent.spawn(self._read)

    def send(self, frame: dict) -> None:
        self.ws.send(json.dumps(frame, ensure_ascii=False))

    def post(self, session: str, text: str) -> None:
        name = f"p{next(numbers)}"
        self.sent[name] = time.perf_counter()
        self.send({"t": "post", "session": session, "id": name, "text": text})

    def close(self) -> None:
        self.closed = True
        if self.sent:
            faults.append(f"{len(self.sent)} messages were not acknowledged")
        self.ws.close()

    def _read(self) -> None:
        try:
            while not self.closed:
                self._heard(json.loads(self.ws.recv()))
        except (websocket.WebSocketException, OSError, ValueError) as error:
            if not self.closed:
                self._report("line", time.perf_counter(), error)

    def _heard(self, frame: dict) -> None:
        kind = frame["t"]
        if kind == "ack":
            self._report("message", self.sent.pop(frame["id"]))
            topic = f"chat/{frame['session']}"
            if frame["seq"] == self.topics.get(topic, -2) + 1:
                self.topics[topic] += 1
        elif kind == "ev":
            topic, seq = frame["topic"], frame["seq"]
            if seq > self.topics.get(topic, 0) + 1:
                faults.append(f"{topic} jumped to {seq}")
            self.topics[topic] = max(seq, self.topics.get(topic, 0))
        elif kind == "err" and frame["code"] == "session_ended":
            self.sent.pop(frame["id"], None)  # the reader had just gone: said clearly, and no error
        elif kind == "err":
            self._report("frame", time.perf_counter(), RuntimeError(frame["code"]))
        self.on_frame(frame)

    def _report(self, name: str, begun: float, error: Exception | None = None) -> None:
        took = (time.perf_counter() - begun) * 1000
        self.environment.events.request.fire(
            request_type="ws", name=name, response_time=took, response_length=0, exception=error, context={}
        )


class Librarian(FastHttpUser):
    """Takes what is offered, answers while the reader is there, wraps up."""

    fixed_count = len(LOGINS)
    host = f"http://127.0.0.1:{PORTS[0]}"
    network_timeout = connection_timeout = 30.0

    def on_start(self) -> None:
        login = absent.pop()
        self.host = f"http://127.0.0.1:{random.choice(PORTS)}"
        self.headers = {"Cookie": f"sid={login['sid']}", "X-CSRF-Token": login["csrf"]}
        self.stirred, self.stirred_at = Event(), 0.0
        self.talks: set[str] = set()
        hello = {"topics": {f"staff/{login['account_id']}": 0}}
        self.socket = Socket(self.environment, [f"Cookie: sid={login['sid']}"], hello, self.hear)
        duty = {"availability": "available", "capacity": CAPACITY}
        self.client.put("/api/console/duty", json=duty, headers=self.headers, name="PUT duty")

    def hear(self, frame: dict) -> None:
        if frame["t"] == "duty":
            if not self.stirred.is_set():
                self.stirred_at = time.perf_counter()
            self.stirred.set()
        elif frame["t"] == "ev" and frame["kind"] == "ended":
            gevent.spawn(self.wrap_up, frame["topic"].removeprefix("chat/"))

    @task
    def work(self) -> None:
        if not self.stirred.wait(timeout=300):
            self.client.post("/api/console/active", headers=self.headers, name="POST active")
            return
        self.stirred.clear()
        at = self.stirred_at
        with self.client.get("/api/console", headers=self.headers, name="GET console") as answer:
            offers = answer.json()["offers"] if answer.status_code == 200 else []
        for offer in offers:
            offered.setdefault(offer["session"]["id"], at)
            gevent.sleep(random.uniform(0.2, 1.5))  # the eye needs a moment
            self.accept(offer["offer_id"])

    def accept(self, offer_id: str) -> None:
        path = f"/api/offers/{offer_id}/accept"
        answer = self.client.post(path, headers=self.headers, name="POST accept")
        if answer.status_code == 200:
            session = answer.json()["id"]
            self.talks.add(session)
            self.socket.topics[f"chat/{session}"] = 0
            self.socket.send({"t": "sub", "topic": f"chat/{session}", "after": 0})
            gevent.spawn(self.talk, session)

    def talk(self, session: str) -> None:
        while session in self.talks:
            self.socket.post(session, "您好，我来看看，请稍等。")
            gevent.sleep(random.expovariate(1 / PACE))

    def wrap_up(self, session: str) -> None:
        if session not in self.talks:
            return
        self.talks.discard(session)
        gevent.sleep(random.uniform(1, 4))
        record = {"question_type": "document", "effort": 2, "outcome": "answered"}
        path = f"/api/sessions/{session}/wrap-up"
        if self.client.post(path, json=record, headers=self.headers, name="POST wrap-up").status_code == 200:
            tally["wrapped_up"] += 1
        self.socket.send({"t": "unsub", "topic": f"chat/{session}"})
        self.socket.topics.pop(f"chat/{session}", None)


class Arrivals(FastHttpUser):
    """Readers come independently of each other, and of how those before them fare."""

    fixed_count = 1
    host = f"http://127.0.0.1:{PORTS[0]}"
    network_timeout = connection_timeout = 30.0

    def on_start(self) -> None:
        self.until = time.perf_counter() + ARRIVE

    @task
    def next_one(self) -> None:
        if absent:
            gevent.sleep(0.5)  # first the librarians
            self.until = time.perf_counter() + ARRIVE
            return
        gevent.sleep(random.expovariate(RATE))
        if time.perf_counter() < self.until:
            tally["arrived"] += 1
            gevent.spawn(self.visit, tally["arrived"])
        elif tally["open"] == 0:
            gevent.sleep(6)  # the last records
            gevent.spawn(self.environment.runner.quit)
            gevent.sleep(60)

    def visit(self, number: int) -> None:
        tally["open"] += 1
        tally["most"] = max(tally["most"], tally["open"])
        try:
            self.whole_visit(f"reader-{number}-{random.getrandbits(40):x}")
        finally:
            tally["open"] -= 1

    def whole_visit(self, visitor: str) -> None:
        begun = time.perf_counter()
        body = {
            "topic": "reference",
            "question": "请问在哪里可以看到《申报》？",
            "client_id": "q",
            "visitor": visitor,
        }
        desk = random.choice(DESKS)
        answer = self.client.post(f"/api/desks/{desk}/sessions", json=body, name="POST session")
        if answer.status_code != 201:
            return
        opened = answer.json()
        session = opened["session"]["id"]
        asked[session] = begun
        joined, ended = Event(), Event()

        def hear(frame: dict) -> None:
            if frame["t"] == "ev" and frame["kind"] in ("joined", "ended"):
                (joined if frame["kind"] == "joined" else ended).set()

        hello = {"token": opened["token"], "topics": {f"chat/{session}": 0}}
        socket = Socket(self.environment, [], hello, hear)
        if not joined.wait(timeout=120):
            faults.append(f"nobody came to {session}")
        over = time.perf_counter() + min(random.expovariate(1 / TALK), 4 * TALK)
        while time.perf_counter() < over:
            socket.post(session, "谢谢，还有一个问题。")
            gevent.sleep(min(random.expovariate(1 / PACE), max(0.05, over - time.perf_counter())))
        proof = {"Authorization": f"Visitor {visitor}"}
        self.client.post(f"/api/sessions/{session}/end", json={}, headers=proof, name="POST end")
        if not ended.wait(timeout=30):
            faults.append(f"{session} was ended and its reader not told")
        rating = {"rating": "satisfied", "comment": ""}
        rated = self.client.post(
            f"/api/sessions/{session}/rating", json=rating, headers=proof, name="POST rating"
        )
        tally["whole"] += rated.status_code == 200
        socket.close()


@events.quitting.add_listener
def write_report(environment: Environment, **_: object) -> None:
    """Leave what was found for whoever started us."""
    waits = sorted(max(0.0, offered[s] - at) for s, at in asked.items() if s in offered)
    errors = [f"{e.method} {e.name}: {e.error} ({e.occurrences})" for e in environment.stats.errors.values()]
    latencies = {
        f"{method} {name}": [
            entry.num_requests,
            entry.median_response_time,
            entry.get_response_time_percentile(0.99),
        ]
        for (name, method), entry in environment.stats.entries.items()
    }
    report = {"tally": tally, "waits": waits, "errors": errors, "faults": faults[:20], "latencies": latencies}
    Path(os.environ["LOAD_REPORT"]).write_text(json.dumps(report, ensure_ascii=False))

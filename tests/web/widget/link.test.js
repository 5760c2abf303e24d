// The line to the server, with a world made for it: sockets and streams that a test opens, breaks and silences, and
// a clock that it moves.
import assert from "node:assert/strict";
import { test } from "node:test";

const { Link, waitBefore } = await import(`${process.env.WIDGET}/link.js`);

class Peer {
  constructor(url) {
    this.url = url;
    this.said = [];
    this.readyState = 1;
    this.ears = {};
    Peer.made.push(this);
  }
  static made = [];
  send(text) {
    this.said.push(JSON.parse(text));
  }
  close() {
    this.readyState = 3;
  }
  addEventListener(name, ear) {
    this.ears[name] = ear;
  }
  hear(frame) {
    this.onmessage({ data: JSON.stringify(frame) });
  }
}
class Socket extends Peer {}
class Stream extends Peer {}

const rest = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

function scene({ reachable = true, token = async () => "T" } = {}) {
  Peer.made = [];
  const timers = new Map();
  let next = 0;
  const world = {
    now: 1000,
    Date: { now: () => world.now },
    Math: { random: () => 0.5 },
    WebSocket: Socket,
    EventSource: Stream,
    posts: [],
    fetch: async (url, { body }) => {
      world.posts.push(JSON.parse(body));
      if (world.answer instanceof Error) throw world.answer;
      return { ok: true, status: 200, json: async () => ({ frames: [world.answer] }) };
    },
    queueMicrotask,
    setTimeout: (act, after) => (timers.set(++next, [act, world.now + after]), next),
    clearTimeout: (id) => timers.delete(id),
    document: { addEventListener: (_, ear) => (world.barred = ear), removeEventListener() {} },
    async pass(milliseconds) {
      world.now += milliseconds;
      for (const [id, [act, at]] of [...timers]) if (at <= world.now && timers.delete(id)) act();
      await rest();
    },
  };
  const seen = { states: [], frames: [], remembered: [], stale: [] };
  const hooks = {
    token: (stale) => (seen.stale.push(Boolean(stale)), token(stale)),
    after: () => 7,
    language: () => "zh",
    frame: (frame) => seen.frames.push(frame),
    state: (open) => seen.states.push(open),
    gone: (error) => (seen.gone = error),
    reachable: async () => reachable,
    remember: (way) => seen.remembered.push(way),
  };
  const link = new Link("https://desk.test", "s1", hooks, world);
  return { link, world, seen, latest: () => Peer.made.at(-1) };
}

const welcome = { t: "welcome", v: 1, beat_seconds: 10, me: "reader" };

async function greeted(options) {
  const found = scene(options);
  found.link.start();
  await rest();
  found.latest().onopen();
  found.latest().hear(welcome);
  return found;
}

test("a line begins with hello: its token, and where to resume", async () => {
  const { latest, seen } = await greeted();
  assert.equal(latest().url, "wss://desk.test/api/socket?lang=zh");
  assert.deepEqual(latest().said, [{ t: "hello", v: 1, token: "T", topics: { "chat/s1": 7 } }]);
  assert.deepEqual(seen.states, [true]);
});

test("waiting grows up to a bound and is a matter of chance", () => {
  assert.deepEqual(
    [0, 1, 2, 20].map((attempt) => waitBefore(attempt, () => 1)),
    [500, 1000, 2000, 30000],
  );
  assert.equal(
    waitBefore(3, () => 0),
    0,
  );
});

test("a good-bye names the range in which to come back", async () => {
  assert.equal(
    waitBefore(9, () => 0.5, [200, 5000]),
    2600,
  );
  const { latest, world } = await greeted();
  latest().hear({ t: "bye", code: 1012, retry_ms: [2000, 4000] });
  latest().onclose({ code: 1012 });
  await world.pass(2900);
  assert.equal(Peer.made.length, 1);
  await world.pass(200);
  assert.equal(Peer.made.length, 2);
});

test("two and a half silent beats are a lost line", async () => {
  const { seen, world, latest } = await greeted();
  await world.pass(20_000);
  latest().hear({ t: "cur", topics: {} });
  await world.pass(20_000);
  assert.deepEqual(seen.states, [true]);
  await world.pass(5_001);
  assert.deepEqual(seen.states, [true, false]);
});

test("who comes back from sleep does not wait for a timer", async () => {
  const { seen, world, link } = await greeted();
  world.now += 3_600_000;
  link.hurry();
  assert.deepEqual(seen.states, [true, false]);
});

test("a token that ran out is renewed before the next attempt", async () => {
  const { seen, latest, world } = await greeted();
  latest().onclose({ code: 4401 });
  await world.pass(1000);
  assert.deepEqual(seen.stale, [false, true]);
});

test("two sockets without a greeting, while requests get through, make it a stream", async () => {
  const { link, latest, world, seen } = scene();
  link.start();
  await rest();
  for (let turn = 0; turn < 2; turn++) {
    assert.ok(latest() instanceof Socket);
    latest().onclose({ code: 1006 });
    await rest();
    await world.pass(2000);
  }
  assert.ok(latest() instanceof Stream);
  assert.equal(latest().url, "https://desk.test/api/sessions/s1/stream?after=7&token=T&lang=zh");
  latest().hear(welcome);
  assert.deepEqual([seen.states, seen.remembered], [[true], ["stream"]]);
});

test("a server that is away is no reason to give up sockets", async () => {
  const { link, latest, world } = scene({ reachable: false });
  link.start();
  await rest();
  for (let turn = 0; turn < 5; turn++) {
    latest().onclose({ code: 1006 });
    await rest();
    await world.pass(30_000);
    assert.ok(latest() instanceof Socket);
  }
});

test("a host page whose policy forbids the socket gets a stream at once", async () => {
  const { link, latest, world } = scene();
  link.start();
  await rest();
  world.barred({ blockedURI: "wss://desk.test/api/socket", effectiveDirective: "connect-src" });
  latest().onclose({ code: 1006 });
  await rest();
  await world.pass(600);
  assert.ok(latest() instanceof Stream);
});

test("over a stream, what is said goes by POST and its answer comes back as a frame", async () => {
  const { link, latest, world, seen } = scene();
  link.way = "stream";
  link.start();
  await rest();
  latest().hear(welcome);
  world.answer = { t: "ack", id: "a", session: "s1", seq: 8, at: "", again: false };
  link.send({ t: "post", session: "s1", id: "a", text: "x" });
  await rest();
  assert.deepEqual(world.posts, [{ t: "post", session: "s1", id: "a", text: "x" }]);
  assert.deepEqual(seen.frames.at(-1), world.answer);
});

test("over a stream, a lost answer is a lost line, and a gap a new stream", async () => {
  for (const [frame, answer] of [
    [{ t: "post", id: "a" }, new Error("network")],
    [{ t: "sub", topic: "chat/s1", after: 7 }, null],
  ]) {
    const { link, latest, world, seen } = scene();
    link.way = "stream";
    link.start();
    await rest();
    latest().hear(welcome);
    world.answer = answer;
    link.send(frame);
    await rest();
    assert.deepEqual(seen.states, [true, false]);
  }
});

test("a conversation that is not ours any more is not knocked at again", async () => {
  const { link, world, seen } = scene({
    token: async () => Promise.reject(Object.assign(new Error("gone"), { final: true })),
  });
  link.start();
  await rest();
  await world.pass(60_000);
  assert.equal(seen.gone.message, "gone");
  assert.equal(Peer.made.length, 0);
});

test("who stops the line hears no more of it", async () => {
  const { link, latest, world, seen } = await greeted();
  link.stop();
  latest().onclose({ code: 1000 });
  await world.pass(60_000);
  assert.deepEqual([Peer.made.length, seen.states], [1, [true, false]]);
});

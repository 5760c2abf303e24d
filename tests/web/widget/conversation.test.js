// The rules of a conversation in the reader's browser, by tables and by chance (a fixed seed: failures repeat).
import assert from "node:assert/strict";
import { test } from "node:test";

const { begin, connection, leftOver, progress, step } = await import(`${process.env.WIDGET}/conversation.js`);

const TOPIC = "chat/s1";
const staff = { kind: "staff", id: "lin", name: "林" };
const reader = { kind: "reader", id: "", name: "" };
const ev = (seq, more = {}) => ({
  t: "ev",
  topic: TOPIC,
  seq,
  kind: "message",
  by: staff,
  id: `m${seq}`,
  text: `${seq}`,
  data: {},
  at: "2026-11-20T01:00:00Z",
  ...more,
});
const cur = (last) => ({ t: "cur", topics: { [TOPIC]: last } });
const subbed = (last) => ({ t: "subbed", topic: TOPIC, last });

// Plays inputs one after the other; returns the last state and every wish.
function play(inputs, state = begin("s1")) {
  const wishes = [];
  for (const input of inputs) {
    const [next, more] = step(state, input);
    state = next;
    wishes.push(...more);
  }
  return [state, wishes];
}

const sent = (wishes, kind) => wishes.filter(({ send }) => send?.t === kind).map(({ send }) => send);
const write = (id, at = 1) => ({ t: "write", id, text: `text of ${id}`, at });
const ack = (id, seq, again = false) => ({ t: "ack", id, session: "s1", seq, at: "2026-11-20T01:00:00Z", again });
const ended = (seq, reason = "reader_gone") =>
  ev(seq, { kind: "ended", by: { kind: "system", id: "", name: "" }, data: { by: "system", reason } });

test("what is next is applied, what is known is dropped", () => {
  const [state] = play([{ t: "opened" }, ev(1), ev(1), ev(2), ev(1)]);
  assert.deepEqual(
    state.events.map(({ seq }) => seq),
    [1, 2],
  );
});

test("a gap is asked for once, and nothing is applied over it", () => {
  const [state, wishes] = play([{ t: "opened" }, ev(1), ev(4), ev(5), ev(6)]);
  assert.equal(state.last, 1);
  assert.deepEqual(sent(wishes, "sub"), [{ t: "sub", topic: TOPIC, after: 1 }]);
});

test("a keep-alive with a higher number shows that the last event was lost", () => {
  const [state, wishes] = play([{ t: "opened" }, subbed(1), ev(1), cur(2)]);
  assert.equal(connection(state), "catching");
  assert.equal(sent(wishes, "sub").length, 1);
  assert.equal(connection(play([subbed(2), ev(2), cur(2)], state)[0]), "current");
});

test("a question for a gap that got no answer is put again at the next keep-alive", () => {
  const [, wishes] = play([{ t: "opened" }, ev(2), cur(2), cur(2)]);
  assert.equal(sent(wishes, "sub").length, 3);
});

test("current means open, told, and complete; nothing less", () => {
  const says = (...inputs) => connection(play(inputs)[0]);
  assert.equal(says(), "offline");
  assert.equal(says({ t: "opened" }), "catching");
  assert.equal(says({ t: "opened" }, subbed(0)), "current");
  assert.equal(says({ t: "opened" }, subbed(2), ev(1)), "catching");
  assert.equal(says({ t: "opened" }, subbed(2), ev(1), ev(2)), "current");
  assert.equal(says({ t: "opened" }, subbed(1), ev(1), { t: "unsubbed", topic: TOPIC }), "catching");
  assert.equal(says({ t: "opened" }, subbed(0), { t: "closed" }), "offline");
  assert.equal(says({ t: "opened" }, subbed(0), { t: "closed" }, { t: "opened" }), "catching");
});

test("what is written offline is kept, and goes out in order, one at a time, once the line is open", () => {
  let [state, wishes] = play([write("b", 2), write("a", 1)]);
  assert.deepEqual(
    wishes.map(({ keep }) => keep.id),
    ["b", "a"],
  );
  [state, wishes] = play([{ t: "opened" }], state);
  assert.deepEqual(
    sent(wishes, "post").map(({ id }) => id),
    ["a"],
  );
  [state, wishes] = play([ack("a", 1)], state);
  assert.deepEqual(
    sent(wishes, "post").map(({ id }) => id),
    ["b"],
  );
  assert.deepEqual(
    wishes.filter(({ forget }) => forget),
    [{ forget: "a" }],
  );
});

test("after a lost line the same message goes out under the same name", () => {
  const [state] = play([{ t: "opened" }, write("a"), { t: "closed" }]);
  const [, wishes] = play([{ t: "opened" }], state);
  assert.deepEqual(sent(wishes, "post"), [{ t: "post", session: "s1", id: "a", text: "text of a" }]);
});

test("the acknowledgement of what is next stands for the event", () => {
  const [state] = play([{ t: "opened" }, subbed(0), write("a"), ack("a", 1)]);
  assert.deepEqual([state.last, state.outbox.length, state.events[0].text], [1, 0, "text of a"]);
  assert.equal(connection(state), "current");
});

test("an acknowledgement beyond a gap waits for what lies between", () => {
  let [state] = play([{ t: "opened" }, subbed(0), write("a"), ack("a", 3)]);
  assert.deepEqual([state.last, state.outbox[0].seq, connection(state)], [0, 3, "catching"]);
  [state] = play([ev(1), ev(2), ev(3, { id: "a", by: reader })], state);
  assert.deepEqual([state.last, state.outbox.length, connection(state)], [3, 0, "current"]);
});

test("a message whose acknowledgement was lost is recognised when it comes back", () => {
  const [state, wishes] = play([{ t: "opened" }, write("a"), { t: "closed" }, ev(1, { id: "a", by: reader })]);
  assert.equal(state.outbox.length, 0);
  assert.deepEqual(wishes.at(-1), { forget: "a" });
});

test("a refused message stays, marked, and the next one goes", () => {
  const refusal = { t: "err", id: "a", code: "message_too_long", message: "太长", field: "text", retry: "stop" };
  const [state, wishes] = play([{ t: "opened" }, write("a"), write("b", 2), refusal]);
  assert.equal(state.outbox[0].refused, "太长");
  assert.ok(wishes.some(({ refused }) => refused?.message === "太长"), "it is said aloud");
  assert.deepEqual(
    sent(wishes, "post").map(({ id }) => id),
    ["a", "b"],
  );
});

test("a server that asks for patience gets it, then the same message", () => {
  const busy = { t: "err", id: "a", code: "too_many", message: "", field: "", retry: "retry" };
  let [state, wishes] = play([{ t: "opened" }, write("a"), busy]);
  assert.equal(sent(wishes, "post").length, 1);
  assert.ok(wishes.some(({ later }) => later > 0));
  [state, wishes] = play([{ t: "pump" }], state);
  assert.deepEqual(
    sent(wishes, "post").map(({ id }) => id),
    ["a"],
  );
});

test("what was written after the end is left over, never sent, never lost", () => {
  const [state, wishes] = play([
    { t: "opened" },
    ev(1),
    { t: "closed" },
    write("a"),
    { t: "opened" },
    { t: "err", id: "a", code: "session_ended", retry: "resume" },
    ended(2),
  ]);
  assert.deepEqual(
    leftOver(state).map(({ id }) => id),
    ["a"],
  );
  assert.equal(sent(wishes, "post").length, 1);
  assert.equal(state.phase, "ended");
});

test("the phases follow the events: waiting, talking, back to waiting, ended", () => {
  const joined = ev(1, {
    kind: "joined",
    data: { staff: { id: "lin", name: "林" }, library: { zh: "书桥图书馆", en: "Home" }, role: "holder" },
  });
  const colleague = ev(2, {
    kind: "joined",
    data: { staff: { id: "wu", name: "吴" }, library: {}, role: "colleague" },
  });
  let [state] = play([joined, colleague]);
  assert.deepEqual([state.phase, state.holder.name], ["talking", "林"]);
  [state] = play([ev(3, { kind: "requeued", data: { why: "lost" } })], state);
  assert.deepEqual([state.phase, state.holder], ["waiting", null]);
  assert.equal(play([ended(4, "reader")], state)[0].phase, "ended");
});

test("a message is delivered or read as far as the furthest of the library is", () => {
  const [state] = play([
    { t: "rcpt", topic: TOPIC, who: "lin", delivered: 3, read: 2 },
    { t: "rcpt", topic: TOPIC, who: "reader", delivered: 9, read: 9 },
    { t: "rcpt", topic: TOPIC, who: "lin", delivered: 1, read: 1 },
  ]);
  assert.deepEqual(
    [1, 2, 3, 4].map((seq) => progress(state, seq)),
    ["read", "read", "delivered", "sent"],
  );
});

test("what another tab wrote is shown here too, and goes when it is acknowledged there", () => {
  const entry = { session: "s1", id: "a", text: "from the other tab", at: 1 };
  let [state] = play([
    { t: "kept", entry },
    { t: "kept", entry },
  ]);
  assert.equal(state.outbox.length, 1);
  [state] = play([{ t: "forgotten", id: "a" }], state);
  assert.equal(state.outbox.length, 0);
});

test("frames of other topics and of later versions are ignored", () => {
  const before = begin("s1");
  assert.deepEqual(
    play([{ t: "ev", topic: "chat/other", seq: 1 }, { t: "news" }, { t: "toString" }], before)[0],
    before,
  );
});

// A server with a log, and a network between that drops, doubles, delays and breaks off.
class World {
  constructor(seed) {
    this.seed = seed;
    this.log = [];
    this.state = begin("s1");
    this.down = []; // frames on their way to the browser
    this.line = false;
  }

  chance(share) {
    this.seed = (this.seed * 1103515245 + 12345) % 2147483648;
    return this.seed / 2147483648 < share;
  }

  take(input) {
    const [state, wishes] = step(this.state, input);
    this.state = state;
    for (const { send } of wishes) if (send && this.line && !this.chance(0.15)) this.server(send);
  }

  server(frame) {
    if (frame.t === "sub") {
      this.say(subbed(this.log.length));
      this.log.slice(frame.after).forEach((event) => this.say(event));
    } else if (frame.t === "post") {
      const found = this.log.find(({ id }) => id === frame.id);
      if (!found) this.append({ id: frame.id, text: frame.text, by: reader });
      this.say(ack(frame.id, found?.seq ?? this.log.length, Boolean(found)));
    }
  }

  append(more) {
    const event = ev(this.log.length + 1, more);
    this.log.push(event);
    this.say(event);
  }

  say(frame) {
    if (!this.line || this.chance(0.1)) return;
    this.down.splice(this.chance(0.2) ? Math.floor(this.down.length / 2) : this.down.length, 0, frame);
    if (this.chance(0.1)) this.down.push(frame);
  }

  reconnect() {
    this.line = true;
    this.down = [];
    this.take({ t: "opened" });
    this.server({ t: "sub", after: this.state.last });
  }

  cut() {
    this.line = false;
    this.down = [];
    this.take({ t: "closed" });
  }
}

test("over any network the browser ends with the log itself: complete, in order, without doubles", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const world = new World(seed);
    let written = 0;
    for (let move = 0; move < 120; move++) {
      if (world.chance(0.15)) world.take(write(`own${++written}`, written));
      if (world.chance(0.15)) world.append({ id: `staff${move}` });
      if (!world.line && world.chance(0.3)) world.reconnect();
      else if (world.line && world.chance(0.05)) world.cut();
      if (world.down.length && world.chance(0.8)) world.take(world.down.shift());
      if (world.line && world.chance(0.1)) world.say(cur(world.log.length));
      const numbers = world.state.events.map(({ seq }) => seq);
      assert.deepEqual(
        numbers,
        numbers.map((_, index) => index + 1),
        `seed ${seed}: a hole or a double`,
      );
      if (connection(world.state) === "current" && !world.down.length)
        assert.ok(world.state.last <= world.log.length);
    }
    world.cut();
    world.chance = () => false; // the network behaves from here on
    world.reconnect();
    while (world.down.length) world.take(world.down.shift());
    assert.equal(connection(world.state), "current", `seed ${seed}`);
    const own = world.log.filter(({ id }) => id.startsWith("own")).map(({ id }) => id);
    assert.deepEqual(
      own,
      Array.from({ length: written }, (_, index) => `own${index + 1}`),
      `seed ${seed}: each once, in the order of writing`,
    );
    assert.deepEqual(
      world.state.events.map(({ id }) => id),
      world.log.map(({ id }) => id),
      `seed ${seed}`,
    );
  }
});

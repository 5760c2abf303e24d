// A conversation as its reader's browser knows it: values in, values and wishes out. No network, no clock, no page.
//
//   [state, wishes] = step(state, input)
//
// An input is a frame of the socket protocol, or one of: opened, closed, write, kept, forgotten, discard, pump, seen.
// A wish is {send: frame}, {keep: entry}, {forget: id}, {reconnect: true}, {later: milliseconds}, {token: …} or
// {refused: frame}; whoever runs this grants it.
//
// Promises: an event is applied once, in order, never over a gap; what the reader wrote is offered to the server
// until it is acknowledged or refused, under one name, one at a time, in the order of writing; the state is called
// current only when the connection is open and the server's last number is ours.

const LATER = 3000;
const TYPING = 6000;
const OURS = new Set(["opened", "closed", "write", "kept", "forgotten", "discard", "pump"]);

export function begin(session, outbox = []) {
  return {
    session,
    topic: `chat/${session}`,
    events: [],
    last: 0, // everything up to here is in events
    known: 0, // the server is said to have events up to here
    open: false,
    heard: false, // the server has told its last number since the connection opened
    asked: false, // a gap was seen and what is missing was asked for
    outbox: inOrder(outbox),
    underWay: null, // name of the message that waits for its acknowledgement
    paused: false, // the server asked for patience
    phase: "waiting", // waiting, talking, ended
    ended: null,
    holder: null,
    queue: null,
    marks: {}, // who → {delivered, read}
    typing: {}, // who → {name, until}
  };
}

// offline: no connection; catching: connected, but perhaps not complete; current: complete, said by the server.
export function connection(state) {
  if (!state.open) return "offline";
  return state.heard && !state.asked && state.known <= state.last ? "current" : "catching";
}

// How far a message of ours has come: sent, delivered or read, by whoever of the library is furthest.
export function progress(state, seq) {
  const marks = Object.entries(state.marks)
    .filter(([who]) => who !== "reader")
    .map(([, mark]) => mark);
  if (marks.some((mark) => mark.read >= seq)) return "read";
  return marks.some((mark) => mark.delivered >= seq) ? "delivered" : "sent";
}

// What was written and never came through before the conversation ended.
export function leftOver(state) {
  return state.phase === "ended" ? state.outbox.filter((entry) => !entry.seq) : [];
}

export function step(state, input) {
  if (input.topic && input.topic !== state.topic) return [state, []];
  const act = OURS.has(input.t) ? own : frames[input.t];
  if (!act) return [state, []];
  const [next, wishes] = act(state, input);
  const [pumped, more] = pump(next);
  return [pumped, [...wishes, ...more]];
}

function own(state, input) {
  switch (input.t) {
    case "opened":
      return [{ ...state, open: true, heard: false, asked: false, underWay: null, paused: false }, []];
    case "closed":
      return [{ ...state, open: false, heard: false, asked: false, underWay: null, typing: {} }, []];
    case "write": {
      const entry = { session: state.session, id: input.id, text: input.text, at: input.at };
      return [withEntry(state, entry), [{ keep: entry }]];
    }
    case "kept": // written in another tab: it is shown here too, and sent by whoever is first
      return [withEntry(state, input.entry), []];
    case "forgotten": // another tab has it acknowledged; the event itself will come
      return [input.id === state.underWay ? state : withoutEntry(state, input.id), []];
    case "discard":
      return [withoutEntry(state, input.id), [{ forget: input.id }]];
    default: // pump: patience is over
      return [{ ...state, paused: false }, []];
  }
}

const frames = {
  __proto__: null, // names of frames come from outside

  subbed(state, { last }) {
    return [{ ...state, heard: last !== undefined, asked: false, known: Math.max(state.known, last ?? 0) }, []];
  },

  // This line hears the conversation no more: whatever is shown may be behind.
  unsubbed(state) {
    return [{ ...state, heard: false }, []];
  },

  ev(state, event) {
    if (event.seq <= state.last) return [state, []];
    const known = Math.max(state.known, event.seq);
    if (event.seq > state.last + 1) return ask({ ...state, known });
    const typing = { ...state.typing };
    delete typing[event.by.id];
    const before = { ...state, known, last: event.seq, events: [...state.events, event], typing };
    const ours = event.id && state.outbox.some((entry) => entry.id === event.id);
    const after = told(ours ? withoutEntry(before, event.id) : before, event);
    return [after, ours ? [{ forget: event.id }] : []];
  },

  cur(state, { topics }) {
    const last = topics[state.topic];
    if (last === undefined) return [state, []];
    const next = { ...state, heard: true, known: Math.max(state.known, last) };
    return next.known > next.last ? ask({ ...next, asked: false }) : [{ ...next, asked: false }, []];
  },

  // The acknowledgement of what is exactly next stands for the event itself.
  ack(state, { id, seq, at }) {
    const next = id === state.underWay ? { ...state, underWay: null } : state;
    const entry = state.outbox.find((one) => one.id === id);
    if (!entry || seq <= state.last) return [withoutEntry(next, id), [{ forget: id }]];
    if (seq === state.last + 1) {
      return frames.ev(next, {
        seq,
        kind: "message",
        by: { kind: "reader", id: "", name: "" },
        id,
        text: entry.text,
        data: {},
        at,
      });
    }
    const outbox = next.outbox.map((one) => (one === entry ? { ...one, seq } : one));
    return [{ ...next, outbox, known: Math.max(next.known, seq) }, []];
  },

  err(state, frame) {
    if (!frame.id || !state.outbox.some((entry) => entry.id === frame.id)) {
      return [state, frame.retry === "resume" ? [{ reconnect: true }] : [{ refused: frame }]];
    }
    const next = { ...state, underWay: null };
    if (frame.code === "session_ended") return ask({ ...next, paused: true }); // the event that says so is on its way
    if (frame.retry === "retry") return [{ ...next, paused: true }, [{ later: LATER }]];
    if (frame.retry === "resume") return [{ ...next, paused: true }, [{ reconnect: true }]];
    const outbox = next.outbox.map((entry) => (entry.id === frame.id ? { ...entry, refused: frame.message } : entry));
    return [{ ...next, outbox }, [{ refused: frame }]];
  },

  rcpt(state, { who, delivered, read }) {
    const mark = state.marks[who] ?? { delivered: 0, read: 0 };
    const moved = { delivered: Math.max(mark.delivered, delivered, read), read: Math.max(mark.read, read) };
    return [{ ...state, marks: { ...state.marks, [who]: moved } }, []];
  },

  typing(state, { who, name, now }) {
    if (who === "reader") return [state, []];
    return [{ ...state, typing: { ...state.typing, [who]: { name, until: now + TYPING } } }, []];
  },

  queue(state, { position, wait_seconds, on_duty }) {
    return [{ ...state, queue: { position, wait_seconds, on_duty } }, []];
  },

  token(state, frame) {
    return [state, [{ token: frame.token, expires_at: frame.expires_at }]];
  },
};

// What an event says about where the conversation stands.
function told(state, event) {
  switch (event.kind) {
    case "joined":
      if (event.data.role === "colleague" || event.data.role === "supervisor") return state;
      return {
        ...state,
        phase: "talking",
        queue: null,
        holder: { ...event.data.staff, library: event.data.library },
      };
    case "requeued":
    case "transferred":
      return { ...state, phase: "waiting", holder: null };
    case "ended":
      return { ...state, phase: "ended", ended: event.data, queue: null, holder: null, underWay: null, typing: {} };
    default:
      return state;
  }
}

function ask(state) {
  if (state.asked || !state.open) return [state, []];
  return [{ ...state, asked: true }, [{ send: { t: "sub", topic: state.topic, after: state.last } }]];
}

// The next message goes out when the one before it is acknowledged: so the order of writing is the order in the log.
function pump(state) {
  if (!state.open || state.paused || state.underWay || state.phase === "ended") return [state, []];
  const next = state.outbox.find((entry) => !entry.seq && !entry.refused);
  if (!next) return [state, []];
  const frame = { t: "post", session: state.session, id: next.id, text: next.text };
  return [{ ...state, underWay: next.id }, [{ send: frame }]];
}

function withEntry(state, entry) {
  const known = state.outbox.some(({ id }) => id === entry.id) || state.events.some(({ id }) => id === entry.id);
  return known ? state : { ...state, outbox: inOrder([...state.outbox, entry]) };
}

function withoutEntry(state, id) {
  return { ...state, outbox: state.outbox.filter((entry) => entry.id !== id) };
}

function inOrder(entries) {
  return [...entries].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
}

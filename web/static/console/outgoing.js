// What leaves this desk: messages and notes, each until it is acknowledged; receipts; the sign that somebody writes.

import { Outbox } from "./conversation.js";
import { soon } from "./dom.js";
import { ownName } from "./memory.js";
import { t } from "./words.js";

const RECEIPT_MS = 300;
const TYPING_MS = 3_000;
const BUSY_MS = [1_000, 4_000];

/** The outgoing side of the model. */
export class Outgoing {
  constructor(model, storage) {
    this.model = model;
    this.outbox = new Outbox(storage, ownName("outbox"));
    this.tellReceipts = soon(() => this.#tellReceipts(), RECEIPT_MS);
  }

  newId() {
    return crypto.randomUUID().replaceAll("-", "");
  }

  /** Says something to the reader (`kind` "post") or to colleagues ("note"). Returns its client id. */
  write(kind, session, text) {
    const id = this.newId();
    this.outbox.add({ id, kind, session, text, at: new Date().toISOString() });
    this.flush();
    this.model.changed();
    return id;
  }

  /** Waits until something is durable or refused, or `ms` have passed: what follows must not overtake it. */
  settled(id, ms = 5_000) {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.model.removeEventListener("change", look);
        resolve();
      };
      const look = () =>
        this.outbox.entries.some((one) => one.id === id && !one.seq && !one.refused) || done();
      const timer = setTimeout(done, ms);
      this.model.addEventListener("change", look);
    });
  }

  /** Sends whatever may leave now. */
  flush() {
    for (const { id, kind, session, text } of this.outbox.due()) {
      if (this.model.link.send({ t: kind, session, id, text })) this.outbox.leave(id);
    }
  }

  drop(id) {
    this.outbox.drop(id);
    this.model.changed();
  }

  sendAgain(id) {
    this.outbox.refuse(id, "");
    this.flush();
    this.model.changed();
  }

  /** The server would not take something: later again when it is only busy, else back to its writer. */
  refused({ id, message, retry }) {
    if (retry === "retry") {
      this.outbox.hold(id, true);
      setTimeout(
        () => {
          this.outbox.hold(id, false);
          this.flush();
        },
        BUSY_MS[0] + Math.random() * (BUSY_MS[1] - BUSY_MS[0]),
      );
      return;
    }
    this.outbox.refuse(id, message || t("problem.unknown"));
    if (retry === "resume") this.model.refetch();
    this.flush();
  }

  /** What was written into conversations that are no longer ours cannot be sent: its writer gets it back. */
  giveBack() {
    for (const entry of this.outbox.entries.filter((one) => !this.model.conversation(one.session))) {
      this.outbox.drop(entry.id);
      if (!entry.seq) this.model.dispatchEvent(new CustomEvent("unsent", { detail: entry }));
    }
  }

  /** The librarian is writing: told every three seconds at most. */
  typing(session) {
    const conversation = this.model.conversation(session);
    const now = Date.now();
    if (!conversation || now - (conversation.typingTold ?? 0) < TYPING_MS) return;
    conversation.typingTold = now;
    this.model.link.send({ t: "typing", session });
  }

  #tellReceipts() {
    for (const conversation of this.model.conversations.values()) {
      const { told, seen = 0, id, log } = conversation;
      const delivered = log.last;
      const read = Math.min(log.last, Math.max(seen, told.read));
      if (delivered <= told.delivered && read <= told.read) continue;
      if (this.model.link.send({ t: "receipt", session: id, delivered, read }))
        conversation.told = { delivered, read };
    }
  }
}

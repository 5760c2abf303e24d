// One conversation as the desk holds it.

import { Log } from "./conversation.js";
import { serverNow } from "./http.js";

const PAGE_TURN_MS = 10_000;

/** The kinds that somebody said; the others tell of changes. */
export const SAID = new Set(["message", "file", "document"]);

/** Its card, its two logs, who is writing, how far everybody has read. */
export class Conversation {
  constructor(id, me) {
    this.id = id;
    this.me = me;
    this.log = new Log(`chat/${id}`);
    this.notes = new Log(`chat/${id}/staff`);
    this.marks = new Map(); // participant → {delivered, read}
    this.typing = new Map(); // participant → {name, until}
    this.told = { delivered: 0, read: 0 }; // the receipt that the server has from us
    this.view = null; // the page behind it, from /desk-view
    this.viewProblem = null;
    this.notesRead = 0;
  }

  mark(who) {
    let mark = this.marks.get(who);
    if (!mark) this.marks.set(who, (mark = { delivered: 0, read: 0 }));
    return mark;
  }

  moveMark(who, { delivered, read }) {
    const mark = this.mark(who);
    mark.delivered = Math.max(mark.delivered, delivered ?? 0, read ?? 0);
    mark.read = Math.max(mark.read, read ?? 0);
    if (who === this.me) this.told.read = Math.max(this.told.read, mark.read); // read in another window
  }

  /** Runs what takes the conversation off this desk by one's own wish: its going is no news then. */
  async leave(work) {
    this.leaving = true;
    try {
      return await work();
    } catch (refused) {
      this.leaving = false;
      throw refused;
    }
  }

  /** What the reader wrote and the librarian has not seen. */
  get unread() {
    const seen = Math.max(this.told.read, this.seen ?? 0);
    let count = 0;
    for (let at = this.log.events.length - 1; at >= 0 && this.log.events[at].seq > seen; at--) {
      const { by, kind } = this.log.events[at];
      if (by.id === this.me && SAID.has(kind)) break; // who answered has read
      if (by.kind === "reader" && SAID.has(kind)) count += 1;
    }
    return count;
  }

  /** Since when the reader has been waiting for a reply, or null. */
  get waitingSince() {
    let since = null;
    for (let at = this.log.events.length - 1; at >= 0; at--) {
      const event = this.log.events[at];
      if (!SAID.has(event.kind)) continue;
      if (event.by.kind !== "reader") break;
      since = event.at;
    }
    return since;
  }

  get lastSaid() {
    return this.log.events.findLast((event) => SAID.has(event.kind)) ?? null;
  }

  /** Documents passed on, newest knowledge first: the events, or the count that came with the card. */
  get documents() {
    return this.log.current
      ? this.log.events.filter((event) => event.kind === "document").length
      : this.card.documents;
  }

  /** How long the reader has been without a connection, in ms; 0 while they are there or only turn a page. */
  get absent() {
    const { state, reader_away: away } = this.card;
    const length = away && state === "active" ? serverNow() - Date.parse(away.since) : 0;
    return length > PAGE_TURN_MS ? length : 0;
  }

  get documentsLimit() {
    return this.view?.documents_limit ?? null;
  }

  get over() {
    return this.card.state !== "active";
  }
}

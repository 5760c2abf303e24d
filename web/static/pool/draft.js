// What is being written, kept on the server as it is typed; says truthfully whether it is.

import { h, set, write } from "../console/dom.js";
import { put, serverNow } from "../console/http.js";
import { tab } from "../console/memory.js";
import { clock, t } from "../console/words.js";

const QUIET_MS = 700;
const AGAIN_MS = 5_000;

/** Keeps one task's draft under one claim. `lost()` is told when the claim is over: the text is kept all the same. */
export class DraftKeeper {
  constructor(taskId, claimNumber, lost) {
    Object.assign(this, { taskId, claimNumber, lost });
    this.node = h("p", { class: "draft-state small muted", role: "status" });
    this.content = null; // what is not on the server yet
    this.sending = null;
    addEventListener("pagehide", () => this.#leave());
    addEventListener("online", () => this.content && this.#soon(0));
  }

  /** What a window that was closed in the middle of a word left behind. */
  get left() {
    return tab.get(this.#name);
  }

  note(content) {
    this.content = content;
    tab.set(this.#name, content);
    if (!this.sending) this.#say("typing");
    this.#soon(QUIET_MS);
  }

  /** An answer goes out: what is under way arrives before it, nothing follows it that would then come too late. */
  async rest() {
    this.resting = true;
    clearTimeout(this.timer);
    await this.sending?.catch(() => {});
  }

  /** It did not go out: what was typed meanwhile is kept as before. */
  goOn() {
    this.resting = false;
    if (this.content) this.#soon(0);
  }

  /** Everything typed so far is on the server, or an error says that it is not. */
  async flush() {
    clearTimeout(this.timer);
    if (this.sending) await this.sending.catch(() => {});
    if (this.content) await this.#send();
  }

  /** The claim's work is done: there is nothing to keep any more, and nothing of it comes too late. */
  forget() {
    clearTimeout(this.timer);
    this.over = true;
    this.content = null;
    tab.set(this.#name, null);
    write(this.node, "");
  }

  get #name() {
    return `pool.draft.${this.taskId}`;
  }

  get #path() {
    return `/api/tasks/${encodeURIComponent(this.taskId)}/draft`;
  }

  #soon(ms) {
    clearTimeout(this.timer);
    if (!this.resting) this.timer = setTimeout(() => this.flush().catch(() => {}), ms);
  }

  async #send() {
    const content = this.content;
    this.#say("saving");
    this.sending = put(this.#path, { claim_number: this.claimNumber, content });
    try {
      const answer = await this.sending;
      if (this.over) return;
      if (this.content === content) {
        this.content = null;
        tab.set(this.#name, null);
      }
      this.#say(answer?.held === false ? "late" : "saved");
      if (answer?.held === false) this.lost();
    } catch (refused) {
      if (this.over) return;
      this.#say("failed", refused.message);
      if (refused.code === "lease_over") this.lost();
      else if (refused.retry !== "stop") this.#soon(AGAIN_MS);
      throw refused;
    } finally {
      this.sending = null;
      if (this.content && this.content !== content) this.#soon(QUIET_MS);
    }
  }

  #say(state, reason = "") {
    write(this.node, t(`pool.draft.${state}`, { at: clock(new Date(serverNow()).toISOString()), reason }));
    set(this.node, { "data-state": state });
  }

  /** The window goes: a last request that outlives it. */
  #leave() {
    if (!this.content) return;
    const token = document.querySelector('meta[name="csrf"]')?.content ?? "";
    fetch(this.#path, {
      method: "PUT",
      keepalive: true,
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": token },
      body: JSON.stringify({ claim_number: this.claimNumber, content: this.content }),
    }).catch(() => {});
  }
}

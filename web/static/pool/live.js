// The line to the server for the pool's pages: hints that a task has changed, gathered so that a burst is one look.

import { Link } from "../console/link.js";
import { h, set, write } from "../console/dom.js";
import { post } from "../console/http.js";
import { language, t } from "../console/words.js";

const SETTLE_MS = 500;
const SPREAD_MS = 400; // nine hundred consoles do not ask in the same instant

/** Listens to the pool; `changed(ids)` gets the tasks that moved, or null when hints may have passed us by. */
export function watchPool(changed) {
  const dot = h("span", { class: "line__dot", "aria-hidden": "true" });
  const said = h("span", {});
  const node = h("div", { class: "line", role: "status" }, dot, said);
  let ids = new Set();
  let timer = null;
  let opened = false;
  const soon = () => {
    timer ??= setTimeout(
      () => {
        timer = null;
        const moved = ids;
        ids = new Set();
        changed(moved);
      },
      SETTLE_MS + Math.random() * SPREAD_MS,
    );
  };
  const show = (state) => {
    const word = state === "open" ? "current" : state === "stopped" ? "stopped" : "offline";
    set(node, { "data-state": word });
    write(said, t(`line.${word}`));
  };
  show("waiting");
  new Link({
    socketUrl: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/socket?lang=${language}`,
    streamUrl: "/api/stream",
    healthUrl: "/healthz",
    post: async (frame) => (await post("/api/frames", frame)).frames,
    hello: () => ({ t: "hello", v: 1, topics: { pool: 0 } }),
    heard: (frame) => {
      if (frame.t !== "pool") return;
      ids.add(frame.task);
      soon();
    },
    changed: (state) => {
      show(state);
      if (state !== "open") return;
      if (opened) changed(null); // the first time the page has just asked by itself
      opened = true;
    },
  }).start();
  return node;
}

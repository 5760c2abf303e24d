// The line to the server: hints that something in this store has changed, gathered so that a burst is one look.

import { h, set, write } from "../console/dom.js";
import { post } from "../console/http.js";
import { Link } from "../console/link.js";
import { language, t } from "../console/words.js";

const SETTLE_MS = 300;

/** Listens to a store; `changed()` when its lists are to be asked for again. Returns the sign of the line. */
export function watchStore(store, changed) {
  const said = h("span", {});
  const node = h("div", { class: "line", role: "status" }, h("span", { class: "line__dot", "aria-hidden": "true" }), said);
  let timer = null;
  const soon = () => {
    timer ??= setTimeout(() => {
      timer = null;
      changed();
    }, SETTLE_MS);
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
    hello: () => ({ t: "hello", v: 1, topics: { [`loans/${store}`]: 0 } }),
    heard: (frame) => {
      // Once the server listens for us, whatever came before it is asked for: nothing falls between.
      if (frame.t === "loans" || frame.t === "subbed") soon();
    },
    changed: show,
  }).start();
  return node;
}

// The line of pages that only listen: to which topics, and the sign that says how it stands.

import { h, set, write } from "./dom.js";
import { post } from "./http.js";
import { Link } from "./link.js";
import { language, t } from "./words.js";

/** The sign of a line as {node, show(state)}; `words` says where its words stand. */
export function lineSign(words = "line") {
  const said = h("span", {});
  const node = h("div", { class: "line", role: "status" }, h("span", { class: "line__dot", "aria-hidden": "true" }), said);
  const show = (state) => {
    const word = state === "open" ? "current" : state === "stopped" ? "stopped" : "offline";
    set(node, { "data-state": word });
    write(said, t(`${words}.${word}`));
  };
  show("waiting");
  return { node, show };
}

/** Listens to hints: `topics()` names what is asked for whenever the line opens, `heard` and `changed` are as of a Link. */
export function listen({ topics, heard, changed }) {
  const hints = (names) => Object.fromEntries(names.map((topic) => [topic, 0])); // unnumbered: none can be missed
  const link = new Link({
    socketUrl: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/socket?lang=${language}`,
    streamUrl: "/api/stream",
    healthUrl: "/healthz",
    post: async (frame) => (await post("/api/frames", frame)).frames,
    hello: () => ({ t: "hello", v: 1, topics: hints(topics()) }),
    heard,
    changed,
  });
  link.start();
  return link;
}

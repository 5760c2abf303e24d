// The line to the server: pictures of machines as they come, and hints that something about one has changed.

import { h, set, write } from "../console/dom.js";
import { clockSkew, post } from "../console/http.js";
import { Link } from "../console/link.js";
import { language, page, t } from "../console/words.js";

if (page.now) clockSkew.ms = Date.parse(page.now) - Date.now(); // ages go by the server's clock

/**
 * Listens to devices. `pictured(device, picture)` for each picture, `changed(device)` when lists are to be asked for again (device
 * null: all of them). Returns {node, isOpen(), listen(ids)}.
 */
export function watchStacks(ids, { pictured, changed, moved = () => {} }) {
  const said = h("span", {});
  const node = h("div", { class: "line", role: "status" }, h("span", { class: "line__dot", "aria-hidden": "true" }), said);
  const topics = new Set(ids.map((id) => `stack/${id}`));
  let state = "waiting";
  let opened = false;
  const link = new Link({
    socketUrl: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/socket?lang=${language}`,
    streamUrl: "/api/stream",
    healthUrl: "/healthz",
    post: async (frame) => (await post("/api/frames", frame)).frames,
    hello: () => ({ t: "hello", v: 1, topics: Object.fromEntries([...topics].map((topic) => [topic, 0])) }),
    heard: (frame) => {
      if (frame.t !== "stack") return;
      if (frame.picture) pictured(frame.device, frame.picture);
      else changed(frame.device);
    },
    changed: (now) => {
      state = now;
      const word = now === "open" ? "current" : now === "stopped" ? "stopped" : "offline";
      set(node, { "data-state": word });
      write(said, t(`stack.line.${word}`));
      if (now === "open" && opened) changed(null);
      opened ||= now === "open";
      moved();
    },
  });
  set(node, { "data-state": "offline" });
  write(said, t("stack.line.offline"));
  link.start();
  return {
    node,
    isOpen: () => state === "open",
    listen(more) {
      for (const id of more) {
        if (topics.has(`stack/${id}`)) continue;
        topics.add(`stack/${id}`);
        link.send({ t: "sub", topic: `stack/${id}`, after: 0 });
      }
    },
  };
}

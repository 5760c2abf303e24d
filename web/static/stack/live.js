// The line to the server: pictures of machines as they come, and hints that something about one has changed.

import { clockSkew } from "../console/http.js";
import { lineSign, listen } from "../console/line.js";
import { page } from "../console/words.js";

if (page.now) clockSkew.ms = Date.parse(page.now) - Date.now(); // ages go by the server's clock

/**
 * Listens to devices. `pictured(device, picture)` for each picture, `changed(device)` when lists are to be asked for again (device
 * null: all of them). Returns {node, isOpen(), listen(ids)}.
 */
export function watchStacks(ids, { pictured, changed, moved = () => {} }) {
  const sign = lineSign("stack.line");
  const topics = new Set(ids.map((id) => `stack/${id}`));
  let state = "waiting";
  const link = listen({
    topics: () => [...topics],
    heard: (frame) => {
      // Once the server listens for us, whatever came before it is asked for: nothing falls between.
      if (frame.t === "subbed") changed(null);
      if (frame.t !== "stack") return;
      if (frame.picture) pictured(frame.device, frame.picture);
      else changed(frame.device);
    },
    changed: (now) => {
      state = now;
      sign.show(now);
      moved();
    },
  });
  return {
    node: sign.node,
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

// The line to the server for the pool's pages: hints that a task has changed, gathered so that a burst is one look.

import { lineSign, listen } from "../console/line.js";

const SETTLE_MS = 500;
const SPREAD_MS = 400; // nine hundred consoles do not ask in the same instant

/** Listens to the pool; `changed(ids)` gets the tasks that moved, or null when hints may have passed us by. */
export function watchPool(changed) {
  const sign = lineSign();
  let ids = new Set();
  let timer = null;
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
  listen({
    topics: () => ["pool"],
    heard: (frame) => {
      // Once the server listens for us, whatever came before it is asked for: nothing falls between.
      if (frame.t === "subbed") changed(null);
      if (frame.t !== "pool") return;
      ids.add(frame.task);
      soon();
    },
    changed: sign.show,
  });
  return sign.node;
}

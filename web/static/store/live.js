// The line to the server: hints that something in this store has changed, gathered so that a burst is one look.

import { lineSign, listen } from "../console/line.js";

const SETTLE_MS = 300;

/** Listens to a store; `changed()` when its lists are to be asked for again. Returns the sign of the line. */
export function watchStore(store, changed) {
  const sign = lineSign();
  let timer = null;
  const soon = () => {
    timer ??= setTimeout(() => {
      timer = null;
      changed();
    }, SETTLE_MS);
  };
  listen({
    topics: () => [`loans/${store}`],
    heard: (frame) => {
      // Once the server listens for us, whatever came before it is asked for: nothing falls between.
      if (frame.t === "loans" || frame.t === "subbed") soon();
    },
    changed: sign.show,
  });
  return sign.node;
}

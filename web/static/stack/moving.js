// Things that move: each goes in a straight line, or along its belt, from where it is shown to where it was reported.

import { along } from "./plan.js";

const STILL = matchMedia("(prefers-reduced-motion: reduce)");

/** Moves elements from report to report; `rest()` is told when all have arrived. */
export class Motion {
  #things = new Map(); // element → {at, from, to, way, began, ms}
  #frame = 0;

  /** Let an element go to a point within `ms`; `way` ({key, corners, to: share of it}) bends its path. A new one is there at once. */
  go(node, point, ms, way = null) {
    const known = this.#things.get(node);
    if (!known || ms <= 0 || STILL.matches || document.hidden) {
      this.#things.set(node, { at: point, to: point, way, share: way?.to });
      return this.#place(node, point);
    }
    if (known.to[0] === point[0] && known.to[1] === point[1] && !known.began) return;
    const bent = way && { ...way, from: known.way?.key === way.key ? known.share : 0 };
    Object.assign(known, { from: known.at, to: point, began: performance.now(), ms, way: bent });
    this.#frame ||= requestAnimationFrame((now) => this.#step(now));
  }

  /** It is gone. */
  forget(node) {
    this.#things.delete(node);
  }

  /** Where it is shown now. */
  where(node) {
    return this.#things.get(node)?.at;
  }

  #step(now) {
    this.#frame = 0;
    let moving = false;
    for (const [node, thing] of this.#things) {
      if (!thing.began) continue;
      const part = Math.min(1, (now - thing.began) / thing.ms);
      const way = thing.way;
      if (way) {
        thing.share = way.from + (way.to - way.from) * part;
        thing.at = along(way.corners, thing.share);
      } else {
        thing.at = [thing.from[0] + (thing.to[0] - thing.from[0]) * part, thing.from[1] + (thing.to[1] - thing.from[1]) * part];
      }
      this.#place(node, thing.at);
      if (part < 1) moving = true;
      else thing.began = 0;
    }
    if (moving) this.#frame = requestAnimationFrame((later) => this.#step(later));
  }

  #place(node, [x, y]) {
    node.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
  }
}

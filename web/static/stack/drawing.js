// The live drawing of a store. It shows what the device has reported and nothing else; between two reports things glide.

import { h, svg } from "../console/dom.js";
import { t } from "../console/words.js";
import { Motion } from "./moving.js";
import { along, beltWay, planOf, queueShare, shareOfWay, standing } from "./plan.js";
import { faultWords, summary, toteKey } from "./said.js";

const USUAL_MS = 1000;
const LONG_AGO_MS = 4000; // then a new report is another scene, and nothing glides

/** A drawing; `small` is without words, for a card. `node` stands in the page, `show(picture)` whenever one comes. */
export class Drawing {
  #plan = null;
  #picture = null;
  #shown = 0;
  #motion = new Motion();
  #nodes = new Map();
  #homeward = new Map(); // tote → whether it is on its way home: what the picture tells only over time

  constructor({ small = false } = {}) {
    this.small = small;
    this.svg = svg("svg", { class: `store-plan${small ? " store-plan--small" : ""}`, ...(small ? { "aria-hidden": "true" } : { role: "img" }) });
    this.sign = h("p", { class: "drawing__sign", hidden: true });
    this.node = h("div", { class: "drawing", "data-state": "none" }, this.svg, this.sign);
    this.ground = svg("g", { class: "store-plan__ground" });
    this.movers = svg("g", {});
    this.totes = svg("g", {});
    this.marks = svg("g", {});
    this.ring = svg("circle", { class: "store-plan__ring", r: 16, visibility: "hidden" });
    this.svg.append(this.ground, this.movers, this.totes, this.ring, this.marks);
    new ResizeObserver(() => this.#fit()).observe(this.node);
  }

  /** A new report. */
  show(picture) {
    const now = performance.now();
    const since = now - this.#shown;
    const ms = !this.#picture || since > LONG_AGO_MS ? 0 : Math.max(400, Math.min(since * 1.05, 2 * USUAL_MS));
    this.#shown = now;
    const built = (one) => `${one?.aisles}/${one?.levels}/${one?.bays}/${one?.stations?.length}`;
    const rebuilt = built(picture) !== built(this.#picture);
    this.#remember(picture);
    this.#picture = picture;
    if (rebuilt || !this.#plan) return this.#fit(true);
    this.#draw(ms);
  }

  /** How far the drawing is to be believed: "live", "late" or "gone", with what to say over it. */
  trust(state, text = "") {
    this.node.dataset.state = state;
    this.sign.hidden = !text;
    if (this.sign.textContent !== text) this.sign.textContent = text;
  }

  /** A ring around a tote; null takes it away. */
  light(key) {
    const node = key && this.#nodes.get(`tote ${key}`);
    this.lit = node ? key : null;
    this.ring.setAttribute("visibility", node ? "visible" : "hidden");
    if (node) this.#motion.go(this.ring, this.#motion.where(node), 0);
  }

  /** Whether a tote is on its way back to its shelf. */
  goesHome(key) {
    return this.#homeward.get(key) ?? false;
  }

  #fit(force = false) {
    const width = Math.round(this.node.clientWidth);
    if (!this.#picture || width < 40 || (!force && this.#plan?.width === width)) return;
    this.#plan = planOf(this.#picture, width, this.small);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${this.#plan.height}`);
    this.svg.setAttribute("width", width);
    this.svg.setAttribute("height", this.#plan.height);
    this.#build();
    for (const node of this.#nodes.values()) this.#motion.forget(node);
    for (const node of this.#nodes.values()) node.remove();
    this.#nodes.clear();
    this.#draw(0);
  }

  /** What stands still: racks, rails, shafts, belts, stations. */
  #build() {
    const plan = this.#plan;
    const { front, lane, pitch } = plan;
    const parts = [];
    for (let aisle = 1; aisle <= plan.aisles; aisle++) {
      const top = plan.bandTop(aisle) + plan.head;
      for (let level = 1; level <= plan.levels; level++) {
        const y = plan.y(aisle, level);
        const cells = [];
        for (let bay = 1; bay <= plan.bays; bay++) cells.push(`M${(plan.x(bay) - pitch / 2 + 0.75).toFixed(1)} ${(y - lane / 2 + 1).toFixed(1)}h${Math.max(1, pitch - 1.5).toFixed(1)}v${(lane - 2).toFixed(1)}h-${Math.max(1, pitch - 1.5).toFixed(1)}z`);
        parts.push(svg("path", { class: "store-plan__cells", d: cells.join("") }));
        if (!this.small) parts.push(svg("line", { class: "store-plan__rail", x1: front - 8, x2: plan.right, y1: y, y2: y }));
        if (!this.small && lane >= 11) parts.push(this.#text(plan.right + 8, y + 3.5, String(level), "middle"));
      }
      parts.push(svg("rect", { class: "store-plan__shaft", x: plan.lift - plan.size / 2 - 4, y: top, width: plan.size + 8, height: plan.levels * lane + plan.foot / 2 + (this.small ? 2 : 8), rx: 4 }));
      if (this.small) continue;
      parts.push(this.#text(front - 8, plan.bandTop(aisle) + 14, t("stack.drawing.aisle", { n: aisle }), "start", "store-plan__name"));
      const every = [1, 2, 5, 10, 20, 50, 100].find((step) => step * pitch > 26) ?? 200;
      for (let bay = every; bay <= plan.bays; bay += every) parts.push(this.#text(plan.x(bay), plan.y(aisle, 0) + 5, String(bay), "middle"));
    }
    const belts = (homeward) => {
      const ys = this.#picture.stations.map((station) => beltWay(plan, 1, station.id, homeward)[homeward ? 1 : 3][1]);
      const ends = Array.from({ length: plan.aisles }, (_, at) => beltWay(plan, at + 1, this.#picture.stations[0]?.id, homeward)[homeward ? 4 : 0][1]);
      const x = homeward ? plan.home : plan.out;
      const all = [...ys, ...ends];
      const lines = [`M${x} ${Math.min(...all)}V${Math.max(...all)}`, ...ends.map((y) => `M${x} ${y}H${plan.lift - plan.size / 2 - 4}`), ...ys.map((y) => `M${x} ${y}H${6 + plan.box}`)];
      return svg("path", { class: `store-plan__belt${homeward ? " store-plan__belt--home" : ""}`, d: lines.join("") });
    };
    if (this.#picture.stations?.length) parts.push(belts(false), belts(true));
    for (const station of this.#picture.stations ?? []) {
      const y = plan.stationY(station.id);
      parts.push(svg("rect", { class: "store-plan__station", x: 6, y: y - plan.stationHeight / 2, width: plan.box, height: plan.stationHeight, rx: this.small ? 3 : 8 }));
      if (this.small) continue;
      const [standX, standY] = standing(plan, station.id);
      parts.push(svg("rect", { class: "store-plan__slot", x: standX - plan.size / 2 - 3, y: standY - plan.size / 2 - 3, width: plan.size + 6, height: plan.size + 6, rx: 4 }));
      parts.push(this.#text(plan.narrow ? 6 + plan.box / 2 : 16, y - plan.stationHeight / 2 + 17, t(plan.narrow ? "stack.drawing.station_short" : "stack.drawing.station", { n: station.id }), plan.narrow ? "middle" : "start", "store-plan__name"));
    }
    this.ground.replaceChildren(...parts);
  }

  #draw(ms) {
    const plan = this.#plan;
    const picture = this.#picture;
    const wanted = new Set();
    const put = (key, layer, state, make, point, way = null) => {
      wanted.add(key);
      let node = this.#nodes.get(key);
      if (!node) {
        this.#nodes.set(key, (node = svg("g", {}, ...make())));
        layer.append(node);
      }
      if (node.getAttribute("class") !== state) node.setAttribute("class", state);
      this.#motion.go(node, point, ms, way);
      return node;
    };
    const at = new Map(); // by what carries it
    for (const one of picture.shuttles ?? []) {
      const point = [plan.x(one.bay), plan.y(one.aisle, one.level)];
      if (one.tote) at.set(one.tote, point);
      put(`shuttle ${one.aisle}-${one.level}`, this.movers, `shuttle shuttle--${one.state}`, () => this.#shuttle(), point);
    }
    for (const one of picture.lifts ?? []) {
      const point = [plan.lift, plan.y(one.aisle, one.level)];
      if (one.tote) at.set(one.tote, point);
      if (!this.small) this.#say(put, `waiting ${one.aisle}`, [plan.front - 14, plan.bandTop(one.aisle) + 14], one.waiting > 1 ? t("stack.drawing.waiting", { n: one.waiting }) : "", "end");
      put(`lift ${one.aisle}`, this.movers, `lift lift--${one.state}`, () => this.#cab(), point);
    }
    this.#drawTotes(put, at);
    this.#drawStations(put);
    this.#drawFaults(put);
    for (const [key, node] of this.#nodes) {
      if (wanted.has(key)) continue;
      this.#motion.forget(node);
      node.remove();
      this.#nodes.delete(key);
    }
    if (this.lit) this.#follow(ms);
    if (!this.small) this.svg.setAttribute("aria-label", summary(picture));
  }

  #follow(ms) {
    const tote = this.#picture.totes.find((one) => toteKey(one) === this.lit);
    const node = this.#nodes.get(`tote ${this.lit}`);
    if (!tote || !node) return this.light(null);
    this.#motion.go(this.ring, this.points.get(this.lit), ms);
  }

  #drawTotes(put, carried) {
    const plan = this.#plan;
    const queued = new Map((this.#picture.stations ?? []).flatMap((station) => station.queue.map((tote, place) => [tote, place])));
    this.points = new Map();
    for (const tote of this.#picture.totes ?? []) {
      const key = toteKey(tote);
      const homeward = this.#homeward.get(key) ?? false;
      let point = carried.get(tote.tote) ?? [plan.x(tote.bay), plan.y(tote.aisle, tote.level)];
      let way = null;
      if (tote.where === "shelf") point = [plan.x(tote.bay), plan.y(tote.aisle, tote.level)];
      else if (tote.where === "home") point = [plan.front - plan.size, plan.y(tote.aisle, tote.level)];
      else if (tote.where === "station" || tote.where === "conveyor") {
        const back = homeward && tote.where !== "station";
        const corners = beltWay(plan, tote.aisle, tote.station, back);
        const place = !back && tote.where === "conveyor" ? queued.get(tote.tote) : undefined;
        const to = tote.where === "station" ? 1 : place === undefined ? shareOfWay(corners, back, tote.share) : queueShare(plan, corners, place);
        way = { key: `${tote.station} ${back}`, corners, to };
        point = along(corners, to);
      }
      const look = tote.stuck ? "stuck" : tote.where === "shelf" ? "waits" : homeward ? "home" : "out";
      this.points.set(key, point);
      put(`tote ${key}`, this.totes, `tote tote--${look} tote--${tote.kind}`, () => this.#tote(tote), point, way);
    }
  }

  #drawStations(put) {
    if (this.small) return;
    const plan = this.#plan;
    for (const station of this.#picture.stations ?? []) {
      const y = plan.stationY(station.id) + plan.stationHeight / 2 - 8;
      const coming = Math.max(0, station.coming - (station.tote ? 1 : 0));
      const text = plan.narrow ? t("stack.drawing.coming_short", { n: coming }) : t("stack.drawing.coming", { n: coming });
      const words = coming ? text : station.tote ? "" : t(plan.narrow ? "stack.drawing.free_short" : "stack.drawing.free");
      this.#say(put, `coming ${station.id}`, [plan.narrow ? 6 + plan.box / 2 : 16, y], words, plan.narrow ? "middle" : "start");
    }
  }

  /** Words that stand somewhere and change. */
  #say(put, key, point, words, anchor) {
    const node = put(key, this.marks, "store-plan__coming", () => [this.#text(0, 0, "", anchor)], point);
    if (node.textContent !== words) node.firstChild.textContent = words;
  }

  #drawFaults(put) {
    const seen = new Set();
    for (const fault of this.#picture.faults ?? []) {
      const point = this.#placeOf(fault, seen);
      if (!point) continue;
      const node = put(`fault ${fault.place} ${fault.code}`, this.marks, "fault", () => this.#warning(), point);
      const words = node.querySelector("text");
      const said = faultWords(fault).short;
      if (words && words.textContent !== said) words.textContent = said;
      words?.setAttribute("text-anchor", point[0] > this.#plan.width * 0.7 ? "end" : "start");
      words?.setAttribute("x", point[0] > this.#plan.width * 0.7 ? -14 : 14);
    }
  }

  /** Where a part that stands still is; of a belt: where the tote sticks. */
  #placeOf(fault, seen) {
    const plan = this.#plan;
    const shuttle = /^shuttle (\d+)-(\d+)$/.exec(fault.place);
    const lift = /^lift (\d+)$/.exec(fault.place);
    if (shuttle) {
      const one = this.#picture.shuttles.find((each) => each.aisle === +shuttle[1] && each.level === +shuttle[2]);
      return one && [plan.x(one.bay), plan.y(one.aisle, one.level)];
    }
    if (lift) {
      const one = this.#picture.lifts.find((each) => each.aisle === +lift[1]);
      return one && [plan.lift, plan.y(one.aisle, one.level)];
    }
    const station = +(/(\d+)$/.exec(fault.place)?.[1] ?? 0);
    const tote = this.#picture.totes.find((each) => each.stuck && each.station === station && !seen.has(toteKey(each)));
    if (tote) seen.add(toteKey(tote));
    return tote ? this.points.get(toteKey(tote)) : station ? [plan.out, plan.stationY(station)] : null;
  }

  /** Who has been at a station, or is done before it was seen there, is on its way home. */
  #remember(picture) {
    const now = new Map();
    for (const tote of picture.totes ?? []) {
      const key = toteKey(tote);
      const before = this.#homeward.get(key);
      const guess = tote.kind === "retrieve" && tote.settled && !tote.stuck && tote.where !== "station";
      now.set(key, tote.where === "station" || tote.where === "home" ? true : (before ?? guess));
    }
    this.#homeward = now;
  }

  #text(x, y, words, anchor, look = "store-plan__text") {
    const node = svg("text", { class: look, x, y, "text-anchor": anchor });
    node.textContent = words;
    return node;
  }

  #shuttle() {
    const { lane, size, small } = this.#plan;
    const wide = size + (small ? 2 : 10);
    return [svg("rect", { class: "shuttle__body", x: -wide / 2, y: -lane / 2 + 1, width: wide, height: lane - 2, rx: small ? 1 : 4 })];
  }

  #cab() {
    const { size, small } = this.#plan;
    const side = size + (small ? 1 : 4);
    return [svg("rect", { class: "lift__body", x: -side / 2, y: -side / 2, width: side, height: side, rx: small ? 1 : 3 })];
  }

  #tote(tote) {
    const side = this.#plan.size;
    const box = svg("rect", { class: "tote__body", x: -side / 2, y: -side / 2, width: side, height: side, rx: this.small ? 1 : 2 });
    const title = svg("title", {});
    title.textContent = [tote.tote, tote.item, tote.order].filter(Boolean).join(" · ");
    const mark = tote.kind === "put_back" && !this.small ? [svg("path", { class: "tote__mark", d: `M${-side / 4} 0h${side / 2}M0 ${-side / 4}v${side / 2}` })] : [];
    return [title, box, ...mark];
  }

  #warning() {
    if (this.small) return [svg("path", { class: "fault__sign", d: "M0 -6L6 5H-6Z" })];
    return [svg("path", { class: "fault__sign", d: "M0 -11L11 8H-11Z" }), svg("path", { class: "fault__bang", d: "M0 -4v5M0 4.500v.1" }), svg("text", { class: "fault__text", x: 14, y: -8 })];
  }
}

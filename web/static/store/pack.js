// Packing: the first book scanned brings its order to the bench, the last one closes the parcel and orders its label.

import { h } from "../console/dom.js";
import { t } from "../console/words.js";
import { bookRow, does, due, heading, nothing, paper } from "./parts.js";
import { right } from "./signal.js";
import { tell } from "./scanner.js";

export function packStep(desk, { top, body }) {
  let bench = null; // {order, lines, scanned, …} as the server last told
  let done = null; // the parcel that was closed last

  async function close(parcel, order) {
    done = { parcel, number: order.number, way: order.way, waybill: "", state: "packed" };
    bench = null;
    try {
      Object.assign(done, await desk.send("labels", { parcel }));
    } catch (refused) {
      tell(refused);
    }
  }

  const part = (order) =>
    desk.doing(async () => {
      const { parcel } = await desk.send("parcels", { order: order.order, part: true });
      await close(parcel, order);
    });

  function onBench() {
    const left = bench.lines.filter((line) => !bench.scanned.includes(line.line));
    return h(
      "section",
      { class: "next next--bench" },
      h("p", { class: "next__place number" }, `${bench.scanned.length}/${bench.lines.length}`),
      h(
        "div",
        { class: "next__main" },
        h("p", { class: "next__title number" }, bench.number),
        h("p", { class: "row" }, h("span", { class: "chip chip--accent" }, t(`store.way.${bench.way}`)), due(bench.due_at)),
        h("p", { class: "small muted" }, left.length ? t("store.pack.left", { n: left.length }) : t("store.pack.waits")),
      ),
      h("div", { class: "next__do" }, does("pack.clear", () => {
        bench = null;
        desk.refresh();
        desk.scanner.focus();
      }, "button--quiet")),
      h("ol", { class: "books books--bench" }, ...bench.lines.map((line) => bookRow(line, { done: bench.scanned.includes(line.line) }))),
    );
  }

  function closed() {
    return h(
      "section",
      { class: "flash flash--good packed" },
      h("p", {}, h("strong", {}, t(done.way === "collection" ? "store.pack.done_hold" : "store.pack.done", { number: done.number })), " ", done.waybill && h("span", { class: "number" }, done.waybill)),
      done.state !== "packed" &&
        h(
          "p",
          { class: "row" },
          paper(desk.store.id, `parcels/${done.parcel}/label.pdf`, done.way === "collection" ? "slip" : "label"),
          paper(desk.store.id, `parcels/${done.parcel}/packing-list.pdf`, "packing_list"),
        ),
    );
  }

  return {
    async scan(code) {
      const answer = await desk.send("pack-scans", { code, order: bench?.order ?? "" });
      if (answer.parcel) {
        await close(answer.parcel, answer);
        right(t("store.pack.closed"), [answer.number]);
      } else {
        bench = answer;
        right(t("store.pack.in"), [`${answer.scanned.length}/${answer.lines.length}`]);
      }
    },
    draw(work) {
      const known = bench && work.pack.find((each) => each.order === bench.order);
      if (known) bench = known;
      else if (bench) bench = null; // somebody else has closed it
      desk.scanner.say(t(bench ? "store.pack.scan_next" : "store.pack.scan"), t("store.pack.hint"));
      top.replaceChildren(...(bench ? [onBench()] : done ? [closed()] : []));
      const others = work.pack.filter((each) => each.order !== bench?.order);
      body.replaceChildren(
        ...(others.length || bench
          ? [heading("pack.waiting", others.length), h("ul", { class: "parcels" }, ...others.map(row))]
          : [nothing("pack")]),
      );
    },
  };

  function row(order) {
    return h(
      "li",
      { class: "parcel" },
      h(
        "div",
        { class: "parcel__main" },
        h("strong", { class: "number" }, order.number),
        h("span", { class: "volume__facts" }, h("span", {}, t("store.pack.books", { n: order.lines.length })), h("span", {}, t(`store.way.${order.way}`)), order.coming > 0 && h("span", {}, t("store.pack.coming", { n: order.coming }))),
        h("span", { class: "parcel__titles small muted" }, order.lines.map((line) => line.title).join(" · ")),
      ),
      due(order.due_at),
      h("div", { class: "parcel__do row" }, order.coming > 0 && does("pack.part", () => part(order))),
    );
  }
}

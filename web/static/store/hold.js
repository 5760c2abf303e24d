// The hold shelf: readers come with their number, or the slip is scanned.

import { h } from "../console/dom.js";
import { t } from "../console/words.js";
import { heading, nothing, paper, parcelRow } from "./parts.js";
import { right } from "./signal.js";

export function holdStep(desk, { top, body }) {
  let last = null;
  return {
    async scan(code) {
      last = await desk.send("collections", { code });
      right(t("store.hold.collected"), [last.number, t("store.parcel.items", { n: last.items })]);
    },
    draw(work) {
      desk.scanner.say(t("store.hold.scan"), t("store.hold.hint"));
      top.replaceChildren(
        ...(last
          ? [h("p", { class: "flash flash--good" }, t("store.hold.last", { number: last.number, name: last.name, n: last.items }))]
          : []),
      );
      const more = (each) => [paper(desk.store.id, `parcels/${each.parcel}/label.pdf`, "slip")];
      const row = (each) => parcelRow(each, more(each), h("span", { class: "chip" }, each.name));
      body.replaceChildren(
        ...(work.hold.length
          ? [heading("hold.list", work.hold.length), h("ul", { class: "parcels" }, ...work.hold.map(row))]
          : [nothing("hold")]),
      );
    },
  };
}

// Labels, the courier's batch, and what our own people bring back from their round.

import { h } from "../console/dom.js";
import { t } from "../console/words.js";
import { does, due, heading, meansOfScan, nothing, paper, parcelRow } from "./parts.js";
import { right } from "./signal.js";

const MEANS = ["hand_over", "delivered", "refused", "sent_back"];
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** The name of a batch: made here, so that a scan that is sent twice is of the same one. */
const newBatch = () => Array.from(crypto.getRandomValues(new Uint8Array(20)), (byte) => ALPHABET[byte % 32]).join("");

export function dispatchStep(desk, { top, body }) {
  let batch = newBatch();
  let handed = []; // of this batch, newest first
  let means = "hand_over";

  const label = (parcel) => desk.doing(() => desk.send("labels", { parcel: parcel.parcel }));

  function papers(parcel) {
    const collected = parcel.way === "collection";
    return [
      paper(desk.store.id, `parcels/${parcel.parcel}/label.pdf`, collected ? "slip" : "label"),
      paper(desk.store.id, `parcels/${parcel.parcel}/packing-list.pdf`, "packing_list"),
    ];
  }

  const chooser = () =>
    meansOfScan("dispatch", MEANS, means, (chosen) => {
      means = chosen;
      say();
      desk.scanner.focus();
    });

  function say() {
    desk.scanner.say(t(`store.dispatch.scan.${means}`), t("store.dispatch.hint"));
  }

  function batchCard() {
    return h(
      "section",
      { class: "flash flash--info packed" },
      h("p", {}, h("strong", {}, t("store.dispatch.batch", { n: handed.length })), " ", h("span", { class: "small number" }, handed.map((each) => each.number).join("  "))),
      does("dispatch.end_batch", () => {
        batch = newBatch();
        handed = [];
        desk.refresh();
        desk.scanner.focus();
      }),
    );
  }

  return {
    async scan(code) {
      if (means === "hand_over") {
        const parcel = await desk.send("hand-over", { code, batch });
        handed = [parcel, ...handed.filter((each) => each.parcel !== parcel.parcel)];
        right(t("store.dispatch.handed"), [parcel.number]);
      } else {
        const parcel = await desk.send("round", { code, outcome: means });
        right(t(`store.dispatch.mean.${means}`), [parcel.number]);
      }
    },
    draw(work) {
      const carried = work.on_the_way.length > 0;
      if (!carried) means = "hand_over";
      say();
      top.replaceChildren(...(carried ? [chooser()] : []), ...(handed.length ? [batchCard()] : []));
      const parts = [
        ["label", work.label, (parcel) => [does("dispatch.make_label", () => label(parcel), "button--primary")]],
        ["hand_over", work.hand_over, papers],
        ["on_the_way", work.on_the_way, () => []],
      ].filter(([, parcels]) => parcels.length);
      body.replaceChildren(
        ...(parts.length
          ? parts.flatMap(([name, parcels, more]) => [
              heading(`dispatch.${name}`, parcels.length, name === "hand_over" && parcels.length > 1 && paper(desk.store.id, "labels.pdf", "labels")),
              h("ul", { class: "parcels" }, ...parcels.map((each) => parcelRow(each, more(each), name === "on_the_way" ? null : due(each.due_at)))),
            ])
          : [nothing("dispatch")]),
      );
    },
  };
}

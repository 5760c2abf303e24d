// The console: one model, views that follow it in place, and what happens when a reader asks, writes or is lost.

import { h } from "./dom.js";
import * as alarm from "./alarm.js";
import { askForOverdue } from "./overdue.js";
import { keysDialog } from "./dialogs.js";
import { DutyView, LineView } from "./duty.js";
import { bindings, listen } from "./keys.js";
import { ListView, preview } from "./list.js";
import { tab } from "./memory.js";
import { Console } from "./model.js";
import { OffersView, readerOf } from "./offers.js";
import { Phrases } from "./phrases.js";
import { language, t } from "./words.js";
import { Workspace } from "./workspace.js";

const shell = document.getElementById("console");
const model = new Console({
  socketUrl: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/socket?lang=${language}`,
  streamUrl: "/api/stream",
});
const phrases = new Phrases();
const workspace = new Workspace(model, phrases, shell);
const duty = new DutyView(model);
const line = new LineView(model);
const offers = new OffersView(model, (card) => workspace.open(card.id));
const list = new ListView(model, {
  open: (id) => workspace.open(id),
  isShown: (id) => workspace.isShown(id),
  isFocused: (id) => workspace.isFocused(id),
});
const keys = listen(bindings({ offers, workspace, duty }));

document.getElementById("pane-list").append(duty.node, offers.node, list.node);
document.getElementById("pane-talk").append(workspace.node);
document.getElementById("pane-context").append(workspace.context);
document.getElementById("console-line").append(
  line.node,
  workspace.switch,
  h(
    "button",
    {
      type: "button",
      class: "button button--quiet button--small",
      "aria-label": t("keys.title"),
      title: t("keys.title"),
      onclick: () => keysDialog(keys),
    },
    h("kbd", { "aria-hidden": "true" }, "?"),
  ),
);

function update() {
  duty.update();
  line.update();
  offers.update();
  list.update();
  if (model.state) workspace.update();
  alarm.titleWith(model.list("active").reduce((sum, one) => sum + one.unread, 0));
}

model.addEventListener("change", update);
model.addEventListener("ready", () => {
  workspace.restore();
  update();
  askForOverdue(model, (id) => workspace.open(id));
});
model.addEventListener("said", ({ detail: { conversation, event } }) => {
  if (event.by.kind !== "reader") return;
  if (!alarm.isElsewhere() && workspace.isFocused(conversation.id)) return;
  alarm.ringMessage();
  alarm.announce(t("list.said", { reader: readerOf(conversation.card), text: preview(event) }));
  alarm.notify(readerOf(conversation.card), preview(event), conversation.id, () =>
    workspace.open(conversation.id),
  );
});
model.addEventListener("invited", ({ detail: conversation }) => {
  const text = t("crew.invited", { reader: readerOf(conversation.card) });
  alarm.ringMessage();
  alarm.announce(text);
  alarm.notify(text, conversation.card.question, conversation.id, () => workspace.open(conversation.id));
  alarm.toast(text, { action: [t("note.show"), () => workspace.open(conversation.id)] });
});
model.addEventListener("note", ({ detail: { conversation, event } }) => {
  alarm.announce(t("note.arrived", { name: event.by.name, text: preview(event) }));
  if (!workspace.isFocused(conversation.id))
    alarm.toast(t("note.arrived", { name: event.by.name, text: preview(event) }), {
      action: [t("note.show"), () => workspace.note(conversation.id)],
    });
});
model.addEventListener("gone", ({ detail: conversation }) => {
  if (conversation.card.state !== "active" || conversation.leaving) return;
  alarm.toast(t("list.gone", { reader: readerOf(conversation.card) }));
  const text = conversation.composer?.unsent;
  if (text) alarm.toast(t("list.unsent", { text }), { bad: true });
  const note = tab.get(`note.${conversation.id}`);
  if (note?.trim()) alarm.toast(t("list.unsent_note", { text: note }), { bad: true });
});
model.addEventListener("unsent", ({ detail: entry }) =>
  alarm.toast(t("list.unsent", { text: entry.text }), { bad: true }),
);
document.addEventListener("logged-out", () =>
  alarm.toast(t("problem.logged_out"), {
    bad: true,
    action: [t("common.login"), () => location.assign("/login?next=/console")],
  }),
);
document.addEventListener("pointerdown", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]"))
    if (!menu.contains(event.target)) menu.open = false;
});
for (const name of ["focus", "visibilitychange"]) {
  addEventListener(name, () => {
    if (!alarm.isElsewhere()) alarm.calmTitle();
    model.changed();
  });
}
setInterval(update, 1_000); // clocks and countdowns
phrases.load();
model.start();

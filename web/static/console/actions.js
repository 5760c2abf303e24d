// What a librarian does in a conversation beside talking, each asked for in a dialog.

import { h, show, write } from "./dom.js";
import { get, post } from "./http.js";
import { documentFields } from "./citations.js";
import { choices, field, openDialog, picker } from "./dialogs.js";
import { readerOf } from "./offers.js";
import * as alarm from "./alarm.js";
import { named, page, t } from "./words.js";

const presence = (one) =>
  h(
    "span",
    { class: "nowrap small" },
    h("span", {
      class: `dot dot--${one.present ? ({ available: "good", busy: "warn" }[one.availability] ?? "none") : "none"}`,
      "aria-hidden": "true",
    }),
    " ",
    one.present ? t(`availability.${one.availability}`) : t("crew.absent"),
  );
const person = (one) => ({ id: one.id, title: one.name, text: named(one.library), mark: presence(one) });

const staff = (which) =>
  get(`/api/staff?${new URLSearchParams(which)}`).then(
    (answer) => answer.staff,
    () => [],
  );

/** Colleagues: one's own, those of the reader's desk, and whom the words name or whose desk; those who are there first. */
async function colleagues(model, words, conversation) {
  const here = new Set(
    (conversation.card.participants ?? []).filter((who) => !who.left).map((who) => who.id),
  );
  const places = words ? (await desks(words)).slice(0, 3).map((desk) => desk.id) : [];
  const asked = [conversation.card.desk.id, ...places].map((desk) => ({ desk }));
  const found = await Promise.all([{}, ...asked, { name: words }].map(staff));
  const all = new Map([...model.state.colleagues, ...found.flat()].map((one) => [one.id, one]));
  const wanted = words.toLowerCase();
  const rank = (one) => (one.present ? ({ available: 0, busy: 1 }[one.availability] ?? 2) : 3);
  return [...all.values()]
    .filter((one) => one.id !== model.me.id && !here.has(one.id))
    .filter(
      (one) => !wanted || `${one.name} ${one.library.zh} ${one.library.en}`.toLowerCase().includes(wanted),
    )
    .sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
    .slice(0, 60)
    .map(person);
}

const desks = async (words) =>
  (await get(`/api/desks?query=${encodeURIComponent(words)}`)).desks.map((desk) => ({
    id: desk.id,
    title: named(desk.library),
    text: [named(desk.name), desk.city].filter(Boolean).join(" · "),
    mark: null,
  }));

export function inviteDialog(model, conversation) {
  const pick = picker(t("invite.who"), (words) => colleagues(model, words, conversation));
  openDialog({
    title: t("invite.title"),
    body: [h("p", { class: "muted" }, t("invite.text")), pick.node],
    action: t("invite.action"),
    submit: async () => {
      if (!pick.chosen) throw new Error(t("invite.none"));
      model.takeCard(await post(`/api/sessions/${conversation.id}/invite`, { staff_id: pick.chosen }));
      alarm.toast(t("invite.done"));
    },
  });
}

export function transferDialog(model, conversation) {
  let to = "person";
  const people = picker(t("transfer.who"), (words) => colleagues(model, words, conversation));
  const places = picker(t("transfer.which"), desks);
  const support = h("p", { class: "flash" }, t("transfer.support_text"));
  const reason = field(
    "reason",
    t("transfer.reason"),
    { rows: 2, maxlength: 500, required: true, placeholder: t("transfer.reason_placeholder") },
    t("transfer.reason_hint"),
  );
  const turn = (value) => {
    to = value;
    show(people.node, to === "person");
    show(places.node, to === "desk");
    show(support, to === "support");
  };
  turn(to);
  openDialog({
    title: t("transfer.title"),
    body: [
      choices(
        t("transfer.to"),
        [
          ["person", t("transfer.person")],
          ["desk", t("transfer.desk")],
          ["support", t("transfer.support")],
        ],
        to,
        turn,
      ),
      people.node,
      places.node,
      support,
      reason,
    ],
    action: t("transfer.action"),
    submit: async () => {
      const id = to === "person" ? people.chosen : to === "desk" ? places.chosen : "";
      if (to !== "support" && !id) throw new Error(t("transfer.none"));
      await conversation.leave(() =>
        post(`/api/sessions/${conversation.id}/transfer`, { to, id, reason: reason.control.value }),
      );
      model.refetch();
      alarm.toast(t("transfer.done"));
    },
  });
}

/** What is said to the reader, and the button that says it. */
function asking(model, conversation, wording) {
  const asked = h(
    "button",
    {
      type: "button",
      class: "button button--small",
      onclick: () => {
        model.outgoing.write("post", conversation.id, wording);
        asked.disabled = true;
        write(asked, t("refer.asked"));
      },
    },
    t("refer.ask"),
  );
  return h("blockquote", { class: "quote" }, h("p", {}, wording), asked);
}

const consent = () =>
  h(
    "label",
    { class: "choice" },
    h("input", { type: "checkbox", name: "consent", required: true }),
    h("span", { class: "choice__text" }, t("refer.consent")),
  );

/**
 * A document request with what the reader has named already (R-LIVE.4): in the reader's name, or, where nobody has
 * logged in, by a link under which the reader finds the form filled.
 */
export async function documentDialog(model, conversation) {
  const { card } = conversation;
  const language = card.language === "en" ? "en" : "zh";
  const path = `/api/sessions/${conversation.id}/document-request`;
  const id = model.outgoing.newId();
  let known;
  try {
    known = await get(path);
  } catch (refused) {
    return alarm.toast(refused.message, { bad: true });
  }
  if (card.reader_kind !== "reader") return linkDialog(model, conversation, known, language);
  const fields = documentFields(known.citation);
  openDialog({
    title: t("refer.title_document"),
    wide: true,
    body: [
      h("p", { class: "muted" }, t("refer.text_document")),
      asking(model, conversation, t(`said.refer_document_${language}`)),
      fields.node,
      consent(),
    ],
    action: t("refer.action_document"),
    submit: async () => {
      await post(path, { client_id: id, citation: fields.read(), language: card.language });
      model.refetch();
      alarm.toast(t("refer.done_document"));
    },
  });
}

function linkDialog(model, conversation, known, language) {
  const wording = t(`said.request_link_${language}`, { link: known.request_url });
  openDialog({
    title: t("refer.title_document"),
    body: [h("p", {}, t("refer.text_link")), h("blockquote", { class: "quote" }, h("p", {}, wording))],
    action: t("refer.send_link"),
    submit: () => {
      model.outgoing.write("post", conversation.id, wording);
      alarm.toast(t("refer.link_sent"));
    },
  });
}

/** Form question or call-back, with the reader's consent (R-LIVE.4): asking for it is one click, and nothing is asked twice. */
export function referDialog(model, conversation, kind) {
  const language = conversation.card.language === "en" ? "en" : "zh";
  const id = model.outgoing.newId();
  const contact =
    kind === "phone"
      ? field("phone", t("refer.phone"), { type: "tel", required: true, autocomplete: "off" })
      : field("mail", t("refer.mail"), { type: "email", autocomplete: "off" }, t("refer.mail_hint"));
  openDialog({
    title: t(`refer.title_${kind}`),
    body: [
      h("p", { class: "muted" }, t(`refer.text_${kind}`)),
      asking(model, conversation, t(`said.refer_${kind}_${language}`)),
      contact,
      consent(),
    ],
    action: t(`refer.action_${kind}`),
    submit: async () => {
      const { card } = conversation;
      await post(`/api/sessions/${conversation.id}/refer`, {
        client_id: id,
        kind,
        topic: card.topic,
        language: card.language,
        name: card.reader_name,
        [kind === "phone" ? "phone" : "mail"]: contact.control.value.trim(),
      });
      model.refetch();
      alarm.toast(t(`refer.done_${kind}`));
    },
  });
}

export function endDialog(model, conversation) {
  const language = conversation.card.language === "en" ? "en" : "zh";
  const words = t(`said.end_${language}`);
  const polite = h("input", { type: "checkbox", checked: true });
  openDialog({
    title: t("end.title", { reader: readerOf(conversation.card) }),
    body: [
      h("p", {}, t("end.text")),
      h(
        "label",
        { class: "choice" },
        polite,
        h("span", { class: "choice__text" }, t("end.polite"), h("span", { class: "muted small" }, words)),
      ),
    ],
    action: t("end.action"),
    submit: async () => {
      if (polite.checked) await model.outgoing.settled(model.outgoing.write("post", conversation.id, words));
      await post(`/api/sessions/${conversation.id}/end`, { reason: "librarian" });
      model.refetch();
    },
  })
    .querySelector("[type=submit]")
    .focus();
}

export function abuseDialog(model, conversation) {
  const reason = field(
    "reason",
    t("abuse.reason"),
    { rows: 3, maxlength: 2_000, required: true },
    t("abuse.reason_hint"),
  );
  const hours = field("hours", t("abuse.hours"), {
    type: "number",
    min: 1,
    max: 720,
    value: String(page.block_hours),
    required: true,
  });
  openDialog({
    title: t("abuse.title"),
    body: [h("p", {}, t("abuse.text")), reason, hours],
    action: t("abuse.action"),
    danger: true,
    submit: async () => {
      await post(`/api/sessions/${conversation.id}/abuse`, {
        reason: reason.control.value,
        hours: Number(hours.control.value),
      });
      model.refetch();
      alarm.toast(t("abuse.done"));
    },
  });
}

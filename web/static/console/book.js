// Canned phrases: one's own, the library's, the alliance's; found as one types, kept in a dialog.

import { h, keyed, write } from "./dom.js";
import { call, get, post, put } from "./http.js";
import * as alarm from "./alarm.js";
import { field, openDialog } from "./dialogs.js";
import { icon } from "./icons.js";
import { failed, skeleton } from "./list.js";
import { language, page, t } from "./words.js";

const LEVELS = ["personal", "library", "alliance"];
const root = document.getElementById("book");
const count = document.getElementById("book-count");
const find = document.getElementById("f-find");
const kept = Object.keys(page.levels); // the levels that one may change
let phrases = [];

/** All phrases that one may change, and of the others those that one may use. */
async function load() {
  if (!phrases.length) root.replaceChildren(...skeleton(6));
  try {
    const lists = await Promise.all(
      [
        "/api/phrases",
        ...Object.entries(page.levels).map(
          ([level, owner]) => `/api/phrases?${new URLSearchParams({ level, owner })}`,
        ),
      ].map(get),
    );
    phrases = [...new Map(lists.flatMap((list) => list.phrases).map((one) => [one.id, one])).values()];
    phrases.sort(
      (a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level) || a.shortcut.localeCompare(b.shortcut),
    );
    root.replaceChildren();
    root.keyed = null;
    draw();
  } catch (problem) {
    root.replaceChildren(failed(problem, load));
  }
}

function draw() {
  const words = find.value.trim().toLowerCase();
  const found = phrases.filter(
    (one) => !words || `${one.shortcut} ${one.text_zh} ${one.text_en}`.toLowerCase().includes(words),
  );
  write(count, t("book.count", { n: found.length }));
  const face = phrases.length ? "nothing" : "none";
  keyed(
    root,
    [
      ...LEVELS.map((level) => ({
        key: level,
        level,
        list: found.filter((one) => one.level === level),
      })).filter((group) => group.list.length),
      ...(found.length ? [] : [{ key: face, face }]),
    ],
    (group) => group.key,
    (group) =>
      group.face
        ? h(
            "div",
            { class: "face" },
            icon("phrase"),
            h("p", { class: "face__title" }, t(`book.${face}.title`)),
            h("p", { class: "face__text" }, t(`book.${face}.text`)),
          )
        : h(
            "section",
            {},
            h("h2", { class: "book__level" }, t(`phrases.level.${group.level}`)),
            h("ul", { class: "list" }),
          ),
    (node, group) =>
      group.list &&
      keyed(
        node.querySelector("ul"),
        group.list,
        (one) => `${one.id}${one.shortcut}${one.text_zh}${one.text_en}`,
        line,
      ),
  );
}

function line(one) {
  const lacks = !one.text_en ? t("book.only_zh") : !one.text_zh ? t("book.only_en") : "";
  const shown = language === "en" ? one.text_en || one.text_zh : one.text_zh || one.text_en;
  const act = (key, work) =>
    h(
      "button",
      {
        type: "button",
        class: "button button--quiet button--small",
        "aria-label": `${key} /${one.shortcut}`,
        onclick: work,
      },
      key,
    );
  return h(
    "li",
    { class: "list__item book__phrase" },
    h("code", { class: "book__shortcut" }, `/${one.shortcut}`),
    h(
      "div",
      { class: "list__main" },
      h("p", { class: "keep-lines" }, shown),
      lacks && h("span", { class: "chip" }, lacks),
    ),
    h(
      "div",
      { class: "book__do" },
      one.mine
        ? [act(t("common.edit"), () => edit(one)), act(t("book.delete"), () => remove(one))]
        : act(t("book.copy"), () => edit({ ...one, id: "", level: "personal" })),
    ),
  );
}

function edit(one) {
  const shortcut = field(
    "shortcut",
    t("book.shortcut"),
    { maxlength: 30, required: true, value: one.shortcut, autocomplete: "off", autocapitalize: "none" },
    t("book.shortcut_hint"),
  );
  const zh = field(
    "text_zh",
    t("book.text_zh"),
    { rows: 3, maxlength: 2_000, value: one.text_zh },
    t("book.text_hint"),
  );
  const en = field("text_en", t("book.text_en"), { rows: 3, maxlength: 2_000, value: one.text_en });
  let last = (language === "en" ? en : zh).control;
  for (const each of [zh, en]) each.control.addEventListener("focus", () => (last = each.control));
  const insert = (name) => {
    last.setRangeText(`{${name}}`, last.selectionStart, last.selectionEnd, "end");
    last.focus();
  };
  const level = h(
    "select",
    { class: "input", id: "book-level" },
    kept.map((each) => h("option", { value: each }, t(`phrases.level.${each}`))),
  );
  level.value = one.level;
  openDialog({
    title: t(one.id ? "book.change" : "book.add"),
    body: [
      kept.length > 1 &&
        !one.id &&
        h(
          "div",
          { class: "field" },
          h("label", { class: "field__label", for: "book-level" }, t("book.level")),
          level,
        ),
      shortcut,
      zh,
      en,
      h(
        "div",
        { class: "book__placeholders", role: "group", "aria-label": t("book.placeholders") },
        h("span", { class: "muted small" }, t("book.placeholders")),
        page.placeholders.map((name) =>
          h(
            "button",
            { type: "button", class: "chip book__placeholder", onclick: () => insert(name) },
            t(`book.placeholder.${name}`),
          ),
        ),
      ),
    ],
    action: t("common.save"),
    wide: true,
    submit: async () => {
      const body = {
        level: one.id ? one.level : level.value || "personal",
        owner_id: one.id ? one.owner_id : "",
        shortcut: shortcut.control.value,
        text_zh: zh.control.value,
        text_en: en.control.value,
      };
      if (one.id) await change(one, body);
      else await post("/api/phrases", body);
      alarm.toast(t("book.saved"));
      await load();
    },
  });
}

/** Where somebody else has saved meanwhile, says what stands now; who saves once more has seen it. Throws Refused. */
async function change(one, body) {
  try {
    await put(`/api/phrases/${one.id}`, { ...body, edition: one.edition });
  } catch (refused) {
    if (refused.code !== "changed_meanwhile") throw refused;
    await load();
    const now = phrases.find((each) => each.id === one.id) ?? one;
    one.edition = now.edition;
    refused.message += ` ${t("book.now")} /${now.shortcut} ${now.text_zh} ${now.text_en}`;
    throw refused;
  }
}

function remove(one) {
  openDialog({
    title: t("book.delete"),
    body: [
      h("p", {}, t("book.sure", { shortcut: one.shortcut })),
      h("p", { class: "quote keep-lines" }, one.text_zh || one.text_en),
    ],
    action: t("book.delete"),
    danger: true,
    submit: async () => {
      await call("DELETE", `/api/phrases/${one.id}`);
      alarm.toast(t("book.deleted"));
      await load();
    },
  });
}

find.addEventListener("input", draw);
document
  .getElementById("book-add")
  .addEventListener("click", () =>
    edit({ id: "", level: "personal", owner_id: "", shortcut: "", text_zh: "", text_en: "" }),
  );
load();

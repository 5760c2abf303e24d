// Past conversations: found by words and date, a page at a time; reading one in full is logged by the server (R-LIVE.6).

import { h, set, write } from "./dom.js";
import { get } from "./http.js";
import { icon } from "./icons.js";
import { failed, skeleton } from "./list.js";
import { drawn } from "./thread.js";
import { dated, day, exactly, has, named, page, t } from "./words.js";

const form = document.getElementById("archive-search");
const list = document.getElementById("archive-list");
const count = document.getElementById("archive-count");
const more = document.getElementById("archive-more");
const reading = document.getElementById("archive-reading");
const shell = document.getElementById("archive");
let lines = [];
let turn = 0;

/** Fetches the first page, or the next one after what is listed. Answers that come too late are dropped. */
async function look(next = false) {
  const mine = ++turn;
  const words = form.elements.q.value.trim();
  const until = form.elements.before.value;
  const typical = form.elements.typical.checked;
  const before = next ? lines.at(-1).created_at : until && new Date(`${until}T23:59:59.999`).toISOString();
  if (!next) {
    lines = [];
    list.replaceChildren(h("li", {}, skeleton(5)));
    write(count, "");
  }
  more.replaceChildren(next ? h("p", { class: "muted small" }, t("common.loading")) : "");
  try {
    const found = await get(
      `/api/archive?${new URLSearchParams({ q: words, ...(before && { before }), ...(typical && { typical: "1" }) })}`,
    );
    if (mine !== turn) return;
    if (!next) list.replaceChildren();
    list.append(...found.sessions.map(line));
    lines.push(...found.sessions);
    showEnd(found.more, Boolean(words || until || typical));
    mark();
  } catch (problem) {
    if (mine !== turn) return;
    if (!next) list.replaceChildren();
    more.replaceChildren(failed(problem, () => look(next)));
  }
}

function showEnd(further, searching) {
  write(count, lines.length ? t(further ? "archive.count_more" : "archive.count", { n: lines.length }) : "");
  if (further)
    return more.replaceChildren(
      h("button", { type: "button", class: "button", onclick: () => look(true) }, t("archive.more")),
    );
  const face = searching ? "nothing" : "none";
  more.replaceChildren(
    lines.length
      ? h("p", { class: "muted small" }, t("archive.end"))
      : h(
          "div",
          { class: "face" },
          icon("search"),
          h("p", { class: "face__title" }, t(`archive.${face}.title`)),
          h("p", { class: "face__text" }, t(`archive.${face}.text`)),
        ),
  );
}

function line(one) {
  const facts = [
    t(`topic.${one.topic}`),
    has(`outcome.${one.outcome}`) ? t(`outcome.${one.outcome}`) : t(`state.${one.state}`),
    one.documents && t("archive.documents", { n: one.documents }),
    has(`rating.${one.rating}`) && t(`rating.${one.rating}`),
  ];
  return h(
    "li",
    {},
    h(
      "a",
      { class: "entry", href: `#${one.id}`, "data-id": one.id },
      h(
        "span",
        { class: "entry__line" },
        h("span", { class: "entry__name" }, named(one.desk)),
        h("time", { class: "entry__time number", datetime: one.at, title: exactly(one.at) }, dated(one.at)),
      ),
      h(
        "span",
        { class: "entry__line" },
        h("span", { class: "entry__last" }, one.question || t(`topic.${one.topic}`)),
      ),
      h(
        "span",
        { class: "entry__line" },
        h("span", { class: "entry__library" }, facts.filter(Boolean).join(" · ")),
      ),
    ),
  );
}

function mark() {
  const id = location.hash.slice(1);
  for (const link of list.querySelectorAll("a"))
    set(link, { "aria-current": link.dataset.id === id ? "true" : null });
}

/** Reads one conversation in full, all its pages. */
async function read() {
  const id = decodeURIComponent(location.hash.slice(1));
  mark();
  shell.dataset.view = id ? "read" : "list";
  if (!id)
    return reading.replaceChildren(
      h("div", { class: "face" }, icon("book"), h("p", { class: "face__text" }, t("archive.choose"))),
    );
  reading.replaceChildren(bar(null), ...skeleton(6));
  try {
    const events = [];
    let documents = [];
    for (let last = 1; events.length < last;) {
      const found = await get(`/api/archive/${encodeURIComponent(id)}?after=${events.at(-1)?.seq ?? 0}`);
      if (!found.events.length) break;
      events.push(...found.events);
      ({ documents } = found);
      last = found.last_seq;
    }
    if (location.hash.slice(1) !== id) return;
    draw(id, events, documents);
  } catch (problem) {
    reading.replaceChildren(bar(null), failed(problem, read));
  }
}

function draw(id, events, documents) {
  const one = lines.find((each) => each.id === id);
  const talk = h("div", { class: "talk" });
  let previous = null;
  for (const event of events) {
    if (!previous || day(previous.at) !== day(event.at))
      talk.append(h("div", { class: "talk__day" }, day(event.at)));
    talk.append(drawn(event, page.me.id));
    previous = event;
  }
  const facts = [one && dated(one.at), t("archive.logged")].filter(Boolean).join(" · ");
  const download = h(
    "a",
    {
      class: "button button--small",
      href: `/api/sessions/${encodeURIComponent(id)}/transcript.txt`,
      download: "",
    },
    t("archive.download"),
  );
  reading.replaceChildren(
    bar(one, h("p", { class: "muted small" }, facts), download),
    ...(documents.length ? [passed(documents)] : []),
    talk,
  );
  reading.scrollTop = 0;
  if (isNarrow()) reading.focus();
}

/** Only one of list and conversation has room. */
const isNarrow = () => matchMedia("(max-width: 60rem)").matches;

/** Which conversation one reads. Where the list has no room its heading is gone too: this one heads the page then. */
const bar = (one, facts = null, download = null) =>
  h(
    "header",
    { class: "reading__bar" },
    back(),
    h(
      "div",
      {},
      h(
        isNarrow() ? "h1" : "h2",
        { class: "reading__title" },
        one ? named(one.desk) : t("archive.transcript"),
      ),
      facts,
    ),
    download,
  );

/** What was passed on, by title: also files that only the record counted. */
const passed = (documents) =>
  h(
    "section",
    { class: "reading__documents" },
    h("h3", {}, t("context.documents")),
    h(
      "ol",
      { class: "plain" },
      documents.map(({ title }) => h("li", {}, icon("document"), h("span", {}, title))),
    ),
  );

const back = () =>
  h(
    "a",
    { class: "button button--quiet button--small reading__back", href: "#" },
    icon("back"),
    t("archive.back"),
  );

form.addEventListener("submit", (event) => {
  event.preventDefault();
  look();
});
form.addEventListener("reset", () => setTimeout(() => look()));
for (const name of ["before", "typical"]) form.elements[name].addEventListener("change", () => look());
addEventListener("hashchange", read);
look().then(read);

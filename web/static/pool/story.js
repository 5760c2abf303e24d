// What is known of a task: the request, who waits, where one has looked, who held it, what was answered.

import { h } from "../console/dom.js";
import { icon } from "../console/icons.js";
import { dated, exactly, has, page, size, t } from "../console/words.js";

const HINT = /\s*[（(].*[)）]$/; // what a form's label says to who fills it in
const when = (iso) => h("time", { datetime: iso, title: exactly(iso), class: "nowrap" }, dated(iso));
const section = (title, ...body) => h("section", { class: "card card--tight" }, h("h2", {}, title), body);

/** The request: the document's fields or the question, transcript, files, the readers' clocks. */
export function requestSection(view) {
  const { request, row } = view;
  return section(
    t(row.channel === "document" ? "pool.request.document" : "pool.request.question"),
    citationFacts(row.material, request.citation),
    request.question && h("p", { class: "keep-lines request__question" }, request.question),
    request.contact && contact(request.contact),
    request.files.length > 0 && fileList(request.files),
    request.transcript &&
      h(
        "details",
        { class: "fold" },
        h("summary", {}, t("pool.request.transcript")),
        h("p", { class: "keep-lines small request__transcript" }, request.transcript),
      ),
    request.consultations.length > 1 && readers(request.consultations),
    view.mails_late > 0 && h("p", { class: "flash flash--warn" }, icon("alert"), h("span", { class: "flash__main" }, t("pool.request.mail_late"))),
    view.mails_failed > 0 && h("p", { class: "flash flash--warn" }, icon("alert"), h("span", { class: "flash__main" }, t("pool.request.mail_failed"))),
  );
}

function citationFacts(material, citation) {
  const fields = page.citation_fields[material] ?? [];
  const known = fields.filter(({ name }) => citation[name]);
  if (!known.length) return null;
  return h(
    "dl",
    { class: "facts" },
    known.map(({ name, label }) => [h("dt", {}, label.replace(HINT, "")), h("dd", {}, factOf(name, citation[name]))]),
  );
}

function factOf(name, value) {
  const address = name === "url" ? value : name === "doi" ? `https://doi.org/${value}` : "";
  if (!/^https?:\/\//.test(address)) return h("span", { class: "keep-lines" }, value);
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, value);
}

const contact = ({ name, phone }) =>
  h("p", { class: "flash" }, icon("phone"), h("span", { class: "flash__main" }, t("pool.request.call", { name: name || t("pool.request.reader"), phone })));

/** Files to open or download. */
export function fileList(files) {
  return h(
    "ul",
    { class: "plain" },
    files.map((file) => h("li", {}, icon("file"), h("span", {}, h("a", { href: file.url, download: file.name }, file.name), ` · ${size(file.size)}`))),
  );
}

function readers(consultations) {
  return h(
    "div",
    {},
    h("h3", { class: "small muted" }, t("pool.request.readers", { n: consultations.filter((one) => one.state === "open").length })),
    h(
      "ul",
      { class: "plain" },
      consultations.map((one, at) =>
        h(
          "li",
          {},
          icon("clock"),
          h(
            "span",
            {},
            `${t("pool.request.nth", { n: at + 1 })} · `,
            when(one.submitted_at),
            ` · ${one.state === "open" ? t(`pool.stage.${one.stage}`) : t(`pool.reader_state.${one.state}`)}`,
          ),
        ),
      ),
    ),
  );
}

/** Where everybody has looked: the joined trail. */
export function trailSection(view) {
  const body = view.trail.length
    ? h(
        "ol",
        { class: "trail" },
        view.trail.map((one) =>
          h(
            "li",
            {},
            h("strong", {}, one.place),
            h("span", { class: "chip" }, t(`pool.searched_as.${one.outcome}`)),
            one.note && h("span", { class: "trail__note" }, one.note),
            h("span", { class: "small muted" }, one.by, " · ", when(one.at)),
          ),
        ),
      )
    : h("p", { class: "small muted" }, t("pool.trail.none"));
  return section(t("pool.trail.title"), view.trail.length > 0 && h("p", { class: "small muted" }, t("pool.trail.text")), body);
}

/** Who held it, and how that ended. */
export function claimsSection(view) {
  if (!view.claims.length) return null;
  return section(
    t("pool.claims.title"),
    h(
      "ol",
      { class: "plain" },
      view.claims.map((one) =>
        h(
          "li",
          {},
          icon("people"),
          h(
            "span",
            {},
            one.by,
            " · ",
            when(one.claimed_at),
            " · ",
            one.ended_at ? t(has(`pool.claim_end.${one.outcome}`) ? `pool.claim_end.${one.outcome}` : "pool.claims.ended") : t("pool.claims.holds"),
          ),
        ),
      ),
    ),
  );
}

/** Every version of the answer, the newest first. */
export function answersSection(view, { skip = "" } = {}) {
  const answers = view.answers.filter((one) => one.id !== skip);
  if (!answers.length) return null;
  return section(t("pool.answers.title"), [...answers].reverse().map(answerCard));
}

const STATE_KINDS = { sent: "chip--good", proposed: "chip--warn", refused: "chip--bad", replaced: "" };

/** One version in full. */
export function answerCard(one) {
  const { title, author, source, date } = one.document;
  const named = [title, author, source, date].filter(Boolean).join(" · ");
  return h(
    "article",
    { class: "version" },
    h(
      "p",
      { class: "version__head" },
      h("span", { class: `chip ${STATE_KINDS[one.state] ?? ""}` }, t(`pool.answer_state.${one.state}`)),
      h("strong", {}, t("pool.answers.version", { n: one.version })),
      h("span", { class: "small muted" }, t(`pool.kind.${one.kind}`), one.delivery && ` · ${t(`pool.delivery.${one.delivery}`)}`, " · ", one.by, " · ", when(one.sent_at ?? one.created_at)),
    ),
    named && h("p", { class: "small" }, t("pool.answers.document", { text: named })),
    one.link_url && h("p", { class: "small version__link" }, h("a", { href: one.link_url, target: "_blank", rel: "noopener noreferrer" }, one.link_url)),
    one.files.length > 0 && fileList(one.files),
    one.body && h("p", { class: "keep-lines version__body" }, one.body),
    one.reason && h("p", { class: "small" }, t("pool.answers.reason", { text: one.reason })),
    one.state === "proposed" && one.reviewer && h("p", { class: "small" }, t("pool.reviewer.named", { name: one.reviewer })),
    one.comment && h("p", { class: "small version__comment" }, t("pool.answers.comment", { text: one.comment })),
  );
}

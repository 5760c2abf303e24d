// The chat as a page of its own: the same code that libraries' pages load, mounted where the form's button stood.
import { mount } from "/widget/chat.js";
import { Keeping } from "/widget/keeping.js";

const place = document.querySelector("#chat");
const { desk: slug, colour, language, large, about, login: code, known, closed } = place.dataset;
const still = place.querySelector(".desk__still");

// On a shared computer the next reader is somebody else: what this browser keeps of one who was logged in here (log-in,
// conversation, what was half written or not sent) is for nobody but them, however they logged out, and for nobody
// while no log-in is shown. Who begins without a log-in and logs in then stays who they are.
const keeping = new Keeping(location.origin, slug);
const whose = keeping.get("login")?.reader.id ?? keeping.get("whose");
if (whose && whose !== known) {
  keeping.unsent(keeping.get("talk")?.id).forEach(({ id }) => keeping.drop(`unsent ${id}`));
  ["login", "visitor", "talk", "asking", "draft", "whose"].forEach((name) => keeping.drop(name));
}
if (known) keeping.set("whose", known);
keeping.listen((name, now, before) => name === "whose" && before && now !== before && location.reload()); // this tab was theirs

// Who comes from a loan order asks about it: the question begins with its number, and goes to who helps with orders.
// Their log-in goes along, so that nobody has to ask whose order it is; an open conversation stays as it was begun.
if (about) keeping.set("asking", { topic: "order", question: about, language });
if (code && !(keeping.get("login")?.until > Date.now()) && keeping.get("talk")?.ended !== false) {
  const body = JSON.stringify({ desk: slug, code, visitor: keeping.get("visitor") ?? "" });
  const answer = await fetch("/api/widget/login", { method: "POST", credentials: "omit", headers: { "content-type": "application/json" }, body });
  if (answer.ok) {
    const { bearer, reader } = await answer.json();
    keeping.set("login", { bearer, reader, until: Date.now() + 11.5 * 3_600_000 });
  }
}

const answer = colour && (await fetch(`/widget/accent/${colour}.css`));
const accent = new CSSStyleSheet();
accent.replaceSync(answer?.ok ? await answer.text() : "");
try {
  // A desk that is closed has nothing for who begins; who has a conversation in this browser goes on with it, and who
  // is logged in with one from wherever they began it (the chat asks, and does not open to anybody else).
  if (closed !== undefined && !keeping.get("talk") && !keeping.login) throw new Error("closed");
  const options = {
    origin: location.origin,
    slug,
    language,
    practice: new URLSearchParams(location.search).get("practice") ?? undefined,
    page: true,
    largeType: large !== undefined,
    styles: [accent],
  };
  await mount(options, place);
  still.remove();
  place.hidden = false;
  if (closed !== undefined) {
    const title = Object.assign(document.createElement("h1"), { className: "visually-hidden", textContent: place.ariaLabel });
    document.querySelector(".desk__none").replaceWith(title);
  }
} catch {
  // the form's button stays: a desk without its chat can still be asked
}

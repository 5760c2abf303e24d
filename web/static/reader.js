// The chat as a page of its own: the same code that libraries' pages load, mounted where the form's button stood.
import { mount } from "/widget/chat.js";
import { Keeping } from "/widget/keeping.js";

const place = document.querySelector("#chat");
const { desk: slug, colour, language, large, about } = place.dataset;
const still = place.querySelector(".desk__still");

// Who comes from a loan order asks about it: the question begins with its number, and goes to who helps with orders.
if (about) new Keeping(location.origin, slug).set("asking", { topic: "order", question: about, language });

const answer = await fetch(`/widget/accent/${colour}.css`);
const accent = new CSSStyleSheet();
accent.replaceSync(answer.ok ? await answer.text() : "");
try {
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
} catch {
  // the form's button stays: a desk without its chat can still be asked
}

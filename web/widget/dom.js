// Elements in one line, and the few pictures we draw. Nothing here sets HTML from text or a style attribute, so that
// a strict Content-Security-Policy of the host page has nothing to object to.

const PICTURES = {
  language: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
  down: "M5 9l7 7 7-7",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  send: "M4 12 20 4l-5 16-3.5-6.5zM11.5 13.5 20 4",
  clip: "M19 11.5 12 18.4a4.3 4.3 0 0 1-6.1-6.1l7.5-7.4a2.9 2.9 0 0 1 4.1 4.1l-7.3 7.2a1.4 1.4 0 0 1-2-2l6.4-6.3",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  book: "M12 6c-2-1.6-5-1.8-8-1v13c3-.8 6-.6 8 1 2-1.6 5-1.8 8-1V5c-3-.8-6-.6-8 1zm0 0v13",
  mail: "M4 6h16v12H4zM4 7l8 6 8-6",
  save: "M12 4v11m-5-5 5 5 5-5M5 20h14",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zm0-14v5l3 2",
  alert: "M12 4 2.5 20h19zm0 6v4m0 3v.01",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM5 20c0-4 3-6.5 7-6.5s7 2.5 7 6.5",
  sent: "m5 13 4 4L19 7",
  delivered: "m2 13 4 4L16 7M11 15l2 2L23 7",
  read: "m2 13 4 4L16 7M11 15l2 2L23 7",
  current: "m7 12.5 3.5 3.5L17 8.5",
  catching: "M12 6v6l4 2",
  offline: "M8 8l8 8M16 8l-8 8",
  end: "M14 4H5v16h9M10 12h11m-4-4 4 4-4 4",
  satisfied: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.5 14c1.8 2.6 5.2 2.6 7 0M9 9.5v.01M15 9.5v.01",
  fair: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.5 15h7M9 9.5v.01M15 9.5v.01",
  unsatisfied: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.5 16c1.8-2.6 5.2-2.6 7 0M9 9.5v.01M15 9.5v.01",
};
const SVG = "http://www.w3.org/2000/svg";

export function picture(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("class", "picture");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PICTURES[name]);
  svg.append(path);
  return svg;
}

// h("button.primary", {onclick, "aria-label": …}, "text", child, …): functions and booleans become properties.
export function h(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (value == null) continue;
    if (typeof value === "function" || typeof value === "boolean" || key === "value") element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => (child ?? "") !== ""));
  return element;
}

export const quiet = (text) => h("span.quiet", {}, text); // for screen readers alone

export function button(kind, label, onclick, pictured) {
  return h(`button.${kind}`, { type: "button", onclick }, pictured && picture(pictured), h("span", {}, label));
}

export function iconButton(pictured, label, onclick) {
  return h("button.icon", { type: "button", onclick, "aria-label": label, title: label }, picture(pictured));
}

let made = 0;

// A labelled input with a place for what is wrong with it.
export function field(label, input, hint = "") {
  const id = (input.id ||= `f${++made}`);
  const said = h("p.hint", { id: `${id}h` }, hint);
  said.hidden = !hint;
  input.setAttribute("aria-describedby", said.id);
  const whole = h("div.field", {}, h("label", { for: id }, label), input, said);
  whole.refuse = (message) => {
    if (message) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    said.textContent = message || hint;
    said.hidden = !said.textContent;
    said.classList.toggle("wrong", !!message);
  };
  return whole;
}

export function choices(legend, name, options, chosen, onchange, kind = "pills") {
  const group = `${name}${++made}`;
  const radios = options.map(([value, label]) =>
    h(
      "label",
      {},
      h("input", { type: "radio", name: group, value, checked: value === chosen, onchange: () => onchange(value) }),
      h("span", {}, label),
    ),
  );
  return h(`fieldset.${kind}`, {}, h("legend", {}, legend), h("div", {}, radios));
}

// http and https addresses in a text become links; everything else stays text.
export function linked(text) {
  const parts = text.split(/(https?:\/\/[^\s<>"'（）《》，。；！？、]+)/);
  return parts.flatMap((part, odd) => {
    if (odd % 2 === 0) return part;
    const end = part.match(/[.,;:!?)\]]*$/)[0];
    const address = part.slice(0, part.length - end.length);
    return [h("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, address), end];
  });
}

// Enter sends, Shift+Enter breaks the line, Enter that ends a composition (Chinese, Japanese…) does neither.
// Safari reports that last one after the composition with key code 229.
export const sends = (event) =>
  event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229;

export function grows(area, most = 160) {
  const fit = () => {
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight + 2, most)}px`;
  };
  area.addEventListener("input", fit);
  area.fit = fit;
  return area;
}

// A name for something of ours that the server has not seen yet.
export const newId = () =>
  crypto.randomUUID?.() ??
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

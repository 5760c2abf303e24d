// Elements by hand: make them, fill lists in place, keep focus and scroll. No markup is ever built from strings.

const SVG = "http://www.w3.org/2000/svg";

/** An element: h("button", {class: "quiet", onclick: f, "aria-label": x}, children…). null, false and undefined are left out. */
export function h(name, props, ...children) {
  const node = document.createElement(name);
  if (props) set(node, props);
  node.append(...children.flat(2).filter((child) => child != null && child !== false));
  return node;
}

/** The same for SVG. */
export function svg(name, props, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(props ?? {})) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** Attributes, properties and listeners of an element; null, undefined and false take an attribute away. */
export function set(node, props) {
  for (const [key, value] of Object.entries(props)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked") node[key] = value;
    else if (value == null || value === false) node.removeAttribute(key);
    else if (node.getAttribute(key) !== String(value === true ? "" : value))
      node.setAttribute(key, value === true ? "" : value);
  }
  return node;
}

/** Writes text only where it changed: screen readers and selections stay quiet. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
  return node;
}

export function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
  return node;
}

/**
 * Brings a parent's children in step with a list, in place: known items keep their element (with focus and scroll), new ones
 * are made, lost ones go. `make(item)` returns an element; `update(element, item)` brings it up to date.
 */
export function keyed(parent, items, keyOf, make, update = () => {}) {
  const known = (parent.keyed ??= new Map());
  const wanted = new Set(items.map(keyOf));
  for (const [key, node] of known) {
    if (!wanted.has(key)) {
      node.remove();
      known.delete(key);
    }
  }
  let cursor = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let node = known.get(key);
    if (!node) known.set(key, (node = make(item)));
    update(node, item);
    if (node === cursor) cursor = cursor.nextElementSibling;
    else parent.insertBefore(node, cursor);
  }
}

/** Whether what the keyboard does now is writing. */
export function isWriting(target = document.activeElement) {
  if (!target) return false;
  return (
    target.isContentEditable ||
    target.matches?.(
      "textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])",
    )
  );
}

/** One call for many: the last of a burst of calls within the same turn, or after `ms`. */
export function soon(work, ms = 0) {
  let timer = null;
  return () => {
    timer ??= setTimeout(() => {
      timer = null;
      work();
    }, ms);
  };
}

let ids = 0;

/** A new id for label and described-by. */
export const freshId = (prefix) => `${prefix}-${++ids}`;

// Line drawings on a 24-unit grid, the same hand as the pages' own.

import { svg } from "./dom.js";

const PATHS = {
  alert: "M12 4 2.5 20h19zm0 6v4m0 3v.01",
  attach: "M20 11.5 12 19a5 5 0 0 1-7-7l8-8a3.4 3.4 0 0 1 5 5l-8 8a1.7 1.7 0 0 1-2.4-2.4L15 7.5",
  back: "M15 5l-7 7 7 7",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zm4 5h4",
  bellOff: "M6 16V11c0-1.4.5-2.7 1.3-3.7M10 5.3A6 6 0 0 1 18 11v3m2 4H4l2-2m4 5h4M4 3l17 18",
  book: "M12 6c-2-1.6-5-1.8-8-1v13c3-.8 6-.6 8 1 2-1.6 5-1.8 8-1V5c-3-.8-6-.6-8 1zm0 0v13",
  check: "m5 13 4 4L19 7",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zm0-14v5l3 2",
  column1: "M4 5h16v14H4z",
  column2: "M4 5h16v14H4zM12 5v14",
  column3: "M4 5h16v14H4zM9.3 5v14M14.7 5v14",
  cross: "M6 6l12 12M18 6 6 18",
  desk: "M3 10h18M5 10v9m14-9v9M8 10V6h8v4",
  document: "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
  down: "M12 5v14m-6-6 6 6 6-6",
  end: "M5 12h14M13 6l6 6-6 6",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  gear: "M4 7h10m4 0h2M4 17h4m4 0h8M16 7a2 2 0 1 1-4 0 2 2 0 0 1 4 0zM12 17a2 2 0 1 1-4 0 2 2 0 0 1 4 0z",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zm0-10v6m0-9v.01",
  keys: "M3 6h18v12H3zm4 4h.01M11 10h.01M15 10h.01M7 14h10",
  link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.7-5.7L12 7M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.7 5.7L12 17",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  note: "M5 4h14v10l-5 6H5zM19 14h-5v6",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zm-6 9c0-3.5 2.5-6 6-6s6 2.5 6 6M16 4.5a3.5 3.5 0 0 1 0 6M18 14.5c2 .8 3 2.8 3 5.5",
  phone: "M6 3h3l2 5-2.5 1.5a11 11 0 0 0 6 6L16 13l5 2v3a3 3 0 0 1-3 3A15 15 0 0 1 3 6a3 3 0 0 1 3-3z",
  phrase: "M4 5h16v11h-9l-4 4v-4H4zM8 9h8M8 12.500h5",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zm5-2 5 5",
  send: "M4 12 20 4l-5 16-3-7zm0 0 8 1 8-9",
  shield: "M12 3 4.500 6v5.500c0 4.500 3 7.500 7.500 9.500 4.500-2 7.500-5 7.500-9.500V6z",
  talk: "M4 5h16v11h-9l-4 4v-4H4z",
  transfer: "M4 8h14m-4-4 4 4-4 4M20 16H6m4-4-4 4 4 4",
};

/** An icon; without a title it is decoration. */
export function icon(name, title = "") {
  const node = svg("svg", {
    class: "icon",
    viewBox: "0 0 24 24",
    width: 20,
    height: 20,
    fill: "none",
    stroke: "currentColor",
    "stroke-width": name === "more" ? 3 : 1.75,
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
    ...(title ? { role: "img", "aria-label": title } : { "aria-hidden": "true" }),
  });
  node.append(svg("path", { d: PATHS[name] }));
  return node;
}

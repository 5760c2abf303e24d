// What the drawing shows, in words: for the list beside it, for those who hear it, for its signs.

import { duration, has, t } from "../console/words.js";

/** By what a tote on its way is known from picture to picture. */
export const toteKey = (tote) => `${tote.tote}/${tote.item}/${tote.kind}`;

/** A part of the machine: shuttle 1-3, lift 2, conveyor to station 1. What we can not read stays as it is. */
export function placeWords(place) {
  const numbers = place.match(/\d+/g) ?? [];
  const kind = place.replace(/[\d-]+/g, "").trim().replaceAll(" ", "_");
  if (/^A\d+-L\d+-B\d+$/.test(place)) return t("stack.place.shelf", { aisle: +numbers[0], level: +numbers[1], bay: +numbers[2] });
  return has(`stack.place.${kind}`) ? t(`stack.place.${kind}`, { n: numbers[0] ?? "", m: numbers[1] ?? "" }) : place;
}

/** Where a tote is. */
export function whereWords(tote) {
  if (tote.stuck) return t("stack.where.stuck");
  return t(`stack.where.${tote.where}`, { aisle: tote.aisle, level: tote.level, bay: tote.bay, n: tote.station });
}

/** A fault: what and where, since when. */
export function faultWords(fault) {
  const what = has(`stack.fault.${fault.code}`) ? t(`stack.fault.${fault.code}`) : fault.code;
  const since = duration(fault.seconds * 1000);
  return { what, place: placeWords(fault.place), since, short: `${what} · ${since}` };
}

export const isMoving = (tote) => tote.where !== "shelf";

/** The whole picture in a sentence. */
export function summary(picture) {
  const totes = picture.totes ?? [];
  const at = (picture.stations ?? []).filter((station) => station.tote).length;
  const queue = (picture.stations ?? []).reduce((sum, station) => sum + station.queue.length, 0);
  const faults = (picture.faults ?? []).map((fault) => `${faultWords(fault).place} ${faultWords(fault).what}`);
  const parts = [
    t("stack.summary.moving", { n: totes.filter(isMoving).length }),
    t("stack.summary.stations", { n: at }),
    t("stack.summary.queue", { n: queue }),
    t("stack.summary.waits", { n: totes.length - totes.filter(isMoving).length }),
    faults.length ? t("stack.summary.faults", { what: faults.join(t("common.and")) }) : t("stack.summary.no_faults"),
  ];
  return parts.join(t("stack.summary.comma")) + t("stack.summary.stop");
}

const SHORT = [
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** A length for a figure: 35 s, 2 min 5 s, 30 min, 1 h 12 min. */
export function shortly(seconds) {
  let left = Math.round(seconds);
  const first = SHORT.findIndex(([, size]) => left >= size);
  if (first < 0) return t("stack.short.second", { n: 0 });
  const units = SHORT[first][0] === "minute" && left >= 600 ? 1 : 2; // of half an hour nobody wants the seconds
  const parts = SHORT.slice(first, first + units).map(([unit, size]) => {
    const n = Math.floor(left / size);
    left -= n * size;
    return n ? t(`stack.short.${unit}`, { n }) : "";
  });
  return parts.filter(Boolean).join(" ");
}

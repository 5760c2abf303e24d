// What people read: the texts that the page brought with it, and times as people say them.

const block = document.getElementById("console-data");

/** What the server wrote into the page: {language, words, page, …}. */
export const page = block ? JSON.parse(block.textContent) : { language: "zh", words: {} };
export const language = page.language === "en" ? "en" : "zh";

const locale = language === "en" ? "en-GB" : "zh-CN";
const plural = new Intl.PluralRules(locale);
const clockFormat = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const dayFormat = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric" });
const yearFormat = new Intl.DateTimeFormat(locale, { year: "numeric", month: "short", day: "numeric" });
const exactFormat = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "medium" });
const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** The text of a key, `{name}` filled from the values; a key of two forms is chosen by `n`. */
export function t(key, values = {}) {
  const words = page.words;
  const pattern = words[key] ?? words[`${key}.${plural.select(values.n ?? 2)}`] ?? words[`${key}.other`];
  if (pattern === undefined) return key;
  return fill(pattern, values);
}

/** Whether somebody wrote this text. */
export const has = (key) => key in page.words || `${key}.other` in page.words;

/** `{name}` filled in; what has no value stays as it stands. */
export function fill(pattern, values) {
  return pattern.replace(/\{(\w+)\}/g, (gap, name) =>
    (values[name] ?? null) === null || values[name] === "" ? gap : String(values[name]),
  );
}

/** A name in the reading language: texts come as {zh, en} or plain. */
export function named(value, want = language) {
  if (value == null) return "";
  if (typeof value === "string") return value;
  return value[want] || value.zh || value.en || "";
}

/** A length of time by its two largest units: 3 小时 20 分. */
export function duration(ms) {
  let rest = Math.max(0, Math.round(ms / 1000));
  const counts = UNITS.map(([unit, size]) => {
    const n = Math.floor(rest / size);
    rest -= n * size;
    return [unit, n];
  });
  let first = counts.findIndex(([, n]) => n > 0);
  if (first < 0) first = counts.length - 1;
  const said = [counts[first], ...counts.slice(first + 1, first + 2).filter(([, n]) => n > 0)];
  return said.map(([unit, n]) => t(`time.${unit}`, { n })).join(" ");
}

/** A length by its largest unit alone, for narrow places. */
export function roughly(ms) {
  const seconds = Math.max(0, ms / 1000);
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? UNITS[3];
  return t(`time.${unit}`, { n: Math.floor(seconds / size) });
}

/** Minutes and seconds of a countdown: 12:05. */
export function countdown(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** An instant in a narrow place: the clock today, the day before that, with the year when it is not this one. */
export function moment(iso) {
  if (!iso) return "";
  const at = new Date(iso);
  const now = new Date();
  if (at.toDateString() === now.toDateString()) return clockFormat.format(at);
  return (at.getFullYear() === now.getFullYear() ? dayFormat : yearFormat).format(at);
}

export const clock = (iso) => clockFormat.format(new Date(iso));
export const day = (iso) => yearFormat.format(new Date(iso));
/** To the second, for the hint on hover. */
export const exactly = (iso) => (iso ? exactFormat.format(new Date(iso)) : "");

/** A day and a clock: 11月20日 14:05. */
export function dated(iso) {
  const at = new Date(iso);
  return at.toDateString() === new Date().toDateString() ? clock(iso) : `${moment(iso)} ${clock(iso)}`;
}

/** A file's size: 2.4 MB. */
export function size(octets) {
  const power = Math.min(3, Math.floor(Math.log2(Math.max(1, octets)) / 10));
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: power ? 1 : 0 }).format(octets / 1024 ** power)} ${["B", "KB", "MB", "GB"][power]}`;
}

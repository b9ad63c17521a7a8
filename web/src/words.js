// What scripts say, and how they write numbers and times, in the reader's language.
import { facts } from "./facts.js";

const locale = facts.language === "zh" ? "zh-CN" : facts.language;

/** `message` in the reader's language, with %(name)s replaced by values; `make words` finds calls by the name `t`. */
export function t(message, values = {}) {
  return (facts.words[message] ?? message).replace(/%\((\w+)\)s/g, (whole, name) => values[name] ?? whole);
}

export function number(value, digits = 0) {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value);
}

/** A share 0..1. */
export function percent(share, digits = 0) {
  return `${new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(share * 100)}\u00a0%`;
}

/** An ISO time, in the server's zone. */
export function moment(iso) {
  return iso ? new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", timeZone: facts.timeZone }).format(new Date(iso)) : "–";
}

export function day(iso) {
  return iso ? new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: facts.timeZone }).format(new Date(iso)) : "–";
}

/** A place in a recording; tenths below a minute. */
export function clock(seconds) {
  if (seconds < 59.95) return `0:${seconds.toFixed(1).padStart(4, "0")}`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value) => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

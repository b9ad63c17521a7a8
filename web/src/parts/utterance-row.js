// One utterance in a list: its player, its label, where it comes from.
import { element } from "../dom.js";
import { emotions, facts } from "../facts.js";
import { page } from "../places.js";
import { clock, day, percent, t } from "../words.js";

/** What people know a recording by: the last part of its uri. */
export function fileName(uri) {
  const last = (uri ?? "").replace(/\/+$/, "").split("/").pop();
  try {
    return decodeURIComponent(last) || "–";
  } catch {
    return last;
  }
}

export function badge(label, confidence) {
  const { emoji, name } = emotions[label];
  const emojiPart = element("span", { "aria-hidden": "true" }, emoji);
  return element("span", { class: `badge emotion-${label}` }, emojiPart, ` ${name} `, element("span", { class: "number" }, percent(confidence)));
}

export function player(utterance) {
  const { recording_id: recording, start_s: start, end_s: end, uri } = utterance;
  return element("clip-player", { recording, start, end, name: fileName(uri) });
}

/** `utterance` as the API tells it. */
export function utteranceRow(utterance) {
  return element("li", { class: "heard" }, player(utterance), element("div", {}, badge(utterance.label, utterance.confidence)), origin(utterance));
}

export function origin(utterance) {
  const { recording_id: recording, utterance_id: id, uri, start_s: start, end_s: end, customer } = utterance;
  return element(
    "p", { class: "origin small" },
    element("a", { href: page(`/archive/${recording}`, [], `#u${id}`) }, fileName(uri)),
    element("span", {}, `${clock(start)} – ${clock(end)}`),
    customer ? element("span", {}, customer) : null,
    ...whose(utterance).map((said) => element("span", {}, said)),
    utterance.recorded_at ? element("span", {}, day(utterance.recorded_at)) : null,
  );
}

/** Whose voice is heard, as far as it is told. */
function whose({ role, channel, voice }) {
  const { roles, channels } = facts.voices;
  return [
    role && (roles[role] ?? role),
    channel !== "mix" && (channels[channel] ?? t("channel %(name)s", { name: channel })),
    voice && t("voice %(name)s", { name: voice }),
  ].filter(Boolean);
}

export function moreLike(ids, words = t("More like this")) {
  return element("a", { class: "button second", href: page("/search", ids.map((id) => ["like", id])) }, words);
}

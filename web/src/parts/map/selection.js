// What is selected on a map: how much it is, of which labels and customers, and the utterances themselves.
import { ask } from "../../api.js";
import { drawing, element, showProblem } from "../../dom.js";
import { emotions } from "../../facts.js";
import { number, percent, t } from "../../words.js";
import { moreLike, utteranceRow } from "../utterance-row.js";

/** Utterances in the list; examples that a search is given: its address has to stay short enough to send. */
const LISTED = 50;
const EXAMPLES = 50;
const CUSTOMERS = 10;

/** Shows in `place` the points at `places`; resolves when the list is there. */
export async function showSelection(place, points, places) {
  if (!places.length) {
    place.replaceChildren(element("p", {}, t("No point lies there.")));
    return;
  }
  const ids = points.centralFirst(places).map((at) => points.ids[at]);
  const list = element("div", { "aria-busy": "true" });
  place.replaceChildren(
    element("p", { class: "row middle" }, element("strong", {}, counted(places.length)), moreLike(ids.slice(0, EXAMPLES), t("Search for more like these"))),
    places.length > EXAMPLES ? element("p", { class: "small" }, t("The search goes by the %(n)s in the middle.", { n: EXAMPLES })) : "",
    element("div", { class: "columns" }, labelsOf(points, places), customersOf(points, places)),
    list,
  );
  await fill(list, ids);
}

function counted(count) {
  return t("%(n)s utterances", { n: number(count) });
}

function labelsOf(points, places) {
  const counts = tally(places.map((at) => points.label(at)));
  const rows = counts.map(([label, count]) => row(emotions[label].emoji, emotions[label].name, `of-${label}`, count / places.length, count));
  return table(t("Emotions"), rows);
}

function customersOf(points, places) {
  const counts = tally(places.map((at) => points.customer(at)));
  const rows = counts.slice(0, CUSTOMERS).map(([customer, count]) => row(null, customer ?? t("not known"), "of-customer", count / places.length, count));
  const others = counts.slice(CUSTOMERS);
  const left = others.length ? element("p", { class: "small" }, t("and %(n)s other customers", { n: number(others.length) })) : null;
  return element("div", {}, table(t("Customers"), rows), left);
}

/** How often each value is there, the most frequent first. */
function tally(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

function table(caption, rows) {
  return element("table", { class: "scores" }, element("caption", {}, caption), element("tbody", {}, ...rows));
}

function row(emoji, name, of, share, count) {
  const fill = drawing("rect", { class: of, width: (share * 100).toFixed(2), height: 10 });
  const bar = drawing("svg", { class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, fill);
  const said = t("%(n)s, %(share)s", { n: number(count), share: percent(share) });
  return element(
    "tr", {},
    element("th", { scope: "row" }, emoji ? element("span", { "aria-hidden": "true" }, `${emoji} `) : null, name),
    element("td", { class: "wide" }, bar),
    element("td", { class: "number" }, said),
  );
}

async function fill(place, ids) {
  try {
    const { items } = await ask("utterances/selections", { method: "POST", json: { utterance_ids: ids.slice(0, LISTED) } });
    const said = ids.length > LISTED ? t("The %(n)s in the middle", { n: LISTED }) : t("The utterances");
    place.replaceChildren(element("h3", {}, said), element("ul", { class: "heard-list" }, ...items.map(utteranceRow)));
  } catch (error) {
    showProblem(place, error);
  }
  place.removeAttribute("aria-busy");
}

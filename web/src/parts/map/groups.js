// Which points have which colour: by label, by customer, or by cluster.
import { emotions } from "../../facts.js";
import { t } from "../../words.js";
import { colour } from "../charts.js";

/** Told apart by people who confuse colours too, in light and dark; shapes help where there are more. */
const COLOURS = [
  "#4985e5", "#ee8802", "#722a5e", "#d6d962", "#2eebd8", "#9f1000", "#8eb0ff", "#362aff", "#c25b18", "#b78e9f", "#5a1eab",
  "#8d638e",
];
/** Outlines within 16 × 16. As many as share no factor with the colours, so that pairs repeat late. */
const SHAPES = [
  "M8 1a7 7 0 1 0 0 14a7 7 0 1 0 0-14z",
  "M2 2h12v12H2z",
  "M8 1l7.5 13.5H.5z",
  "M8 0l8 8l-8 8l-8-8z",
  "M5.5 1h5v4.5h4.5v5h-4.5v4.5h-5v-4.5H1v-5h4.5z",
];
const MOST = COLOURS.length * SHAPES.length;
/** Customers with a colour of their own. */
const CUSTOMERS = COLOURS.length - 1;

/** The colour and shape of a numbered group. */
export function look(number) {
  return { colour: COLOURS[number % COLOURS.length], shape: SHAPES[number % SHAPES.length] };
}

/** Groups of points by what they are coloured by: {key, name, colour, shape, places, isRest}, without empty ones. */
export function groupsOf(points, by, names) {
  const found = { label: byLabel, customer: byCustomer, cluster: byCluster }[by](points, names);
  return found.filter(({ places }) => places.length);
}

function byLabel(points) {
  const members = divided(points.answer.label, points.answer.labels.length);
  return points.answer.labels.map((label, number) => {
    const { emoji, name, colour: own } = emotions[label];
    return { key: label, name: `${emoji} ${name}`, colour: own, shape: SHAPES[number % SHAPES.length], places: members[number] };
  });
}

function byCustomer(points) {
  const { customer, customers } = points.answer;
  const members = divided(customer, customers.length);
  const frequent = Array.from(customers.keys()).sort((a, b) => members[b].length - members[a].length);
  const own = frequent.slice(0, CUSTOMERS).map((code, number) => ({ key: `=${customers[code]}`, name: customers[code], ...look(number), places: members[code] }));
  return [...own, rest("others", t("others"), frequent.slice(CUSTOMERS).flatMap((code) => members[code])), rest("unknown", t("not known"), members.rest)];
}

function byCluster(points, names) {
  const members = divided(points.answer.cluster, names.length);
  const own = names.slice(0, MOST).map((name, number) => ({ key: String(number), name, number, ...look(number), places: members[number] }));
  return [...own, rest("others", t("others"), members.slice(MOST).flat()), rest("none", t("not in the run"), members.rest)];
}

function rest(key, name, places) {
  return { key, name, colour: colour("--faint"), shape: SHAPES[0], places, isRest: true };
}

/** Places by their code, 0 to `count` - 1; those of other codes in `rest`. */
function divided(codes, count) {
  const members = Array.from({ length: count }, () => []);
  members.rest = [];
  codes.forEach((code, at) => (members[code] ?? members.rest).push(at));
  return members;
}

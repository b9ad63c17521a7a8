// What the colours mean and how many points have each; a press shows one alone.
import { drawing, element } from "../../dom.js";
import { number, percent, t } from "../../words.js";

/** A group's shape in its colour. */
export function mark({ colour, shape }) {
  return drawing("svg", { viewBox: "-1 -1 18 18", class: "mark", "aria-hidden": "true" }, drawing("path", { d: shape, fill: colour }));
}

/** Buttons in `place`; `chosen(key)` is told which group is shown alone, null: all. */
export function legend(place, groups, total, chosen) {
  const buttons = groups.map((group) => {
    const count = t("%(n)s, %(share)s", { n: number(group.places.length), share: percent(group.places.length / total) });
    const name = element("span", { class: "name" }, group.name);
    const press = () => choose(alone === group.key ? null : group.key);
    return element("button", { type: "button", class: "quiet", "data-key": group.key, onclick: press }, mark(group), name, element("span", { class: "small" }, count));
  });
  const list = element("ul", {}, ...buttons.map((button) => element("li", {}, button)));
  place.replaceChildren(element("p", { class: "small" }, t("Press one to see it alone.")), list);
  let alone = null;

  function choose(key) {
    alone = key;
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.key === key));
    chosen(key);
  }

  return { choose, rename: (key, name) => buttons.filter(({ dataset }) => dataset.key === key).forEach((button) => (button.querySelector(".name").textContent = name)) };
}

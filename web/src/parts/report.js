// Charts of a page that is also a report: emotions are chosen, it is printed, and kept as a picture.
import { replaceAddress } from "../places.js";
import { chart, ground } from "./charts.js";

/** Of charts on paper, in CSS pixels: an A4 page is 680 wide between its margins. */
const PAPER = { width: 680, height: 230 };
const drawn = [];

/** Draws `option()` into the element of an id, and anew whenever `redraw` is called. */
export function show(id, option) {
  const place = document.getElementById(id);
  if (place) drawn.push({ made: chart(place, option()), place, option });
}

export function redraw() {
  for (const { made, place, option } of drawn) made.setOption({ ...ground(place), ...option(), animation: false }, { notMerge: true });
}

/** Does something while the page has the colours of paper. */
export function onPaper(act) {
  const root = document.documentElement;
  const { theme } = root.dataset;
  root.dataset.theme = "light";
  try {
    return act();
  } finally {
    root.dataset.theme = theme;
  }
}

/** The labels that are ticked in the legend; whoever ticks one sees it at once, and the address keeps it. */
export function chosen() {
  return [...document.querySelectorAll("#legend input:checked")].map((box) => box.value);
}

export function followLegend() {
  document.getElementById("legend")?.addEventListener("change", () => {
    const address = new URL(location.href);
    address.searchParams.delete("show");
    for (const label of chosen()) address.searchParams.append("show", label);
    replaceAddress(address);
    keep();
    redraw();
  });
}

/** Forms that lead to the same view with another history keep what was chosen. */
function keep() {
  for (const form of document.querySelectorAll("form[data-keeps-show]")) {
    for (const old of form.querySelectorAll("input[name=show]")) old.remove();
    for (const label of chosen()) {
      const kept = document.createElement("input");
      Object.assign(kept, { type: "hidden", name: "show", value: label });
      form.append(kept);
    }
  }
}

/** What paper and pictures have to say too, a line for each sentence. */
export function caveat() {
  return document.getElementById("caveat").textContent.split(/(?<=[.。])\s*/).filter(Boolean);
}

export function followPrinting() {
  document.getElementById("print")?.addEventListener("click", () => window.print());
  window.addEventListener("beforeprint", () => drawAs(PAPER));
  window.addEventListener("afterprint", () => drawAs({ width: "auto", height: "auto" }));
}

/** In another size at once: paper does not wait for the next frame. */
function drawAs(size) {
  for (const { made } of drawn) made.resize(size);
  if (size === PAPER) onPaper(redraw);
  else redraw();
  for (const { made } of drawn) made.getZr().flush();
}

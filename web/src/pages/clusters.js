// The page of a collection's map and runs: the map, and the form that runs K-Means.
import { ask } from "../api.js";
import { element, showProblem } from "../dom.js";
import "../parts/delete-run.js";
import { showMap } from "../parts/map/map.js";
import { page } from "../places.js";
import { number, t } from "../words.js";

const section = document.getElementById("map");
if (section) showMap(section);

const form = document.getElementById("new-run");
form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const [button, said] = [form.querySelector("button"), document.getElementById("new-run-said")];
  const fields = new FormData(form);
  button.disabled = true;
  const stop = progress(said);
  try {
    const json = {
      k: Number(fields.get("k")),
      seed: Number(fields.get("seed")),
      space: fields.get("space"),
      filter: JSON.parse(form.dataset.filter),
    };
    const run = await ask("clusterings", { method: "POST", json });
    location.assign(page(`/clusters/${run.clustering_id}`));
  } catch (error) {
    stop();
    showProblem(said, error);
    button.disabled = false;
  }
});

/** Says in `place` that something runs, and for how long. */
function progress(place) {
  const began = performance.now();
  const words = element("p", { class: "small" }, t("K-Means runs …"));
  place.replaceChildren(element("progress", { "aria-label": t("K-Means runs …") }), words);
  const ticking = setInterval(() => (words.textContent = t("K-Means runs … %(n)s s", { n: number((performance.now() - began) / 1000) })), 1000);
  return () => clearInterval(ticking);
}

// The page of one run: its map, and names of its clusters.
import { ask } from "../api.js";
import { element, showProblem } from "../dom.js";
import "../parts/delete-run.js";
import { look } from "../parts/map/groups.js";
import { mark } from "../parts/map/legend.js";
import { showMap } from "../parts/map/map.js";
import { t } from "../words.js";

const map = showMap(document.getElementById("map"));

for (const place of document.querySelectorAll(".group-mark")) place.append(mark(look(Number(place.dataset.group))));

for (const form of document.querySelectorAll(".name-cluster")) {
  const said = form.querySelector(".said");
  form.addEventListener("input", () => said.replaceChildren());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { run, cluster, otherwise } = form.dataset;
    const field = form.elements.name;
    try {
      const json = { name: field.value };
      const found = await ask(`clusterings/${run}/clusters/${cluster}`, { method: "PATCH", json });
      const { name } = found.clusters[cluster];
      field.value = name ?? "";
      document.querySelector(`[data-name-of="${cluster}"]`).textContent = name ?? otherwise;
      said.replaceChildren(element("span", { class: "small" }, t("Saved.")));
      (await map)?.rename(cluster, name ?? otherwise);
    } catch (error) {
      showProblem(said, error);
    }
  });
}

// Forms that delete a run for good.
import { ask } from "../api.js";
import { showProblem } from "../dom.js";
import { page } from "../places.js";

for (const form of document.querySelectorAll(".delete-run")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      await ask(`clusterings/${form.dataset.run}`, { method: "DELETE" });
      location.assign(page("/clusters", [], "#runs"));
    } catch (error) {
      showProblem(form.querySelector(".said"), error);
      button.disabled = false;
    }
  });
}

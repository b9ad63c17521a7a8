// The search page: a mixture's numbers as they are set, and searching by a recording that is sent.
import { ask } from "../api.js";
import { showProblem } from "../dom.js";

for (const slider of document.querySelectorAll("#by-mixture input[type=range]")) {
  const shown = document.querySelector(`output[for="${slider.id}"]`);
  slider.addEventListener("input", () => (shown.value = slider.value));
}

// what is at 0 need not stand in the address
document.getElementById("by-mixture").addEventListener("formdata", ({ formData }) => {
  for (const [name, value] of [...formData]) if (name.startsWith("mix_") && value === "0") formData.delete(name);
});

const byClip = document.getElementById("by-clip");
const button = byClip.querySelector("button");

function wait(busy) {
  button.disabled = busy;
  byClip.setAttribute("aria-busy", String(busy));
}

addEventListener("pageshow", () => wait(false)); // also when the reader comes back from what was found
byClip.addEventListener("submit", async (event) => {
  event.preventDefault();
  const problem = document.getElementById("clip-problem");
  wait(true);
  problem.hidden = true;
  try {
    const draft = await ask("drafts", { method: "POST", form: new FormData(byClip) });
    const query = new URLSearchParams(location.search);
    for (const name of ["like", "unlike", "recording", "of_customer", "start_s", "end_s", "cursor"]) query.delete(name);
    for (const name of [...query.keys()]) if (name.startsWith("mix_")) query.delete(name);
    query.set("draft", draft.token);
    location.assign(`${location.pathname}?${query}`);
  } catch (error) {
    showProblem(problem, error);
    wait(false);
  }
});

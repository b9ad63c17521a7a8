// Storing a draft in its collection.
import { ApiError, ask } from "../api.js";
import { showProblem } from "../dom.js";
import { t } from "../words.js";

const WAIT_S = 10;
const OFTEN_MS = 1000;

/** Stores the draft at `path` by what `form` says; `onStored` gets the id of the job that did. */
export function store(form, path, onStored) {
  const part = (id) => form.querySelector(`#${id}`);
  const send = async (allowAgain) => {
    const known = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
    part("store-problem").hidden = part("again").hidden = true;
    part("storing").textContent = t("Storing …");
    form.setAttribute("aria-busy", "true");
    try {
      const json = allowAgain ? { ...known, allow_again: true } : known;
      onStored(await finished(await ask(`${path}/recordings?wait=${WAIT_S}`, { method: "POST", json })));
    } catch (error) {
      part("storing").textContent = "";
      form.removeAttribute("aria-busy");
      showProblem(part("store-problem"), error);
      part("again").hidden = error.code !== "suppressed";
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(false);
  });
  part("store-again").addEventListener("click", () => send(true));
}

/** The job's id once it is over; ApiError where it came to nothing. */
async function finished(job) {
  while (job.items === undefined || job.items === null || !job.finished_at) {
    await new Promise((resolve) => setTimeout(resolve, OFTEN_MS));
    job = await ask(`/v1/jobs/${job.job_id}`);
  }
  const [item] = job.items;
  if (item?.recording_ids.length) return job.job_id;
  throw new ApiError(0, { code: item?.code ?? "internal", message: item?.message ?? job.error ?? "" });
}

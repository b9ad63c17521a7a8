// Choosing or recording a sound, and sending it to be classified. What is chosen lies in the form's own file field.
import { fetchSound, send } from "../api.js";
import { element, showProblem } from "../dom.js";
import { MB, tooLarge } from "../parts/file-size.js";
import { startRecording } from "../parts/microphone.js";
import { clock, number, t } from "../words.js";

const by = (id) => document.getElementById(id);
const form = by("classify");
const field = by("recording");
const problem = by("problem");
const maxBytes = Number(form.dataset.maxBytes);
const maxS = Number(form.dataset.maxMinutes) * 60;
let preview = null;

field.addEventListener("change", showChosen);
showChosen(); // some browsers bring the choice back after a reload

function choose(file) {
  const transfer = new DataTransfer();
  if (file) transfer.items.add(file);
  field.files = transfer.files;
  showChosen();
}

function showChosen() {
  const [file] = field.files;
  problem.hidden = true;
  if (preview) URL.revokeObjectURL(preview);
  preview = file ? URL.createObjectURL(file) : null;
  by("chosen").hidden = !file;
  if (!file) return;
  const listen = element("audio", { controls: true, preload: "metadata", src: preview, "aria-label": t("Listen to %(name)s", { name: file.name }) });
  listen.addEventListener("error", () => listen.remove()); // the server reads more than browsers do
  by("chosen").replaceChildren(
    element("strong", {}, file.name),
    element("span", { class: "small" }, size(file.size)),
    listen,
    element("button", { type: "button", class: "quiet", "aria-label": t("Take %(name)s away", { name: file.name }), onclick: takeAway }, "✕"),
  );
  checkSize(file);
}

function size(bytes) {
  return bytes < MB ? t("%(n)s KB", { n: number(bytes / 1000) }) : t("%(n)s MB", { n: number(bytes / MB, 1) });
}

function takeAway() {
  choose(null);
  field.focus();
}

function checkSize(file) {
  const found = tooLarge(file, maxBytes);
  if (found) showProblem(problem, found);
  return !found;
}

for (const name of ["dragover", "dragleave", "drop"]) {
  by("drop").addEventListener(name, (event) => {
    event.preventDefault();
    by("drop").classList.toggle("over", name === "dragover");
    if (name === "drop" && event.dataTransfer.files.length) choose(event.dataTransfer.files[0]);
  });
}

for (const button of document.querySelectorAll("[data-example]")) {
  button.addEventListener("click", async () => {
    try {
      const sound = await fetchSound(button.dataset.example);
      choose(new File([sound], button.dataset.name, { type: sound.type }));
      by("send").focus();
    } catch (error) {
      showProblem(problem, error);
    }
  });
}

let recording = null;
by("record").addEventListener("click", async () => {
  problem.hidden = true;
  try {
    by("record").disabled = true;
    recording = await startRecording((level, seconds) => {
      by("level").value = level;
      by("elapsed").textContent = clock(seconds);
      if (seconds >= maxS) stopRecording();
    });
    by("recorder").hidden = false;
    by("stop").focus();
  } catch (error) {
    by("record").disabled = false;
    showProblem(problem, error);
  }
});
by("stop").addEventListener("click", stopRecording);

async function stopRecording() {
  const ending = recording;
  recording = null;
  if (!ending) return;
  choose(await ending.stop());
  by("recorder").hidden = true;
  by("record").disabled = false;
  by("send").focus();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!checkSize(field.files[0])) return;
  const sending = new AbortController();
  by("cancel").onclick = () => sending.abort();
  problem.hidden = true;
  busy(true);
  try {
    const draft = await send("drafts", new FormData(form), showProgress, sending.signal);
    location.assign(resultAddress(draft.token));
  } catch (error) {
    busy(false);
    if (error.name === "AbortError") by("send").focus();
    else showProblem(problem, error);
  }
});

function resultAddress(token) {
  const address = new URL(form.dataset.result.replace("TOKEN", token), location.href);
  if (by("embedding").checked) address.searchParams.set("embedding", "1");
  return address;
}

function busy(is) {
  by("send").disabled = is;
  form.setAttribute("aria-busy", String(is));
  by("progress").hidden = !is;
  if (is) showProgress(0);
}

function showProgress(share) {
  const said = share < 1 ? t("Sending …") : t("Listening …");
  if (by("doing").textContent !== said) by("doing").textContent = said;
  if (share < 1) by("sent").value = share;
  else by("sent").removeAttribute("value");
}

window.addEventListener("pageshow", (event) => event.persisted && busy(false));

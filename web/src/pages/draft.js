// What was heard in a recording: playing it, its curve, choosing a part of it, storing it, forgetting it.
import { address, ask, unplayable } from "../api.js";
import { element, showProblem } from "../dom.js";
import { emotions } from "../facts.js";
import { curve } from "../parts/curve.js";
import { store } from "../parts/store.js";
import { waveform } from "../parts/waveform.js";
import { clock, t } from "../words.js";

const by = (id) => document.getElementById(id);
const draft = by("draft");
const path = draft.dataset.path;
const durationS = Number(draft.dataset.duration);
const form = by("stretch");

by("forget").addEventListener("click", async () => {
  try {
    await ask(path, { method: "DELETE" });
    location.assign(draft.dataset.start);
  } catch (error) {
    showProblem(by("forget-problem"), error);
  }
});
if (by("store-form")) store(by("store-form"), path, (jobId) => {
  const page = new URL(draft.dataset.page, location.href);
  page.searchParams.set("job", jobId);
  page.hash = "stored";
  location.assign(page);
});

try {
  const [wave, heard] = await Promise.all([ask(`${path}/waveform`), ask(path)]);
  show(wave, heard);
} catch (error) {
  showProblem(by("sound-problem"), error);
}

function show(wave, heard) {
  const { surfer, regions } = waveform(by("wave"), { src: address(`${path}/audio`), wave });
  const player = { from: (seconds, until) => surfer.play(seconds, until).catch(explain) };
  follow(surfer);
  surfer.once("ready", () => choosing(regions, player));
  if (heard.frames) curve(by("curve"), heard.frames, durationS, (seconds) => player.from(seconds));
  if (heard.utterances.length > 1) surfer.once("ready", () => colour(regions, heard.utterances));
  for (const button of document.querySelectorAll("[data-play-from]")) {
    button.addEventListener("click", () => player.from(Number(button.dataset.playFrom), Number(button.dataset.playTo)));
  }
}

function follow(surfer) {
  by("play").addEventListener("click", () => surfer.playPause().catch(explain));
  by("position").addEventListener("input", () => surfer.setTime(Number(by("position").value)));
  surfer.on("click", () => surfer.play().catch(explain));
  surfer.on("play", () => (showAction("⏸", t("Pause"))));
  surfer.on("pause", () => (showAction("▶", t("Play"))));
  surfer.on("timeupdate", (seconds) => {
    by("now").textContent = clock(seconds);
    by("position").value = seconds;
    by("position").setAttribute("aria-valuetext", clock(seconds));
    by("cursor").hidden = !by("curve");
    by("cursor").style.left = `${(seconds / durationS) * 100}%`;
  });
}

function showAction(sign, action) {
  by("play").replaceChildren(element("span", { "aria-hidden": "true" }, sign), ` ${action}`);
}

/** Why the sound can't be played. */
async function explain({ name }) {
  if (name === "AbortError") return; // stopped before it began
  showProblem(by("sound-problem"), await unplayable(`${path}/audio`));
}

/** Utterances as coloured regions, named by their emoji. */
function colour(regions, utterances) {
  for (const { start_s: start, end_s: end, label } of utterances) {
    const { emoji, colour: shade } = emotions[label];
    const region = regions.addRegion({ start, end, color: `${shade}55`, content: emoji, drag: false, resize: false });
    region.element.style.pointerEvents = "none"; // dragging and clicking are for the waveform behind it
  }
}

/** One part at a time, chosen by dragging or by typing; both say the same. */
function choosing(regions, player) {
  const { start_s: start, end_s: end } = form.elements;
  const colourOfPart = "rgb(128 128 128 / 35%)";
  let part = null;
  const typed = () => {
    part?.remove();
    part = null;
    if (start.value === "" || end.value === "" || !(Number(start.value) < Number(end.value))) return;
    part = regions.addRegion({ id: "part", start: Number(start.value), end: Number(end.value), color: colourOfPart });
  };
  const dragged = (region) => {
    if (!region.drag) return;
    if (part !== region) part?.remove();
    part = region;
    start.value = region.start.toFixed(2);
    end.value = region.end.toFixed(2);
  };
  typed();
  regions.enableDragSelection({ color: colourOfPart });
  regions.on("region-created", dragged);
  regions.on("region-updated", dragged);
  start.addEventListener("change", typed);
  end.addEventListener("change", typed);
  by("play-stretch").addEventListener("click", () => {
    if (form.reportValidity()) player.from(Number(start.value), Number(end.value));
  });
}

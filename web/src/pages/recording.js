// A recording's page: its waveform with the utterances on it, the course of its scores, and what plays from where.
import { address, ask } from "../api.js";
import { showProblem } from "../dom.js";
import { drawCourse } from "../parts/course.js";
import { markUtterances } from "../parts/regions.js";
import { RecordingPlayer } from "../parts/recording-player.js";
import { waveform } from "../parts/waveform.js";

const TRACK_STEPS = 600;
const recording = JSON.parse(document.getElementById("recording-facts").textContent);
const find = (id) => document.getElementById(id);
const [place, play] = [find("waveform"), find("play")];
const path = `recordings/${recording.id}`;

showUtteranceOf(location.hash);
await Promise.all([openSound(), openCourse()]);

/** Links name an utterance by its anchor only: the table may have it on another page. */
function showUtteranceOf(hash) {
  const id = /^#u(\d+)$/.exec(hash)?.[1];
  const query = new URLSearchParams(location.search);
  if (!id || find(`u${id}`) || query.get("utterance") === id) return;
  query.set("utterance", id);
  location.replace(`${location.pathname}?${query}${hash}`);
}

async function openCourse() {
  const track = await ask(`${path}/track?max_steps=${TRACK_STEPS}`).catch((error) => showProblem(find("sound-problem"), error));
  if (track) drawCourse(find("course"), track, recording.duration_s);
}

async function openSound() {
  const wave = await ask(`${path}/waveform`).catch((error) => showProblem(find("sound-problem"), error));
  if (!wave) return;
  const { surfer, regions } = waveform(place, { src: address(`${path}/audio`), wave });
  await new Promise((resolve) => surfer.once("ready", resolve));
  markUtterances(regions, recording.regions, place, wave.duration_s);
  const player = new RecordingPlayer(surfer, wave.duration_s, recording.regions, `${path}/audio`);
  play.disabled = false;
  play.addEventListener("click", () => player.toggle());
  place.addEventListener("keydown", (event) => player.press(event));
  surfer.on("interaction", () => player.play());
  for (const drawn of [find("course"), find("strip")].filter(Boolean)) {
    drawn.addEventListener("click", (event) => {
      const box = drawn.getBoundingClientRect();
      player.play(((event.clientX - box.left) / box.width) * wave.duration_s);
    });
  }
  for (const button of document.querySelectorAll("[data-from]")) {
    button.addEventListener("click", () => player.play(Number(button.dataset.from), Number(button.dataset.until)));
  }
  document.addEventListener("clip-play", () => surfer.pause());
}

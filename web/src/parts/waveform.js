// The large waveform of one recording: wavesurfer.js over the peaks that the server keeps, with regions on it.
import WaveSurfer from "wavesurfer.js";
import RegionsPlugin from "wavesurfer.js/plugins/regions";
import { facts } from "../facts.js";
import { colour } from "./charts.js";

/**
 * A waveform in `place` whose sound streams from `src` only when it is played.
 * `wave` is the server's {duration_s, peaks}; returns {surfer, regions}.
 */
export function waveform(place, { src, wave, height = 96 }) {
  const sound = new Audio();
  sound.preload = "none";
  sound.src = src;
  const loudest = Math.max(24, ...wave.peaks);
  const regions = RegionsPlugin.create();
  const surfer = WaveSurfer.create({
    container: place,
    media: sound,
    peaks: [wave.peaks.map((peak) => peak / loudest)],
    duration: wave.duration_s,
    height,
    barWidth: 2,
    barGap: 1,
    cursorWidth: 2,
    waveColor: colour("--faint"),
    progressColor: colour("--accent"),
    cursorColor: colour("--text"),
    cspNonce: facts.styleNonce,
    plugins: [regions],
  });
  return { surfer, regions };
}

// The course of the nine scores over a recording, as areas on top of each other, as wide as the waveform above.
import { emotions, labels } from "../facts.js";
import { clock, percent } from "../words.js";
import { axis, chart, tooltip } from "./charts.js";

/** `track` is the server's {hz, scores}; steps in which nothing was encoded are gaps. */
export function drawCourse(place, track, durationS) {
  const last = track.scores.length - 1;
  // each step stands in its middle, but for the first and last, which reach the ends
  const times = track.scores.map((_, step) => (step === 0 ? 0 : step === last ? durationS : (step + 0.5) / track.hz));
  const series = labels.map((label, at) => ({
    type: "line",
    name: `${emotions[label].emoji} ${emotions[label].name}`,
    stack: "scores",
    symbol: "none",
    silent: true,
    lineStyle: { width: 0 },
    areaStyle: { opacity: 0.85 },
    color: emotions[label].colour,
    data: track.scores.map((scores, step) => [times[step], scores ? scores[at] : null]),
  }));
  return chart(place, {
    aria: { enabled: false },
    grid: { left: 0, right: 0, top: 4, bottom: 22 },
    xAxis: axis({
      type: "value", min: 0, max: durationS, splitLine: { show: false },
      axisLabel: { formatter: clock, alignMinLabel: "left", alignMaxLabel: "right", hideOverlap: true },
    }),
    yAxis: axis({ type: "value", min: 0, max: 1, axisLabel: { show: false }, splitLine: { show: false } }),
    tooltip: tooltip({ trigger: "axis", formatter: told }),
    series,
  });
}

/** The three highest at a moment. */
function told(points) {
  const highest = points.filter((point) => point.value[1] !== null).sort((a, b) => b.value[1] - a.value[1]).slice(0, 3);
  return [clock(points[0].value[0]), ...highest.map((point) => `${point.seriesName} ${percent(point.value[1])}`)].join("\n");
}

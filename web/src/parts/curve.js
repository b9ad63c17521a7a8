// The nine scores over time, below a waveform of the same width.
import { emotions, labels } from "../facts.js";
import { clock, percent } from "../words.js";
import { axis, chart, tooltip } from "./charts.js";

/** A label that never gets this far is not drawn until somebody asks for it. */
const SHOWN_FROM = 0.25;
/** A place less wide than this, in pixels, has a legend of several lines. */
const NARROW = 700;
/** Lines are told apart by more than their colours. */
const DASHES = ["solid", [6, 3], [2, 2], "solid", [8, 3, 2, 3], [2, 4], "solid", [6, 3], [2, 2]];

/** Draws `frames` ({hz, scores}) of a recording of `durationS` seconds; `onPick` gets the seconds of a click. */
export function curve(place, frames, durationS, onPick) {
  const names = labels.map((label) => `${emotions[label].emoji} ${emotions[label].name}`);
  const most = labels.map((_, column) => Math.max(...frames.scores.map((scores) => scores[column])));
  const drawn = chart(place, {
    grid: { left: 0, right: 0, top: place.clientWidth < NARROW ? 110 : 40, bottom: 24 },
    legend: {
      top: 0,
      textStyle: { color: getComputedStyle(place).color },
      selected: Object.fromEntries(names.map((name, column) => [name, most[column] >= SHOWN_FROM])),
    },
    tooltip: tooltip({ trigger: "axis", formatter: (points) => described(points, frames.hz) }),
    xAxis: axis({ type: "value", min: 0, max: durationS, axisLabel: { formatter: clock, alignMinLabel: "left", alignMaxLabel: "right" } }),
    yAxis: axis({ type: "value", min: 0, max: 1, axisLabel: { inside: true, formatter: (share) => (share ? percent(share) : "") }, interval: 0.5 }),
    series: labels.map((label, column) => ({
      name: names[column],
      type: "line",
      showSymbol: false,
      sampling: "lttb",
      color: emotions[label].colour,
      lineStyle: { width: 2, type: DASHES[column] },
      data: frames.scores.map((scores, frame) => [(frame + 0.5) / frames.hz, scores[column]]),
    })),
  });
  drawn.getZr().on("click", ({ offsetX, offsetY }) => {
    if (!drawn.containPixel("grid", [offsetX, offsetY])) return;
    onPick(drawn.convertFromPixel({ xAxisIndex: 0 }, offsetX));
  });
}

function described(points, hz) {
  const [{ value: [at] }] = points;
  const strongest = [...points].sort((one, other) => other.value[1] - one.value[1]).slice(0, 4);
  return [clock(at - 0.5 / hz), ...strongest.map(({ seriesName, value }) => `${seriesName} ${percent(value[1])}`)].join("\n");
}

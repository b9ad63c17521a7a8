// What profiles' charts show, as options of ECharts; `profile` is what the API says.
import { emotions, labels } from "../facts.js";
import { day, number, percent, t } from "../words.js";
import { axis, colour, tooltip } from "./charts.js";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Lines differ by their points and strokes too, not by colour alone. */
const SYMBOLS = ["circle", "rect", "triangle", "diamond", "emptyCircle", "emptyRect", "emptyTriangle", "emptyDiamond", "pin"];
const STROKES = ["solid", "dashed", "dotted"];

/** Mean scores of the emotions in `shown` over time, with their intervals; over the time of `others` too, if there are. */
export function trendOption(profile, shown, others = []) {
  const series = shown.flatMap((label) => [line(profile, label), whiskers(profile, label)]);
  const legend = { type: "scroll", top: 0, data: shown, formatter: named, selectedMode: false, itemWidth: 40, textStyle: { color: colour("--text") } };
  const told = tooltip({ trigger: "axis", formatter: (points) => saidOf(profile, points) });
  return { ...plane([profile, ...others], 1, 40), legend, tooltip: told, series };
}

/** The volatility over time. */
export function volatilityOption(profile) {
  const data = profile.trend.map((point) => [point.start, point.volatility]);
  const own = { type: "line", data, symbolSize: 7, color: colour("--accent"), connectNulls: true };
  return { ...plane([profile]), tooltip: tooltip({ trigger: "axis", formatter: ([one]) => `${day(one.value[0])}: ${one.value[1] === null ? "–" : number(one.value[1], 2)}` }), series: [own] };
}

/** Nine mean scores with their intervals, for pictures; on pages they are a table. */
export function scoresOption(profile) {
  const rows = [...labels].reverse();
  return {
    grid: { left: 120, right: 70, top: 10, bottom: 30 },
    xAxis: axis({ type: "value", min: 0, axisLabel: { formatter: (value) => percent(value) } }),
    yAxis: axis({ type: "category", data: rows.map(named), axisTick: { show: false } }),
    series: [
      { type: "bar", barWidth: "60%", data: rows.map((label) => filled(label, profile.scores[label].mean)), label: { show: false } },
      across(rows.map((label, row) => [profile.scores[label], row])),
    ],
  };
}

/** Two profiles' mean scores, the first to the left, for pictures. */
export function mirroredOption(first, second) {
  const rows = [...labels].reverse();
  const reached = [first, second].flatMap((one) => labels.map((label) => one.scores[label].high ?? one.scores[label].mean));
  const farthest = Math.ceil(Math.max(...reached) * 10) / 10;
  const side = (profile, sign) => [
    { type: "bar", stack: "both", barWidth: "60%", data: rows.map((label) => filled(label, sign * profile.scores[label].mean)) },
    across(rows.map((label, row) => [profile.scores[label], row]), sign),
  ];
  return {
    grid: { left: 120, right: 20, top: 10, bottom: 30 },
    xAxis: axis({ type: "value", min: -farthest, max: farthest, interval: farthest / 2, axisLabel: { formatter: (value) => percent(Math.abs(value)) } }),
    yAxis: axis({ type: "category", data: rows.map(named), axisTick: { show: false }, axisLine: { show: false } }),
    series: [...side(first, -1), ...side(second, 1)],
  };
}

/** An emotion as words of charts. */
export function named(label) {
  return `${emotions[label].emoji} ${emotions[label].name}`;
}

/** Axes of time and shares; times are written where there are points. `top` is the room of a legend. */
function plane(profiles, max, top = 15) {
  const starts = [...new Set(profiles.flatMap(({ trend }) => trend.map((point) => Date.parse(point.start))))].sort((one, other) => one - other);
  const alone = starts.length === 1 ? DAY_MS : 0;
  const label = { customValues: starts, formatter: (ms) => day(new Date(ms).toISOString()), hideOverlap: true };
  const span = { min: starts[0] - alone, max: starts.at(-1) + alone };
  const time = axis({ type: "time", ...span, axisTick: { customValues: starts, lineStyle: { color: colour("--line") } }, axisLabel: label, splitLine: { show: false } });
  const share = axis({ type: "value", min: 0, max, axisLabel: { formatter: (value) => (max ? percent(value) : number(value, 2)) } });
  return { grid: { left: 55, right: 45, top, bottom: 30 }, xAxis: time, yAxis: share };
}

function line(profile, label) {
  const at = labels.indexOf(label);
  return {
    type: "line", name: label, color: emotions[label].colour, symbol: SYMBOLS[at], symbolSize: 9,
    lineStyle: { width: 2.5, type: STROKES[at % STROKES.length] },
    data: profile.trend.map((point) => [point.start, point.scores[label]]),
  };
}

function whiskers(profile, label) {
  const found = profile.trend.filter((point) => point.intervals).map((point) => [point.start, ...point.intervals[label]]);
  const stroke = { stroke: emotions[label].colour, lineWidth: 1.5, fill: "none" };
  return {
    type: "custom", silent: true, data: found, tooltip: { show: false }, z: 1,
    renderItem: (_, api) => {
      const [x, low] = api.coord([api.value(0), api.value(1)]);
      const high = api.coord([api.value(0), api.value(2)])[1];
      return strokes([[x, low, x, high], [x - 5, low, x + 5, low], [x - 5, high, x + 5, high]], stroke);
    },
  };
}

/** Intervals of bars that lie; `sign` is -1 where they run to the left. */
function across(rows, sign = 1) {
  const found = rows.filter(([one]) => one.low !== null).map(([one, row]) => [sign * one.low, row, sign * one.high]);
  return {
    type: "custom", silent: true, data: found, z: 5, encode: { x: [0, 2], y: 1 },
    renderItem: (_, api) => {
      const [low, y] = api.coord([api.value(0), api.value(1)]);
      const high = api.coord([api.value(2), api.value(1)])[0];
      return strokes([[low, y, high, y], [low, y - 5, low, y + 5], [high, y - 5, high, y + 5]], { stroke: colour("--text"), lineWidth: 1.5 });
    },
  };
}

function strokes(lines, style) {
  return { type: "group", children: lines.map(([x1, y1, x2, y2]) => ({ type: "line", shape: { x1, y1, x2, y2 }, style })) };
}

function filled(label, value) {
  return { value, itemStyle: { color: emotions[label].colour } };
}

function saidOf(profile, points) {
  const point = profile.trend[points[0].dataIndex];
  const lines = points.filter((one) => one.seriesType === "line").map((one) => {
    const bounds = point.intervals?.[one.seriesName];
    const mean = `${named(one.seriesName)} ${percent(one.value[1], 1)}`;
    if (!bounds) return mean;
    const interval = t("%(low)s to %(high)s", { low: percent(bounds[0], 1), high: percent(bounds[1], 1) });
    return `${mean} (${interval})`;
  });
  const recordings = t("Recordings: %(n)s", { n: number(point.recordings) });
  return [`${day(point.start)} · ${recordings}`, ...lines].join("\n");
}

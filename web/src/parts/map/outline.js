// The line around a selection: a polygon [[x, y], …] of places on the map, short enough to stand in an address.
const CORNERS = 40;
/** Corners of a circle that is drawn as a polygon. */
const ROUND = 24;

/** Of an area that was drawn, as ECharts tells it. */
export function drawnOutline({ brushType, coordRange }) {
  if (brushType === "rect") {
    const [[left, right], [bottom, top]] = coordRange;
    return rounded([[left, bottom], [right, bottom], [right, top], [left, top]]);
  }
  const step = Math.ceil(coordRange.length / CORNERS);
  return rounded(coordRange.filter((_, at) => at % step === 0));
}

/** Around a point, as wide as it takes to have `count` points in it. */
export function outlineAround(points, at, count, counts) {
  const shown = Array.from(points.ids.keys()).filter(counts);
  const nearest = points.nearestFirst(shown, points.x[at], points.y[at]);
  const last = nearest[Math.min(count, nearest.length) - 1];
  const radius = Math.hypot(points.x[last] - points.x[at], points.y[last] - points.y[at]) / Math.cos(Math.PI / ROUND) + 2;
  const corner = (_, place) => {
    const angle = (2 * Math.PI * place) / ROUND;
    return [points.x[at] + radius * Math.cos(angle), points.y[at] + radius * Math.sin(angle)];
  };
  return rounded(Array.from({ length: ROUND }, corner));
}

export function outlineText(outline) {
  return outline.flat().join("_");
}

/** null where the text is none. */
export function outlineFrom(text) {
  const numbers = (text ?? "").split("_").map(Number);
  if (numbers.length < 6 || numbers.length > 2 * CORNERS || numbers.length % 2 || !numbers.every(Number.isFinite)) return null;
  return Array.from({ length: numbers.length / 2 }, (_, at) => [numbers[2 * at], numbers[2 * at + 1]]);
}

function rounded(corners) {
  return corners.map((corner) => corner.map(Math.round));
}

// A map's points, column by column, as the API tells them.
export class Points {
  constructor(answer) {
    this.answer = answer;
    this.ids = answer.utterance_id;
    this.x = Float32Array.from(answer.x);
    this.y = Float32Array.from(answer.y);
  }

  get count() {
    return this.ids.length;
  }

  label(at) {
    return this.answer.labels[this.answer.label[at]];
  }

  /** null: not known. */
  customer(at) {
    return this.answer.customers[this.answer.customer[at]] ?? null;
  }

  /** Places of those that `counts` lets through and that lie in the polygon [[x, y], …]. */
  within(polygon, counts) {
    const [xs, ys] = [polygon.map(([x]) => x), polygon.map(([, y]) => y)];
    const [left, right] = [Math.min(...xs), Math.max(...xs)];
    const [bottom, top] = [Math.min(...ys), Math.max(...ys)];
    const found = [];
    for (let at = 0; at < this.count; at += 1) {
      const [x, y] = [this.x[at], this.y[at]];
      if (x < left || x > right || y < bottom || y > top || !counts(at)) continue;
      if (isInside(x, y, xs, ys)) found.push(at);
    }
    return found;
  }

  /** Those places, the one nearest to their middle first. */
  centralFirst(places) {
    const mean = (column) => places.reduce((sum, at) => sum + column[at], 0) / places.length;
    return this.nearestFirst(places, mean(this.x), mean(this.y));
  }

  nearestFirst(places, x, y) {
    const distance = Float64Array.from(places, (at) => (this.x[at] - x) ** 2 + (this.y[at] - y) ** 2);
    return Array.from(places.keys()).sort((a, b) => distance[a] - distance[b]).map((at) => places[at]);
  }

  /** The next one from `from` into a direction, [1, 0] being right and [0, 1] up; null where there is none. */
  next(from, [right, up], counts) {
    let [best, bestDistance] = [null, Infinity];
    for (let at = 0; at < this.count; at += 1) {
      const [dx, dy] = [this.x[at] - this.x[from], this.y[at] - this.y[from]];
      const along = dx * right + dy * up;
      const aside = Math.abs(dx * up) + Math.abs(dy * right);
      if (at === from || along < aside || (along === 0 && at < from) || !counts(at)) continue;
      const distance = along + aside;
      if (distance < bestDistance) [best, bestDistance] = [at, distance];
    }
    return best;
  }
}

/** Whether a ray to the right of the point crosses the polygon's edges an odd number of times. */
function isInside(x, y, xs, ys) {
  let inside = false;
  for (let here = 0, before = xs.length - 1; here < xs.length; before = here, here += 1) {
    if (ys[here] > y === ys[before] > y) continue;
    if (x < ((xs[before] - xs[here]) * (y - ys[here])) / (ys[before] - ys[here]) + xs[here]) inside = !inside;
  }
  return inside;
}

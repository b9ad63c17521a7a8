// The plane: one series of points for each colour, drawn so that a hundred thousand stay quick.
import { chart, colour, tooltip } from "../charts.js";

/** From here on points are small squares, which canvases draw many times as fast as shapes. */
const MANY = 5_000;
const [FEW_PX, SOME_PX, MANY_PX] = [13, 8, 3];
const FEW = 500;
const MARGIN = 0.05;
/** Characters of a name on the map. */
const LONG = 18;

/**
 * Draws `groups` of `points` in `place`. `told(at)` says what a point is, now and, by a promise, in full;
 * `picked(at)` hears of clicks, `lassoed(area)` of areas that were drawn.
 */
export class Scatter {
  constructor(place, points, groups, { told, picked, lassoed, moved }) {
    Object.assign(this, { place, points, told });
    // what has no colour of its own lies below what has
    this.groups = [...groups].sort((a, b) => Number(Boolean(b.isRest)) - Number(Boolean(a.isRest)));
    this.alone = null;
    this.extent = { x: extent(points.x), y: extent(points.y) };
    this.chart = chart(place, { ...this.frame(), series: this.series() });
    this.chart.on("click", ({ seriesIndex, dataIndex }) => picked(this.at(seriesIndex, dataIndex)));
    this.chart.on("brushEnd", ({ areas }) => areas.length && lassoed(areas[0]));
    this.chart.on("datazoom", moved);
    new ResizeObserver(() => {
      this.chart.setOption(this.axes());
      moved();
    }).observe(place);
  }

  frame() {
    const free = { type: "inside", filterMode: "none", zoomOnMouseWheel: "ctrl", moveOnMouseMove: matchMedia("(pointer: fine)").matches };
    return {
      grid: { left: 0, right: 0, top: 0, bottom: 0 },
      ...this.axes(),
      dataZoom: [{ ...free, xAxisIndex: 0 }, { ...free, yAxisIndex: 0 }],
      tooltip: tooltip({ trigger: "item", formatter: (point, ticket, later) => this.tell(point, ticket, later) }),
      toolbox: { show: false }, // the page has buttons of its own, which keyboards reach
      brush: { toolbox: [], xAxisIndex: 0, yAxisIndex: 0, seriesIndex: [], brushStyle: { color: "transparent", borderColor: colour("--text"), borderWidth: 2 } },
    };
  }

  /** Both axes by one scale, whatever the plane's shape: the map's distances are to be seen as they are. */
  axes() {
    const [width, height] = [this.place.clientWidth, this.place.clientHeight];
    const { x, y } = this.extent;
    const perPx = Math.max(wide(x) / Math.max(1, width), wide(y) / Math.max(1, height));
    const range = ([low, high], length) => {
      const [middle, half] = [(low + high) / 2, (perPx * length) / 2];
      return { type: "value", show: false, min: middle - half, max: middle + half };
    };
    return { xAxis: range(x, width), yAxis: range(y, height) };
  }

  series() {
    return [...this.groups.map((group) => this.pointsOf(group)), this.namesOnMap()];
  }

  pointsOf(group) {
    const many = this.points.count > MANY;
    const places = this.shows(group) ? group.places : [];
    const data = new Float32Array(2 * places.length);
    places.forEach((at, place) => data.set([this.points.x[at], this.points.y[at]], 2 * place));
    return {
      type: "scatter",
      id: group.key,
      data,
      dimensions: ["x", "y"],
      large: many,
      largeThreshold: 1,
      progressive: 0,
      progressiveThreshold: Infinity, // else each large series gets a canvas of its own, above names and tooltips
      symbol: many ? "rect" : `path://${group.shape}`,
      symbolSize: many ? MANY_PX : this.points.count > FEW ? SOME_PX : FEW_PX,
      itemStyle: { color: group.colour, opacity: group.isRest ? 0.35 : 0.85, borderColor: colour("--text"), borderWidth: many ? 0 : 0.5 },
      emphasis: { disabled: true },
      animation: false,
    };
  }

  /** Names of clusters in the middle of each, so that no colour need be looked up. */
  namesOnMap() {
    const named = this.groups.filter((group) => group.number !== undefined && this.shows(group));
    return {
      type: "scatter",
      id: "names",
      silent: true,
      symbolSize: 0.1,
      z: 5,
      animation: false,
      data: named.map(({ name, places }) => ({ name, value: [median(this.points.x, places), median(this.points.y, places)] })),
      label: {
        show: true, formatter: ({ name }) => shortened(name), position: "inside", color: colour("--text"), backgroundColor: colour("--card"),
        borderColor: colour("--line"), borderWidth: 1, borderRadius: 4, padding: [3, 5],
      },
    };
  }

  shows(group) {
    return this.alone === null || group.key === this.alone;
  }

  /** Shows one group, or all (null). */
  showAlone(key) {
    this.alone = key;
    this.chart.setOption({ series: this.series() });
  }

  rename(key, name) {
    this.groups.find((group) => group.key === key).name = name;
    this.chart.setOption({ series: [this.namesOnMap()] });
  }

  at(seriesIndex, dataIndex) {
    return this.groups[seriesIndex].places[dataIndex];
  }

  tell({ seriesIndex, dataIndex }, ticket, later) {
    const { now, then } = this.told(this.at(seriesIndex, dataIndex));
    then.then((full) => later(ticket, full));
    return now;
  }

  /** Lets the next drag draw a `polygon` or `rect`; null: lets it move the map again. */
  draw(brushType) {
    this.chart.dispatchAction({ type: "takeGlobalCursor", key: "brush", brushOption: { brushType: brushType ?? false, brushMode: "single" } });
  }

  /** Draws the line around a selection, or takes it away (null). */
  outline(polygon) {
    const areas = polygon ? [{ brushType: "polygon", xAxisIndex: 0, yAxisIndex: 0, coordRange: polygon }] : [];
    this.chart.dispatchAction({ type: "brush", areas });
  }

  /** Shows `factor` times as much, around the middle of what is shown; 0: everything. */
  zoom(factor) {
    const batch = this.chart.getOption().dataZoom.map(({ start, end }, dataZoomIndex) => {
      const middle = (start + end) / 2;
      const half = factor ? Math.min(50, Math.max(0.5, ((end - start) / 2) * factor)) : 50;
      const from = Math.min(100 - 2 * half, Math.max(0, middle - half));
      return { dataZoomIndex, start: from, end: from + 2 * half };
    });
    this.chart.dispatchAction({ type: "dataZoom", batch });
  }

  /** Where a point lies within `place`, in pixels. */
  pixel(at) {
    return this.chart.convertToPixel({ xAxisIndex: 0, yAxisIndex: 0 }, [this.points.x[at], this.points.y[at]]);
  }
}

/** The least and the greatest. */
function extent(column) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of column) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return [low, high];
}

/** How much of an axis is shown, with some room on both sides. */
function wide([low, high]) {
  return (high - low) * (1 + 2 * MARGIN) + 1;
}

function shortened(name) {
  return name.length > LONG ? `${name.slice(0, LONG)}…` : name;
}

function median(column, places) {
  const sorted = Float32Array.from(places, (at) => column[at]).sort();
  return sorted[sorted.length >> 1];
}

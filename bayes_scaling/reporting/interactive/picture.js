// The picture: loss against size when all of the compute is spent.

// Loss against size at the compute set: the interval, the run set, the sizes that will do.
function draw(point) {
  const svg = byId("explore-picture");
  const [width, height, left, bottom, top] = [svg.clientWidth || 600, 260, 52, 40, 16];
  const middle = (name) => (data.best[point.group][name] ? bestAt(name, point).median : NaN);
  const [smallest, best, largest] = ["smallest_params", "params", "largest_params"].map(middle);
  svg.replaceChildren();
  if (Number.isNaN(best)) return;
  const ends = [best / 8, best * 8, point.params / 1.3, point.params * 1.3];
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const curve = Array.from({ length: 41 }, (_, i) => {
    const params = low * (high / low) ** (i / 40);
    return { params, ...lossAt("expected_loss", pointOf(point, params, point.flops / 6 / params)) };
  }).filter((one) => !Number.isNaN(one.median));
  if (!curve.length) return;
  const most = Math.max(...curve.map((one) => one.upper));
  const least = Math.min(...curve.map((one) => one.lower));
  const x = (p) => left + ((width - left - 12) * Math.log(p / low)) / Math.log(high / low);
  const y = (loss) => top + ((height - top - bottom) * (most - loss)) / (most - least || 1);
  const add = (name, attributes, text = "") => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    svg.append(element);
  };
  if (smallest && largest) {
    const [from, to] = [x(Math.max(smallest, low)), x(Math.min(largest, high))];
    add("rect", { x: from, y: top, width: to - from, height: height - top - bottom, class: "near" });
  }
  const line = (key, points = curve) => points.map((one) => `${x(one.params)},${y(one[key])}`);
  add("polygon", { points: [...line("upper"), ...line("lower").reverse()].join(" "), class: "band" });
  add("polyline", { points: line("median").join(" "), class: "median" });
  add("line", { x1: x(point.params), x2: x(point.params), y1: top, y2: height - bottom, class: "set" });
  const side = x(point.params) > width / 2 ? "end" : "start";
  const shift = side === "end" ? -5 : 5;
  add("text", { x: x(point.params) + shift, y: top + 12, "text-anchor": side }, "the run set");
  for (const p of [low, best, high]) {
    const anchor = p === low ? "start" : p === high ? "end" : "middle";
    add("text", { x: x(p), y: height - bottom + 18, "text-anchor": anchor }, countText(p));
  }
  const label = `parameters, at ${flopsText(point.flops)} FLOP`;
  add("text", { x: (left + width) / 2, y: height - 4, "text-anchor": "middle" }, label);
  for (const loss of [least, most]) {
    add("text", { x: left - 5, y: y(loss) + 5, "text-anchor": "end" }, loss.toPrecision(3));
  }
}

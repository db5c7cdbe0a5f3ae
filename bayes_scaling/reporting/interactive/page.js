// What the page does: reads a run from its fields or its address, computes its loss draw by draw,
// and says in words whether the run lies where the checks support the answer.
// lawValue(inputs, theta) and newRun([expected, standard], theta, columns) come before this text.

const data = JSON.parse(document.getElementById("explore-data").textContent);
const scatters = data.noise ? data.noise.scatter : [];
const byId = (id) => document.getElementById(id);

function logaddexp(a, b) {
  const most = Math.max(a, b);
  return most === -Infinity ? most : most + Math.log1p(Math.exp(-Math.abs(a - b)));
}

// Logarithm of the gamma function by Lanczos' approximation (g = 7, n = 9), good to 1e-14.
function gammaln(x) {
  const c = [
    0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531,
    -176.6150291621406, 12.507343278686905, -0.13857109526572012, 9.984369578019572e-6,
    1.5056327351493116e-7,
  ];
  const shifted = x - 1;
  const sum = c.slice(1).reduce((total, one, i) => total + one / (shifted + i + 1), c[0]);
  const t = shifted + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum);
}

// Parameters of each draw in one group, made once for each.
function thetaOf(draws, group) {
  draws.byGroup = draws.byGroup || {};
  if (!draws.byGroup[group]) {
    const columns = draws.theta.map((groups) => groups[Math.min(group, groups.length - 1)]);
    draws.byGroup[group] = columns[0].map((_, i) => columns.map((column) => column[i]));
  }
  return draws.byGroup[group];
}

// The loss that one draw expects at a point: the only place where the law is evaluated.
function expectedLoss(draws, i, point) {
  const inputs = data.inputs.map((name) => point[name] / data.units[name]);
  return data.units.loss * lawValue(inputs, thetaOf(draws, point.group)[i]);
}

function newRuns(losses, point) {
  const columns = data.noise.columns.map((one) =>
    one.input ? (point[one.input] || one.unit) / one.unit : one.value,
  );
  return losses.flatMap((loss, i) => {
    const theta = data.noise.theta.map((column) => column[i]);
    return scatters[i].map((standard) => newRun([loss, standard], theta, columns));
  });
}

// A point with all that follows from its parameters and tokens.
function pointOf(held, params, tokens) {
  return { ...held, params, tokens, flops: 6 * params * tokens, tokens_per_param: tokens / params };
}

function count(draws) {
  return draws.theta[0][0].length;
}

function everyDraw(value) {
  return Array.from({ length: count(data.draws) }, (_, i) => value(i));
}

// Where a function is least between two ends: a grid finds the cell, golden sections the place.
// Not a number where that is an end.
function lowest(f, low, high) {
  const cells = 100;
  const step = (high - low) / cells;
  let best = 0;
  let least = Infinity;
  for (let i = 0; i <= cells; i += 1) {
    const value = f(low + i * step);
    if (value < least) [best, least] = [i, value];
  }
  if (best === 0 || best === cells) return NaN;
  let [left, right] = [low + (best - 1) * step, low + (best + 1) * step];
  const share = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [right - share * (right - left), left + share * (right - left)];
  let [atA, atB] = [f(a), f(b)];
  while (right - left > 1e-6) {
    if (atA < atB) {
      [right, b, atB] = [b, a, atA];
      a = right - share * (right - left);
      atA = f(a);
    } else {
      [left, a, atA] = [a, b, atB];
      b = left + share * (right - left);
      atB = f(b);
    }
  }
  return (left + right) / 2;
}

// Where a function passes zero between a place below it and one above; not a number if it does not.
function crossing(f, below, above) {
  if (!(f(below) <= 0 && f(above) >= 0)) return NaN;
  let [low, high] = [below, above];
  for (let i = 0; i < 45; i += 1) {
    const middle = (low + high) / 2;
    if (f(middle) > 0) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}

// The best size for a budget, and the ends of the sizes nearly as good, for each draw.
function splitsOf(held, flops) {
  const centre = Math.log(data.centre);
  const width = Math.log(1e9);
  return everyDraw((i) => {
    const loss = (logParams) => {
      const params = Math.exp(logParams);
      return expectedLoss(data.draws, i, pointOf(held, params, flops / 6 / params));
    };
    const best = lowest(loss, centre - width, centre + width);
    const least = loss(best);
    const excess = (logParams) => loss(logParams) - (1 + data.within) * least;
    return {
      params: Math.exp(best),
      loss: least,
      smallest: Math.exp(crossing(excess, best, centre - width)),
      largest: Math.exp(crossing(excess, best, centre + width)),
    };
  });
}

// Median and ends of the equal-tailed interval; draws without a value are left out and counted.
function summary(values) {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const at = (share) => {
    if (!sorted.length) return NaN;
    const place = share * (sorted.length - 1);
    const [before, after] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    return before === after ? before : before + (place - Math.floor(place)) * (after - before);
  };
  const tail = (1 - data.prob) / 2;
  const missing = 1 - sorted.length / values.length;
  return { median: at(0.5), lower: at(tail), upper: at(1 - tail), missing };
}

// Numbers as people write them.

function plain(value) {
  return String(Number(value.toPrecision(4)));
}

function flopsText(value) {
  return value.toExponential(2).replace(/\.?0+e/, "e").replace("e+", "e");
}

function countText(value) {
  const rounded = Number(value.toPrecision(3));
  if (!(rounded >= 1 && rounded < 1e15)) return plain(value);
  const [suffix, scale] = [["T", 1e12], ["B", 1e9], ["M", 1e6], ["K", 1e3], ["", 1]].find(
    ([, size]) => rounded >= size,
  );
  return String(Number((rounded / scale).toPrecision(3))) + suffix;
}

const kinds = { params: countText, tokens: countText, flops: flopsText };
const written = (name, value) => (kinds[name] || plain)(value);

function parsed(text) {
  const match = /^\s*(\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d+)?([kmbt]?)\s*$/i.exec(text);
  if (!match) return NaN;
  const scale = { k: 1e3, m: 1e6, b: 1e9, t: 1e12 }[match[3].toLowerCase()] || 1;
  const value = Number(match[1].replaceAll("_", "") + (match[2] || "")) * scale;
  return value > 0 && Number.isFinite(value) ? value : NaN;
}

// What the checks say of a point, as sentences; the first is a warning if the point leaves what
// they support.
function standing(point) {
  const outside = [];
  for (const [name, axis] of Object.entries(data.range)) {
    const value = point[name];
    const times = Math.max(value / axis.high, axis.low / value, 1);
    if (times > axis.trusted * (1 + 1e-6)) {
      const side = value > axis.high ? `${plain(times)} times above` : `${plain(times)} times below`;
      const reach = axis.trusted > 1 ? `, and the checks support ${plain(axis.trusted)} times` : "";
      outside.push(`${name.replaceAll("_", " ")} is ${side} the runs${reach}`);
    }
  }
  const trust = data.trust;
  const tested = trust && trust.level === "full" ? "what the backtest supports" : "what is supported";
  const sentences = [];
  if (data.problems.length) sentences.push(`Not converged: ${data.problems.join("; ")}.`);
  if (outside.length) sentences.push(`Outside ${tested}: ${outside.join("; ")}.`);
  if (!trust) {
    sentences.push("Whether this fit can be trusted was not assessed.");
  } else {
    const times = point[trust.along] / trust.largest;
    const below = trust.ladder.filter((one) => one.times <= times).at(-1);
    const above = trust.ladder.find((one) => one.times >= times);
    const rungs = [...new Set([below, above])].filter((one) => one).map((one) => {
      const because = one.because ? ` (${one.because})` : "";
      return `"${one.verdict}" at ${plain(one.times)} times the largest run${because}`;
    });
    sentences.push(`The checks say ${rungs.join(" and ")}.`);
    if (!outside.length) sentences.unshift(`Inside the range of ${tested}.`);
  }
  const bad = outside.length > 0 || data.problems.length > 0;
  return { bad, text: (bad ? "Warning. " : "") + sentences.join(" ") };
}

// Fields, address and results.

const fields = [...document.querySelectorAll("[data-field]")].map((input) => ({
  name: input.dataset.field,
  input,
  slider: document.querySelector(`[data-slider="${input.dataset.field}"]`),
}));
const groupChoice = byId("explore-group");
const setting = {};

function group() {
  return groupChoice ? groupChoice.selectedIndex : 0;
}

function completed(changed) {
  if (!data.splits) return;
  if (changed === "flops") setting.tokens = setting.flops / 6 / setting.params;
  else setting.flops = 6 * setting.params * setting.tokens;
}

function show(except) {
  for (const { name, input, slider } of fields) {
    if (input !== except) input.value = written(name, setting[name]);
    if (slider !== except) slider.value = Math.log10(setting[name]);
    slider.setAttribute("aria-valuetext", written(name, setting[name]));
    input.removeAttribute("aria-invalid");
  }
}

function pointSet() {
  const held = { ...setting, group: group() };
  return data.splits ? pointOf(held, setting.params, setting.tokens) : held;
}

function put(id, name, found) {
  const cell = byId(id);
  if (!cell) return;
  const none = Number.isNaN(found.median);
  const ends = `${written(name, found.lower)} to ${written(name, found.upper)}`;
  cell.textContent = none ? "none found" : `${written(name, found.median)} (${ends})`;
  if (!none && found.missing) {
    cell.textContent += `; none in ${plain(100 * found.missing)} % of draws`;
  }
  Object.assign(cell.dataset, found);
}

function update() {
  const point = pointSet();
  const losses = everyDraw((i) => expectedLoss(data.draws, i, point));
  const expected = summary(losses);
  put("explore-expected", "loss", expected);
  let told = expected;
  if (data.noise) {
    told = summary(newRuns(losses, point));
    put("explore-run", "loss", told);
  }
  if (data.splits) updateSplits(point);
  const stands = standing(point);
  byId("explore-standing").textContent = stands.text;
  byId("explore-standing").classList.toggle("warning", stands.bad);
  const run = fields.map(({ name, input }) => `${written(name, setting[name])} ${name}`).join(", ");
  const interval = `${plain(100 * data.prob)} % interval ${plain(told.lower)} to ${plain(told.upper)}`;
  byId("explore-summary").textContent = `${run}: ${data.response} ${plain(told.median)}, ${interval}.`;
  const address = fields.map(({ name }) => `${name}=${setting[name].toPrecision(4).replace("e+", "e")}`);
  if (groupChoice) address.push(`group=${encodeURIComponent(groupChoice.value)}`);
  history.replaceState(null, "", `#${address.join("&")}`);
  document.body.dataset.explored = "yes";
}

function updateSplits(point) {
  const splits = splitsOf(point, point.flops);
  const of = (value) => summary(splits.map(value));
  put("explore-best-params", "params", of((one) => one.params));
  put("explore-best-tokens", "tokens", of((one) => point.flops / 6 / one.params));
  put("explore-best-ratio", "ratio", of((one) => point.flops / 6 / one.params ** 2));
  put("explore-best-loss", "loss", of((one) => one.loss));
  put("explore-smallest", "params", of((one) => one.smallest));
  put("explore-largest", "params", of((one) => one.largest));
  draw(point, splits);
}

// Loss against size at the compute set: the band of the draws, the run set, the sizes that will do.
function draw(point, splits) {
  const svg = byId("explore-picture");
  const [width, height, left, bottom, top] = [svg.clientWidth || 600, 260, 52, 40, 16];
  const middle = (value) => summary(splits.map(value)).median;
  const [smallest, best, largest] = ["smallest", "params", "largest"].map((n) => middle((s) => s[n]));
  svg.replaceChildren();
  if (Number.isNaN(best)) return;
  const ends = [best / 8, best * 8, point.params / 1.3, point.params * 1.3];
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const curve = Array.from({ length: 41 }, (_, i) => {
    const params = low * (high / low) ** (i / 40);
    const at = pointOf(point, params, point.flops / 6 / params);
    return { params, ...summary(everyDraw((j) => expectedLoss(data.draws, j, at))) };
  });
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

let waiting = 0;
function later() {
  clearTimeout(waiting);
  waiting = setTimeout(update, 150);
}

function changed(name, value, from) {
  setting[name] = value;
  completed(name);
  show(from);
  later();
}

function readAddress() {
  const asked = new URLSearchParams(location.hash.slice(1).replaceAll("+", "%2B"));
  const given = fields.map(({ name }) => name).filter((name) => !Number.isNaN(parsed(asked.get(name) || "")));
  for (const name of given) setting[name] = parsed(asked.get(name));
  if (groupChoice && asked.has("group")) {
    const wanted = asked.get("group");
    const place = [...groupChoice.options].findIndex((one) => one.text === wanted);
    groupChoice.selectedIndex = place >= 0 ? place : Number(wanted) || 0;
  }
  const has = (name) => given.includes(name);
  if (has("flops") && has("tokens") && !has("params")) setting.params = setting.flops / 6 / setting.tokens;
  if (data.splits && has("flops") && !has("params") && !has("tokens")) atOptimum();
  else completed(has("flops") && !has("tokens") ? "flops" : "tokens");
  show(null);
}

// Parameters and tokens of least expected loss for the compute set.
function atOptimum() {
  const splits = splitsOf({ ...setting, group: group() }, setting.flops);
  const best = summary(splits.map((one) => one.params)).median;
  if (!Number.isNaN(best)) setting.params = best;
  completed("flops");
}

for (const { name, input, slider } of fields) {
  setting[name] = Number(input.dataset.start);
  input.addEventListener("input", () => {
    const value = parsed(input.value);
    if (Number.isNaN(value)) input.setAttribute("aria-invalid", "true");
    else changed(name, value, input);
  });
  input.addEventListener("change", () => show(null));
  slider.addEventListener("input", () => changed(name, 10 ** Number(slider.value), slider));
}
if (groupChoice) groupChoice.addEventListener("change", later);
const optimumButton = byId("explore-optimum");
if (optimumButton) {
  optimumButton.addEventListener("click", () => {
    atOptimum();
    show(null);
    later();
  });
}
addEventListener("hashchange", () => {
  readAddress();
  update();
});
addEventListener("resize", later);
readAddress();
update();

// The tables: quantiles at nodes, and their values between them.

const data = JSON.parse(document.getElementById("explore-data").textContent);

// The node before a place and the share of the way to the next; nothing outside the nodes.
function cellOf(nodes, place) {
  if (nodes.length === 1) return { before: 0, after: 0, share: 0 };
  const last = nodes.length - 1;
  const edge = 1e-9;
  if (!(place >= nodes[0] - edge && place <= nodes[last] + edge)) return null;
  let before = 0;
  while (before < last - 1 && nodes[before + 1] <= place) before += 1;
  return { before, after: before + 1, share: (place - nodes[before]) / (nodes[before + 1] - nodes[before]) };
}

function between(values, cell) {
  if (!cell) return NaN;
  const [a, b] = [values[cell.before], values[cell.after]];
  return a === null || b === null ? NaN : a + cell.share * (b - a);
}

// A point with all that follows from its parameters and tokens.
function pointOf(held, params, tokens) {
  return { ...held, params, tokens, flops: 6 * params * tokens, tokens_per_param: tokens / params };
}

// Losses and counts are interpolated along their logarithms; other responses, which may be 0, as
// they are.
const scale = data.response === "loss"
  ? { to: (value) => (value === null ? null : Math.log(value)), back: Math.exp }
  : { to: (value) => value, back: (value) => value };

// Quantiles of the response at a point, between the four nodes about it.
function lossAt(name, point) {
  const [first, second] = data.axes;
  const along = cellOf(data.along, Math.log10(point[first]));
  const across = cellOf(data.across, second ? Math.log10(point[second]) : 0);
  if (!along || !across) return quantiles(data.losses[point.group][name], () => NaN);
  const row = (values) => between([scale.to(values[across.before]), scale.to(values[across.after])], ends(across));
  const value = (table) => between([row(table[along.before]), row(table[along.after])], ends(along));
  return quantiles(data.losses[point.group][name], (table) => scale.back(value(table)));
}

function ends(cell) {
  return { before: 0, after: 1, share: cell.share };
}

// Quantiles of what is best at a budget, between two nodes.
function bestAt(name, point) {
  const table = data.best[point.group][name];
  const cell = cellOf(data.budgets, Math.log10(point.flops));
  const found = quantiles(table, (values) => scale.back(between(values.map(scale.to), cell)));
  return { ...found, missing: between(table.missing, cell) };
}

function quantiles(tables, value) {
  return { median: value(tables.median), lower: value(tables.lower), upper: value(tables.upper) };
}

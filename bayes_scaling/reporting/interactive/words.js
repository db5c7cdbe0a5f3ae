// Words: numbers as people write and read them, and what the checks say of a run.

// A loss and its interval, to the digits that the draws support: each ends where its Monte-Carlo
// error begins, and the interval is written to two digits of its width.
function intervalText(found) {
  const width = found.upper - found.lower;
  const place = Math.max(Math.ceil(Math.log10(data.error * width)), Math.floor(Math.log10(width)) - 1);
  const digits = Math.min(Math.max(-place, 0), 6);
  const [median, lower, upper] = ["median", "lower", "upper"].map((end) => found[end].toFixed(digits));
  return width > 0 ? `${median}, ${data.interval} between ${lower} and ${upper}` : plain(found.median);
}

function estimateText(name, found) {
  if (name === "loss") return intervalText(found);
  const [median, lower, upper] = ["median", "lower", "upper"].map((end) => rounded(name, found[end]));
  return `${median}, ${data.interval} between ${lower} and ${upper}`;
}

// Counts of a best split, which are known to two digits at most.
function rounded(name, value) {
  return written(name, Number(value.toPrecision(2)));
}

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

function written(name, value) {
  if (name === "flops") return flopsText(value);
  return (/(params|tokens)$/.test(name) ? countText : plain)(value);
}

function spoken(name) {
  return { params: "parameters", flops: "FLOP" }[name] || name.replaceAll("_", " ");
}

function parsed(text) {
  const match = /^\s*(\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d+)?([kmbt]?)\s*$/i.exec(text);
  if (!match) return NaN;
  const scale = { k: 1e3, m: 1e6, b: 1e9, t: 1e12 }[match[3].toLowerCase()] || 1;
  const value = Number(match[1].replaceAll("_", "") + (match[2] || "")) * scale;
  return value > 0 && Number.isFinite(value) ? value : NaN;
}

// The verdict on a run of this size, in a word and as sentences. The ladder of larger runs says it
// along the axis in which they grow, the tested range along others.
function standing(point) {
  const sentences = data.problems.length ? [`Not converged: ${data.problems.join("; ")}.`] : [];
  const outside = [];
  for (const [name, axis] of Object.entries(data.range[point.group])) {
    if (data.trust && name === data.trust.along) continue;
    const value = point[name];
    const times = Math.max(value / axis.high, axis.low / value, 1);
    if (times > axis.trusted * (1 + 1e-6)) {
      outside.push(`${spoken(name)} ${timesText(times)} ${value > axis.high ? "above" : "below"} those of the runs`);
    }
  }
  if (outside.length) sentences.push(`Beyond what was tested: ${outside.join("; ")}.`);
  const judged = data.trust
    ? ladderVerdict(point)
    : { verdict: "not assessed", text: "Nobody has checked whether this can be believed." };
  const doubted = outside.length && judged.verdict === "trust" ? "caution" : judged.verdict;
  const verdict = data.problems.length ? "not converged" : doubted;
  return { verdict, text: [...sentences, judged.text].join(" ") };
}

// The verdict at a rung of the ladder, or those of the rungs on either side, and its reason.
function ladderVerdict(point) {
  const ladder = data.trust.ladder;
  const times = point[data.trust.along] / data.range[point.group][data.trust.along].high;
  const largest = data.range.length > 1 ? "the largest run of its group" : "your largest run";
  const where = times > 1 ? `${timesText(times)} ${largest}` : `no larger than ${largest}`;
  const above = ladder.find((one) => one.times >= times * 0.99);
  const below = ladder.filter((one) => one.times <= times * 1.01).at(-1) || above;
  if (!above) return { verdict: "do not trust", text: `Do not trust: ${where}, farther than was judged.` };
  const verdict = below.verdict;
  const said = `${verdict[0].toUpperCase()}${verdict.slice(1)}`;
  const because = above.reason ? ` ${above.reason}` : "";
  if (above.verdict === verdict || times > above.times * 0.99) {
    return { verdict, text: `${said}: ${where}.${because}` };
  }
  const from = `${above.verdict} from at most ${timesText(above.times)}`;
  const text = `${said} up to at least ${timesText(below.times)} ${largest}, ${from}: ${where}.${because}`;
  return { verdict, text };
}

function timesText(times) {
  return `${Number(times.toPrecision(2)).toLocaleString("en")} times`;
}

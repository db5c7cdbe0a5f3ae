// Words: numbers as people write and read them, and what the checks say of a run.

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

// What the checks say of a point, as sentences; the first is a warning if the point leaves what
// they support.
function standing(point) {
  const outside = [];
  for (const [name, axis] of Object.entries(data.range[point.group])) {
    const value = point[name];
    const times = Math.max(value / axis.high, axis.low / value, 1);
    if (times > axis.trusted * (1 + 1e-6)) {
      const side = value > axis.high ? `${plain(times)} times above` : `${plain(times)} times below`;
      const reach = axis.trusted > 1 ? `, and the checks support ${plain(axis.trusted)} times` : "";
      outside.push(`${spoken(name)}: ${side} the runs${reach}`);
    }
  }
  const trust = data.trust;
  const tested = trust && trust.level === "full" ? "what the backtest supports" : "what is supported";
  const sentences = [];
  const problems = data.problems;
  if (problems.length) sentences.push(`Not converged: ${problems.join("; ")}.`);
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
  const bad = outside.length > 0 || problems.length > 0;
  return { bad, text: (bad ? "Warning. " : "") + sentences.join(" ") };
}

// The posterior draws: parameters, expected losses, new runs and best splits, draw by draw.
// lawValue(inputs, theta) and newRun([expected, standard], theta, columns) come before this text.

const data = JSON.parse(document.getElementById("explore-data").textContent);

// Parameters of each draw in one group, made once for each.
function thetaOf(draws, group) {
  draws.byGroup = draws.byGroup || {};
  if (!draws.byGroup[group]) {
    const columns = draws.theta.map((groups) => groups[Math.min(group, groups.length - 1)]);
    draws.byGroup[group] = columns[0].map((_, i) => columns.map((column) => column[i]));
  }
  return draws.byGroup[group];
}

// Decades beyond the largest run of the point's group; negative below it.
function reachOf(point) {
  return Math.log10(point[data.beyond.along]) - data.beyond.top[point.group];
}

// The posterior that a draw answers from: beyond the runs, the one focused on the largest.
function posteriorOf(i, point) {
  const focused = data.beyond && data.beyond.focused;
  return focused && data.beyond.threshold[i] <= reachOf(point) / data.beyond.handover
    ? focused
    : data.plain;
}

function lawLoss(i, point, posterior) {
  const inputs = data.inputs.map((name) => point[name] / data.units[name]);
  return data.units.loss * lawValue(inputs, thetaOf(posterior.draws, point.group)[i]);
}

// The loss that one draw expects at a point, with what laws leave out beyond the runs.
function expectedLoss(i, point) {
  const law = lawLoss(i, point, posteriorOf(i, point));
  return data.beyond ? law * Math.exp(data.beyond.slope[i] * Math.max(0, reachOf(point))) : law;
}

function newRuns(losses, point) {
  const columns = data.plain.noise.columns.map((one) => (point[one.input] || one.unit) / one.unit);
  return losses.flatMap((loss, i) => {
    const noise = posteriorOf(i, point).noise;
    const theta = noise.theta.map((column) => column[i]);
    return noise.scatter[i].map((standard) => newRun([loss, standard], theta, columns));
  });
}

// A point with all that follows from its parameters and tokens.
function pointOf(held, params, tokens) {
  return { ...held, params, tokens, flops: 6 * params * tokens, tokens_per_param: tokens / params };
}

function everyDraw(value) {
  return Array.from({ length: data.plain.draws.theta[0][0].length }, (_, i) => value(i));
}

// Log params by which the best size of a budget lies off the law's.
function shiftOf(i, group, flops) {
  const lines = data.displacement;
  if (!lines) return 0;
  const decades = Math.log10(flops) - lines.tops[group];
  return (
    lines.at_top[group][i] +
    lines.per_decade[group][i] * decades +
    lines.further[group][i] * Math.max(0, decades)
  );
}

// The best size for a budget, and the ends of the sizes nearly as good, for each draw of all runs.
function splitsOf(held, flops) {
  const centre = Math.log(data.centre);
  const width = Math.log(1e9);
  const split = (params) => pointOf(held, params, flops / 6 / params);
  return everyDraw((i) => {
    const shift = shiftOf(i, held.group, flops);
    const loss = (logParams) => lawLoss(i, split(Math.exp(logParams - shift)), data.plain);
    const best = lowest(loss, centre - width, centre + width);
    const least = loss(best);
    const excess = (logParams) => loss(logParams) - (1 + data.within) * least;
    return {
      params: Math.exp(best),
      loss: expectedLoss(i, split(Math.exp(best - shift))),
      smallest: Math.exp(crossing(excess, best, centre - width)),
      largest: Math.exp(crossing(excess, best, centre + width)),
    };
  });
}

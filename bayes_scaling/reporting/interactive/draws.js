// The posterior draws: parameters, expected losses, new runs and best splits, draw by draw.
// lawValue(inputs, theta) and newRun([expected, standard], theta, columns) come before this text.

const data = JSON.parse(document.getElementById("explore-data").textContent);
const scatters = data.noise ? data.noise.scatter : [];

// Parameters of each draw in one group, made once for each.
function thetaOf(draws, group) {
  draws.byGroup = draws.byGroup || {};
  if (!draws.byGroup[group]) {
    const columns = draws.theta.map((groups) => groups[Math.min(group, groups.length - 1)]);
    draws.byGroup[group] = columns[0].map((_, i) => columns.map((column) => column[i]));
  }
  return draws.byGroup[group];
}

// The loss that one draw expects at a point: the only place that chooses draws and evaluates the law.
function expectedLoss(i, point) {
  const inputs = data.inputs.map((name) => point[name] / data.units[name]);
  return data.units.loss * lawValue(inputs, thetaOf(data.draws, point.group)[i]);
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

// The best size for a budget, and the ends of the sizes nearly as good, for each draw.
function splitsOf(held, flops) {
  const centre = Math.log(data.centre);
  const width = Math.log(1e9);
  return everyDraw((i) => {
    const loss = (logParams) => {
      const params = Math.exp(logParams);
      return expectedLoss(i, pointOf(held, params, flops / 6 / params));
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

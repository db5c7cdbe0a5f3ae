// Numbers alone: special functions, minima, crossings, quantiles. Nothing of the page.

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

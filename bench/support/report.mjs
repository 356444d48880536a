/** What a scenario finds: tables of rows, and targets that are met or not. */

export function target(what, goal, got, isMet) {
  return { what, goal, got, isMet };
}

/** A target that a figure is at least so large. */
export function atLeast(what, least, got) {
  return target(what, `≥ ${least}`, short(got), got >= least);
}

/** A target that a figure is at most so large. */
export function atMost(what, most, got, unit = '') {
  return target(what, `≤ ${most}${unit}`, `${short(got)}${unit}`, got <= most);
}

/** Three significant digits, and separators in what is large. */
export function short(number) {
  if (!Number.isFinite(number)) return String(number);
  if (Math.abs(number) >= 1000) return Math.round(number).toLocaleString('en-US');
  return `${Number(number.toPrecision(3))}`;
}

/**
 * The rows of a race: operations per second, ratios with their spread over the rounds, and the ratio of the fastest turns.
 *
 * @param more further columns, by name of the contestant
 * @param hits whether every read should be one
 */
export function raceTable(title, results, { more = () => ({}), hits = true } = {}) {
  const hasLoads = Object.values(results).some(({ loads }) => loads > 0);
  const rows = Object.entries(results).map(([name, { perSecond, ratio, best, loads, p50, p50Ratio }]) => ({
    contestant: name,
    'ops/s': short(perSecond),
    ratio: ratio ? short(ratio.median) : '',
    spread: ratio ? `${short(ratio.least)}–${short(ratio.most)}` : '',
    best: best === undefined ? '' : short(best),
    ...(p50 !== undefined && { 'p50 µs': short(p50 * 1000), 'p50 ratio': short(p50Ratio.median) }),
    ...more(name),
    // What was to be a hit was none: an answer of Redis came too late.
    ...(hasLoads && hits && { loads }),
  }));
  return { title, rows };
}

/** A table as aligned text under its title. */
export function markdownOf({ title, rows }) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = [columns, ...rows.map((row) => columns.map((column) => String(row[column] ?? '')))];
  const widths = columns.map((_, i) => Math.max(3, ...lines.map((line) => line[i].length)));
  const text = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  const [head, ...body] = [lines[0], widths.map((width) => '-'.repeat(width)), ...lines.slice(1)].map(text);
  return [`**${title}**`, '', head, ...body].join('\n');
}

export function printTable(table) {
  console.log(`\n${markdownOf(table)}`);
}

export function targetsTable(title, targets) {
  const rows = targets.map(({ what, goal, got, isMet }) => ({
    target: what,
    goal,
    got,
    met: isMet ? 'yes' : '**no**',
  }));
  return { title, rows };
}

export function printTargets(targets, title = 'Targets') {
  if (targets.length > 0) printTable(targetsTable(title, targets));
}

import { Logger } from '@nestjs/common';
import ts from 'typescript';
import { resolveAlerts } from '../../src/alerts/resolve-alerts.js';
import { resolveMetricsOptions } from '../../src/metrics/cache-metrics.options.js';
import { allMetrics } from '../support/all-metrics.js';
import { readText } from './support/markdown.js';

Logger.overrideLogger(false);

const PREFIX = 'nestjs_roost_';

/** The cells of the rows of a table, below a heading of a page. */
function rowsOf(page: string, heading: string, columns: number): string[][] {
  const [, section = ''] = readText(page).split(new RegExp(`^#+ ${heading}$`, 'm'));
  const [own = ''] = section.split(/^#+ /m);
  return own
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter((cells) => cells.length === columns);
}

const words = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);

/** The fields of an interface, and of all parts of a union. */
function fieldsOf(text: string, name: string): string[] {
  const file = ts.createSourceFile('events.ts', text, ts.ScriptTarget.ESNext, true);
  const fields: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isPropertySignature(node) && ts.isIdentifier(node.name)) fields.push(node.name.text);
    ts.forEachChild(node, visit);
  };
  for (const statement of file.statements) {
    if (ts.isTypeAliasDeclaration(statement) && statement.name.text === name) visit(statement);
    if (!ts.isInterfaceDeclaration(statement) || statement.name.text !== name) continue;
    for (const { types } of statement.heritageClauses ?? [])
      fields.push(...types.flatMap(({ expression }) => fieldsOf(text, expression.getText(file))));
    visit(statement);
  }
  return [...new Set(fields)];
}

describe('docs/metrics.md', () => {
  it('lists every metric with its type and labels, and none that is not there', async () => {
    const listed = rowsOf('docs/metrics.md', 'Prometheus', 4)
      .filter(([, type = '']) => ['counter', 'gauge', 'histogram'].includes(type))
      .map(([name, type, labels]) => ({ name: PREFIX + words(name)[0], type, labels: words(labels) }));
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    const registered = (await allMetrics()).map(({ name, type, labels }) => ({
      name,
      type,
      labels: [...labels],
    }));
    expect(listed.toSorted(byName)).toEqual(registered.toSorted(byName));
  });

  it('has metrics that are named as Prometheus asks', async () => {
    for (const { name, type, help } of await allMetrics()) {
      expect(name).toMatch(/^nestjs_roost_[a-z0-9_]+$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      if (type === 'histogram') expect(name).toMatch(/_(seconds|bytes)$/);
      expect(help).toMatch(/^[A-Z].*\.$/);
    }
  });

  it('lists every event with its fields', () => {
    const source = readText('src/engine/events.ts');
    const alert = readText('src/alerts/cache-alert.ts');
    const payloads = [...source.matchAll(/^ {2}(\w+): (\w+);$/gm)]
      .map(([, name = '', type = '']) => [name, fieldsOf(source, type)] as const)
      .filter(([, fields]) => fields.length > 0);
    expect(payloads.length).toBe(13);
    const expected = [...payloads, ['alert', fieldsOf(alert, 'CacheAlert')] as const];
    const listed = rowsOf('docs/metrics.md', 'Events', 3).map(([name, fields]) => [
      words(name)[0],
      words(fields).toSorted(),
    ]);
    expect(Object.fromEntries(listed) as object).toEqual(
      Object.fromEntries(expected.map(([name, fields]) => [name, [...fields].toSorted()])),
    );
  });

  it('lists the options with their defaults', () => {
    const { prefix, reads, maxCaches } = resolveMetricsOptions({});
    const listed = Object.fromEntries(
      rowsOf('docs/metrics.md', 'Prometheus', 3).map(([option, value]) => [words(option)[0], value]),
    );
    expect(listed).toMatchObject({
      prefix: `\`'${prefix}'\``,
      reads: `\`${reads}\``,
      maxCaches: String(maxCaches),
    });
  });
});

describe('docs/alerts.md', () => {
  const { rules } = resolveAlerts({});

  it('lists the rules with their thresholds', () => {
    const listed = rowsOf('docs/alerts.md', 'Alerts', 5).map(([, name, raised, cleared]) => ({
      name: words(name)[0],
      raised,
      cleared,
    }));
    const duration = (ms: number) => (ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`);
    const inWords = (value = 0, name = '') => (name === 'response-time' ? duration(value) : String(value));
    expect(listed).toEqual(
      rules.map(({ name, above, below, clear }) =>
        name === 'disconnected'
          ? { name, raised: `away for ${above! / 1000} s`, cleared: `back for ${above! / 1000} s` }
          : {
              name,
              raised: below === undefined ? `above ${inWords(above, name)}` : `below ${below}`,
              cleared: below === undefined ? `up to ${inWords(clear, name)}` : `from ${clear}`,
            },
      ),
    );
  });

  it('says for each of them what to do', () => {
    const headings = [...readText('docs/alerts.md').matchAll(/^### (.+)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(rules.map(({ name }) => name));
  });
});

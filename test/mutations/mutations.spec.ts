import { existsSync, readFileSync } from 'node:fs';

interface Mutation {
  readonly name: string;
  readonly promise: number;
  readonly file: string;
  readonly find: string;
  readonly tests: readonly string[];
}

describe('the mutations of docs/guarantees.md', () => {
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const mutations = JSON.parse(read('test/mutations/mutations.json')) as readonly Mutation[];
  const page = read('docs/guarantees.md');

  it.each(mutations.map((mutation) => [mutation.name, mutation] as const))(
    '“%s” can still be made, is listed, and names specs that exist',
    (name, { file, find, tests, promise }) => {
      expect(read(file).split(find)).toHaveLength(2);
      for (const test of tests) expect(existsSync(new URL(`../../${test}`, import.meta.url))).toBe(true);
      const section = page.split(/^## /m).find((text) => text.startsWith(`${promise}. `));
      expect(section?.replace(/\s+/g, ' ')).toContain(`"${name}"`);
    },
  );
});

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pages, readText, ROOT } from './support/markdown.js';

interface Link {
  readonly page: string;
  readonly target: string;
}

const links: Link[] = pages.flatMap((page) =>
  [...proseOf(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, target = '']) => ({ page, target })),
);

describe('links within the docs', () => {
  it.each(links.map(({ page, target }) => [page, target]))('lead somewhere: %s → %s', (page, target) => {
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? page : join(dirname(page), path);
    expect({ file, exists: existsSync(ROOT + file) }).toEqual({ file, exists: true });
    if (anchor !== undefined) expect(anchorsOf(file)).toContain(anchor);
  });

  it('reach every page from the README', () => {
    const reached = new Set(['README.md']);
    for (const page of reached) {
      for (const { target } of links.filter((link) => link.page === page)) {
        const file = join(dirname(page), target.split('#')[0] ?? '');
        if (pages.includes(file)) reached.add(file);
      }
    }
    expect(pages.filter((page) => !reached.has(page))).toEqual([]);
  });
});

/** A page without its blocks of code. */
function proseOf(page: string): string {
  return readText(page).replaceAll(/^```[^]*?^```$/gm, '');
}

/** The anchors that GitHub gives to headings. */
function anchorsOf(page: string): string[] {
  return [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

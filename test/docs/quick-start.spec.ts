import { Logger } from '@nestjs/common';

Logger.overrideLogger(false);

/** Runs a module, and resolves with what it printed once it is done. */
async function printedBy(run: () => Promise<unknown>): Promise<unknown[]> {
  const printed: unknown[] = [];
  const { log } = console;
  console.log = (line: unknown) => printed.push(line);
  try {
    await run();
  } finally {
    console.log = log;
  }
  return printed;
}

describe("the README's 30-second start", () => {
  it('calls the method once, and gives three callers an equal value of their own', async () => {
    const printed = await printedBy(() => import('./quick-start/main.js'));
    const value = { orgId: 'acme', madeAt: expect.any(Date) as Date };
    expect(printed).toEqual(['making the report of acme', [value, value], value]);

    const [, [first, second], third] = printed as [string, [unknown, unknown], unknown];
    expect([second, third]).toEqual([first, first]);
    expect(new Set([first, second, third]).size).toBe(3);
  });
});

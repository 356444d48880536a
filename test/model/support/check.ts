import * as fc from 'fast-check';
import { commands } from './commands.js';
import { FLAVOURS } from './flavours.js';
import { parametersOf } from './parameters.js';
import { Processes, type ProcessesOptions } from './processes.js';
import { run } from './run.js';

/** Both kinds of callers. */
export const CALLERS = [
  { who: 'callers that wait for each other', arePatient: true },
  { who: 'callers that soon load by themselves', arePatient: false },
] as const;

const someFlavours = fc.uniqueArray(fc.constantFrom(...FLAVOURS.map(({ name }) => name)), {
  minLength: 1,
  maxLength: 2,
});

/** Checks that many runs, each with items of its own. */
export async function check(options: ProcessesOptions, title: string, numRuns: number): Promise<void> {
  const processes = await Processes.start(options);
  try {
    const property = fc.asyncProperty(someFlavours, commands, (names, made) => {
      const flavours = names.map((name) => FLAVOURS.find((flavour) => flavour.name === name)!);
      return run(processes, flavours, made);
    });
    await fc.assert(property, parametersOf(title, numRuns));
  } finally {
    await processes.stop();
  }
}

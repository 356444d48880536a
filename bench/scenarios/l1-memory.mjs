import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { contestantsOf } from '../contestants/index.mjs';
import { atMost, short } from '../support/report.mjs';

const WORKER = fileURLToPath(new URL('../workers/memory.mjs', import.meta.url));

/** Bytes that one entry of 600 B takes in memory, after it was read once more. A process for each contestant. */
export const l1Memory = {
  name: 'l1-memory',
  async run(bench) {
    const count = bench.pick(20_000, 3000);
    const names = contestantsOf('memory')
      .map(({ name }) => name)
      .filter((name) => !bench.quick || /^(lru-cache|nestjs-roost|bentocache$)/.test(name));
    const bytes = {};
    const lane = async (left) => {
      for (let name = left.shift(); name !== undefined; name = left.shift()) {
        const args = ['--expose-gc', WORKER, bench.server.url, name, `${count}`];
        const { stdout } = await promisify(execFile)(process.execPath, args);
        bytes[name] = Number(stdout.trim().split('\n').at(-1));
      }
    };
    // No time is measured: some at a time.
    const left = [...names];
    await Promise.all([lane(left), lane(left), lane(left)]);
    const ratio = (name) => bytes[name] / bytes['lru-cache'];
    const rows = names.map((name) => ({
      contestant: name,
      'bytes per entry': short(bytes[name]),
      ratio: short(ratio(name)),
    }));
    return {
      tables: [
        { title: `Memory per L1 entry, ${short(count)} entries (reference: lru-cache of objects)`, rows },
      ],
      targets: [
        atMost('L1 bytes per entry', 1.1, ratio('nestjs-roost')),
        atMost('L1 bytes per entry, share', 1.1, ratio('nestjs-roost share')),
      ],
      data: bytes,
    };
  },
};

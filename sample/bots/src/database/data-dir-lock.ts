import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { StartError } from '../config/start-error.js';

/**
 * Claims a data directory for this process. PGlite does not guard its files, and two processes that write the
 * same ones destroy them. A claim whose process has died is taken over.
 *
 * @returns gives the directory back
 * @throws StartError when another living process has it
 */
export function lockDataDir(dataDir: string): () => void {
  const file = join(dataDir, 'lock');
  const mine = processStamp(process.pid) ?? String(process.pid);
  const holder = readLock(file);
  if (holder !== undefined) {
    const pid = Number.parseInt(holder, 10);
    if (processStamp(pid) === holder) {
      throw new StartError(
        `Expected \`DATA_DIR\` to be a folder that no other process uses, but process ${pid} has ${dataDir} open. ` +
          `Stop that process, or set DATA_DIR (and PORT) to run a second one.`,
      );
    }
    rmSync(file, { force: true });
  }
  writeFileSync(file, mine, { flag: 'wx' });
  return () => rmSync(file, { force: true });
}

function readLock(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * Tells a living process from a later one with the same number, which is common in containers: its number and,
 * where the system tells, the time it was started. Undefined when there is no such process.
 */
function processStamp(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!isCode(error, 'EPERM')) return undefined;
  }
  try {
    // The name of the program, in parentheses, may itself hold spaces; the start time is field 20 behind it.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
    return `${pid} ${fields?.[19] ?? ''}`;
  } catch {
    return String(pid); // no /proc on this system
  }
}

function isCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

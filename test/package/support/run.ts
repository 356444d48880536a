import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** What to run, and where. */
export interface Command {
  /** What it is for, in words: the first line of the error. */
  readonly step: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

/** How it ended. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** The exit code; the signal, if that ended it. */
  readonly status: number | NodeJS.Signals | null;
}

/** Longest run, milliseconds. It ends what hangs; nothing is measured by it. */
const DEADLINE_MS = 4 * 60_000;

/** What this very test run was started with, and a user's shell does not have. */
const NOT_FOR_USERS = ['NODE_OPTIONS', 'NODE_PATH', 'NODE_ENV', 'JEST_WORKER_ID'];

/** Runs a program to its end, whatever that is. */
export async function runToEnd({ step, program, args, cwd }: Command): Promise<Outcome> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !NOT_FOR_USERS.includes(name)),
  );
  const child = spawn(program, args, {
    cwd,
    env: { ...env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<Outcome['status']>((resolve, reject) => {
    child.once('error', (cause) => reject(new Error(`${step}: can't run ${program}`, { cause })));
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { stdout, stderr, status };
}

/** Runs a program that must succeed. What it printed is in the error when it does not. */
export async function run(command: Command): Promise<Outcome> {
  const outcome = await runToEnd(command);
  if (outcome.status !== 0) throw new Error(report(command, outcome));
  return outcome;
}

/** What ran, how it ended, and all that it printed. */
export function report({ step, program, args, cwd }: Command, { stdout, stderr, status }: Outcome): string {
  return [
    `${step} ended with ${status}: ${[program, ...args].join(' ')} in ${cwd}`,
    `--- stdout\n${stdout.trim()}`,
    `--- stderr\n${stderr.trim()}`,
  ].join('\n');
}

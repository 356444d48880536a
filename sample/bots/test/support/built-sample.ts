import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc');

/** The sample as it is built, with the library beside it, in a folder of its own: other tests rewrite `dist`. */
export class BuiltSample {
  private readonly processes: SampleProcess[] = [];

  private constructor(readonly folder: string) {}

  static async build(): Promise<BuiltSample> {
    const folder = mkdtempSync(join(tmpdir(), 'bots-built-'));
    cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    await Promise.all([
      compile('tsconfig.build.json', join(folder, 'dist/esm')),
      compile('sample/bots/tsconfig.json', join(folder, 'sample/bots/dist')),
    ]);
    return new BuiltSample(folder);
  }

  /** @param env all of the process's variables but `PATH` */
  start(env: NodeJS.ProcessEnv): SampleProcess {
    const child = new SampleProcess(join(this.folder, 'sample/bots/dist/main.js'), this.folder, env);
    this.processes.push(child);
    return child;
  }

  /** Ends what was started, and removes the folder. */
  async remove(): Promise<void> {
    await Promise.all(this.processes.map((child) => child.end('SIGKILL')));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** `main.js` in a process of its own. */
export class SampleProcess {
  /** What it has printed so far. */
  output = '';
  private readonly child: ChildProcess;
  private readonly exited: Promise<unknown[]>;

  constructor(main: string, folder: string, env: NodeJS.ProcessEnv) {
    this.child = spawn(process.execPath, [main], {
      cwd: folder,
      env: { PATH: process.env['PATH'], NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.exited = once(this.child, 'close');
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk) => (this.output += String(chunk)));
    }
  }

  /** Resolves with its URL. Rejects when it ends instead. */
  listening(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.child.stdout?.on('data', () => {
        const url = /Listening on (\S+)\. /.exec(this.output)?.[1];
        if (url !== undefined) resolve(url);
      });
      void this.exited.then(() => reject(new Error(`The sample ended:\n${this.output}`)));
    });
  }

  /** Sends a signal, unless it has ended. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<unknown[]> {
    this.child.kill(signal);
    return this.exited;
  }

  /** Resolves with its exit code, or null, and the signal that ended it, or null. */
  ended(): Promise<unknown[]> {
    return this.exited;
  }
}

async function compile(config: string, outDir: string): Promise<void> {
  await promisify(execFile)(process.execPath, [TSC, '-p', config, '--noCheck', '--outDir', outDir], {
    cwd: ROOT,
  });
}

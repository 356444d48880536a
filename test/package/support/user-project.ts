import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { report, run, runToEnd, type Command } from './run.js';

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));
const jest = fileURLToPath(new URL('../../../node_modules/jest/bin/jest.js', import.meta.url));

// The lifecycle scripts of dependencies are left out: nothing here may depend on them.
const NPM_INSTALL = [
  ...['install', '--strict-peer-deps', '--ignore-scripts'],
  ...['--prefer-offline', '--no-audit', '--no-fund'],
];

/** The formats of a user's own code. */
export type Format = 'esm' | 'cjs';

/** A project with the packed tarball and one major of Nest in its `node_modules`, used from both formats. */
export class UserProject {
  readonly directory: string;

  /** @param workspace the directory that holds `nestjs-roost.tgz` */
  constructor(
    workspace: string,
    private readonly nest: number,
  ) {
    this.directory = join(workspace, `nest-${nest}`);
  }

  /** Installs the tarball with its peers and the compiler that `fixtures/nest-<major>` names. */
  async install(): Promise<void> {
    await cp(join(fixtures, `nest-${this.nest}`), this.directory, { recursive: true });
    const step = `Installing on Nest ${this.nest}`;
    await run({ step, program: 'npm', args: NPM_INSTALL, cwd: this.directory });
  }

  /** Takes away what users need for `nestjs-roost/health` and `nestjs-roost/warmup` only. */
  async removeOptionalPeers(): Promise<void> {
    for (const peer of ['@nestjs/terminus', '@nestjs/schedule']) {
      await rm(join(this.directory, 'node_modules', peer), { recursive: true });
    }
  }

  /** Writes code of that format: its settings are in the folder `fixtures/<format>`, its sources in the others. */
  async write(format: Format, ...sources: readonly string[]): Promise<void> {
    const directory = join(this.directory, format);
    await cp(join(fixtures, format), directory, { recursive: true });
    for (const folder of sources)
      await cp(join(fixtures, folder), join(directory, 'src'), { recursive: true });
  }

  /**
   * Compiles the code, also where it has errors of type, and returns these; none is `''`. Declarations are
   * checked, too, but those of other packages have errors of their own (`@nestjs/cache-manager` names the types
   * of a package that it does not install). What counts is in the code and in this package's declarations.
   */
  async compile(format: Format, ...options: readonly string[]): Promise<string> {
    const tsc = join(this.directory, 'node_modules/typescript/bin/tsc');
    const command = this.#node(format, 'Compiling', tsc, '--pretty', 'false', ...options);
    const outcome = await runToEnd(command);
    const messages = outcome.stdout.split(/\n(?=\S)/);
    if (outcome.status !== 0 && !/: error TS\d/.test(outcome.stdout))
      throw new Error(report(command, outcome));
    return messages.filter((message) => !isForeign(message)).join('\n');
  }

  /** Runs compiled code with plain Node, and returns the lines that it printed. */
  async start(format: Format, program: string): Promise<string[]> {
    const { stdout } = await run(this.#node(format, 'Running', join('dist', program)));
    return stdout.trimEnd().split('\n');
  }

  /** Imports one entry point in the way of the format, and returns what Node says when that fails. */
  async errorOfImporting(format: Format, specifier: string): Promise<string> {
    const [type, code] =
      format === 'esm' ? ['module', `import '${specifier}'`] : ['commonjs', `require('${specifier}')`];
    const command = this.#node(format, 'Importing', `--input-type=${type}`, '--eval', code);
    const { stderr } = await runToEnd(command);
    return stderr;
  }

  /** Runs the folder `jest-commonjs` over the compiled code, as Jest does by itself: no flag, no transform. */
  async testWithJest(): Promise<string> {
    await cp(join(fixtures, 'jest-commonjs'), join(this.directory, 'cjs'), { recursive: true });
    const { stderr } = await run(
      this.#node('cjs', 'Testing with Jest', jest, '--rootDir', '.', '--no-cache'),
    );
    return stderr;
  }

  #node(format: Format, step: string, ...args: readonly string[]): Command {
    const cwd = join(this.directory, format);
    return { step: `${step} as ${format} on Nest ${this.nest}`, program: process.execPath, args, cwd };
  }
}

/** Whether an error of tsc is in a declaration that somebody else published. */
function isForeign(message: string): boolean {
  return /^[^(]*node_modules\/(?!nestjs-roost\/)[^(]*\(\d+,\d+\): error /.test(message);
}

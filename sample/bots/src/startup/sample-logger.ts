import { ConsoleLogger } from '@nestjs/common';

/** Nest's own account of modules and routes; of a start it would be nine lines in ten. */
const QUIET = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/** What stops the start comes with its stack here; `main.ts` prints the sentence that helps. */
const REPORTED_BY_MAIN = new Set(['ExceptionHandler', 'NestApplication']);

/** Nest's console logger without the lines that nobody reads. */
export class SampleLogger extends ConsoleLogger {
  override log(message: unknown, ...rest: unknown[]): void {
    if (!QUIET.has(contextOf(rest))) super.log(message, ...rest);
  }

  override error(message: unknown, ...rest: unknown[]): void {
    if (!REPORTED_BY_MAIN.has(contextOf(rest))) super.error(message, ...rest);
  }
}

/** Nest passes the context as the last argument. */
function contextOf(rest: readonly unknown[]): string {
  const context = rest.at(-1);
  return typeof context === 'string' ? context : '';
}

import { CacheError } from 'nestjs-roost';

import { StartError } from '../config/start-error.js';

/** Says on stderr why the app could not start: in one sentence where it is about settings, else with the stack. */
export function reportFailure(error: unknown): void {
  process.stderr.write(`\nThe bots sample could not start.\n${describe(error)}\n`);
}

function describe(error: unknown): string {
  if (error instanceof StartError || error instanceof CacheError) return error.message;
  if (!(error instanceof Error)) return String(error);
  if (isListenError(error)) {
    return error.code === 'EADDRINUSE'
      ? `Port ${error.port} is in use. Stop the program that has it, or choose another: PORT=${error.port + 1} npm start`
      : `Could not listen on port ${error.port}: ${error.message}. Set PORT to one that this user may open.`;
  }
  return error.stack ?? error.message;
}

function isListenError(error: Error): error is NodeJS.ErrnoException & { readonly port: number } {
  return (
    'syscall' in error && error.syscall === 'listen' && 'port' in error && typeof error.port === 'number'
  );
}

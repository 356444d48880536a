import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FleetCommands } from './fleet-commands.js';
import type { Command, CommandName, Told } from './fleet-messages.js';

// The program of one process of a fleet: does what its parent asks, see `FleetMember`.

const BUILD = fileURLToPath(new URL('../../', import.meta.url));
const commands = new FleetCommands((item) => tell({ kind: 'loading', item }));
let ending = false;

function tell(told: Told): void {
  if (process.connected) process.send?.(told);
}

async function obey(name: CommandName, { id, args }: Command): Promise<void> {
  try {
    const act = commands[name] as (...args: readonly unknown[]) => unknown;
    tell({ kind: 'done', id, result: await act.apply(commands, [...args]) });
  } catch (error) {
    tell({ kind: 'failed', id, error: error instanceof Error ? error : new Error(String(error)) });
  }
}

/** Nothing but what the library may have left open holds up the process from here on. */
async function end(): Promise<void> {
  ending = true;
  await commands.close();
  process.disconnect();
}

process.on('message', (command: Command) => {
  void (command.name === 'end' ? end() : obey(command.name, command));
});

process.on('disconnect', () => {
  if (ending) return;
  // The parent is gone, and can't clear away what it has compiled.
  rmSync(BUILD, { recursive: true, force: true });
  process.exit(1);
});

tell({ kind: 'started' });

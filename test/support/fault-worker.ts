import { FaultCommands } from './fault-commands.js';
import type { FaultCommand, FaultCommandName, FaultTold } from './fault-messages.js';

// The program of one process of a fault test: does what its parent asks, see `FaultProcess`.

const commands = new FaultCommands();
let ending = false;

function tell(told: FaultTold): void {
  if (process.connected) process.send?.(told);
}

async function obey(name: FaultCommandName, { id, args }: FaultCommand): Promise<void> {
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

process.on('message', (command: FaultCommand) => {
  void (command.name === 'end' ? end() : obey(command.name, command));
});

process.on('disconnect', () => {
  if (!ending) process.exit(1);
});

tell({ kind: 'started' });

import { access } from 'node:fs/promises';
import { Fleet } from '../support/fleet.js';

describe('the processes that these tests run', () => {
  it('fail the test when one has an unhandled rejection, with its stack', async () => {
    const fleet = await Fleet.start(2);
    await fleet.members[0]?.ask('misbehave', 'rejects unhandled').catch(() => undefined);
    await expect(fleet.stop()).rejects.toThrow(
      /ended with 1\. It printed:\n[^]*a lost error[^]*fleet-commands\.ts/,
    );
  });

  it('fail the test when one prints to stderr, with what it printed', async () => {
    const fleet = await Fleet.start(1);
    await fleet.members[0]?.ask('misbehave', 'prints to stderr');
    await expect(fleet.stop()).rejects.toThrow('ended with 0. It printed:\na warning');
  });

  it('end by themselves, and leave nothing behind', async () => {
    const fleet = await Fleet.start(1);
    const [member] = fleet.members;
    await access(fleet.directory);
    await fleet.stop();
    expect(() => process.kill(member!.pid, 0)).toThrow('ESRCH');
    await expect(access(fleet.directory)).rejects.toThrow('ENOENT');
  });
});

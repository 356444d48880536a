import { buildFleet, type FleetBuild } from './fleet-build.js';
import { FleetMember } from './fleet-member.js';

/** Several processes that run the library, for tests of what they do to one another. */
export class Fleet {
  private readonly all: FleetMember[] = [];

  private constructor(private readonly build: FleetBuild) {}

  /** Compiles the library and starts that many processes. */
  static async start(processes: number): Promise<Fleet> {
    const fleet = new Fleet(await buildFleet());
    await fleet.add(processes);
    return fleet;
  }

  /** Where the compiled library is, until `stop`. */
  get directory(): string {
    return this.build.directory;
  }

  /** Starts further processes; resolves with them when they take commands. */
  async add(processes: number): Promise<FleetMember[]> {
    const members = Array.from({ length: processes }, () => new FleetMember(this.build.worker));
    this.all.push(...members);
    return Promise.all(members.map((member) => member.ready()));
  }

  /** The processes that live, in the order of their start. */
  get members(): readonly FleetMember[] {
    return this.all.filter(({ isAlive }) => isAlive);
  }

  /** Does the same with every process that lives. */
  each<T>(act: (member: FleetMember, index: number) => Promise<T>): Promise<T[]> {
    return Promise.all(this.members.map(act));
  }

  /**
   * Ends all processes and removes what was compiled.
   *
   * @throws Error when a process went wrong
   */
  async stop(): Promise<void> {
    const ends = await Promise.allSettled(this.all.map((member) => member.stop()));
    await this.build.remove();
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }
}

/** Resolves when the state that is looked at is as it should be. For what tells nobody when it changes. */
export async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 10));
}

const SHARED = 16;
const GROUPS = 4;
const OWNED = 'owned';

/** Items that all processes of a race change. With one for each of four processes, they are twenty hot keys. */
export const SHARED_ITEMS: readonly string[] = Array.from({ length: SHARED }, (_, i) => `item-${i}`);

/** The item that only this process changes. */
export function ownedItem(member: number): string {
  return `${OWNED}-${member}`;
}

/** All items of a race between that many processes. */
export function racedItems(members: number): readonly string[] {
  return [...SHARED_ITEMS, ...Array.from({ length: members }, (_, member) => ownedItem(member))];
}

/** Items carry a tag of their group: the owned ones are one group, the others four. */
export function groupOf(item: string): string {
  return item.startsWith(OWNED) ? OWNED : `group-${numberOf(item) % GROUPS}`;
}

/** Items whose entries also carry a tag that the call adds, and that who only reads them does not expect. */
export function isTaggedByCall(item: string): boolean {
  return !item.startsWith(OWNED) && numberOf(item) % 2 === 0;
}

/** Items whose entries also carry a tag that only the value tells. */
export function isTaggedByValue(item: string): boolean {
  return numberOf(item) % GROUPS === 3;
}

/** Items that are stale most of the time, served while they are refreshed. */
export function isShortLived(item: string): boolean {
  return numberOf(item) % 3 === 0;
}

function numberOf(item: string): number {
  return Number(item.split('-')[1] ?? 0);
}

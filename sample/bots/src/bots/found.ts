import { NotFoundException } from '@nestjs/common';

/** @throws NotFoundException when the bot is gone; errors are never cached */
export function found<T>(botId: string, row: T | undefined): T {
  if (row === undefined) throw new NotFoundException(`There is no bot ${botId} in your organization`);
  return row;
}

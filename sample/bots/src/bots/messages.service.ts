import { Injectable } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import type { CacheEventMap } from 'nestjs-roost';

import type { Message } from '../database/schema.js';
import { BotsRepository } from './bots.repository.js';
import type { NewMessage } from './bots.types.js';
import { found } from './found.js';

/** The messages of bots. It tells of new ones, and leaves it to `bots.rules.ts` what these make obsolete. */
@Injectable()
export class MessagesService {
  constructor(
    private readonly bots: BotsRepository,
    private readonly events: EventEmitter2,
  ) {}

  async addMessage(botId: string, message: NewMessage): Promise<Message> {
    const added = found(botId, await this.bots.addMessage(botId, message));
    // Awaited: who has the answer reads statistics with this message in them.
    await this.events.emitAsync('message.added', added satisfies CacheEventMap['message.added']);
    return added;
  }
}

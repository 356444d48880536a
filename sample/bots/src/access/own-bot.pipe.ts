import { BadRequestException, Injectable, NotFoundException, type PipeTransform } from '@nestjs/common';

import { BOT_ID } from '../http/ids.js';
import { AccessService } from './access.service.js';
import type { AccessRequest } from './user-request.js';

/**
 * Lets a bot's id through to members of its organization. The caches behind it are shared by all of them, which
 * is why nobody may reach one without passing here. Another organization's bot looks like one that is not there.
 */
@Injectable()
export class OwnBotPipe implements PipeTransform<AccessRequest, Promise<string>> {
  constructor(private readonly access: AccessService) {}

  async transform({ user, id }: AccessRequest): Promise<string> {
    if (!BOT_ID.test(id)) throw new BadRequestException('Expected the bot id to be a positive whole number');
    const orgId = await this.access.findBotOwner(id);
    if (orgId !== user.orgId) throw new NotFoundException(`There is no bot ${id} in your organization`);
    return id;
  }
}

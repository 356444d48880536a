import { BadRequestException, Injectable, NotFoundException, type PipeTransform } from '@nestjs/common';

import { BOT_ID } from '../http/ids.js';
import { AccessService } from './access.service.js';
import type { BatchAccessRequest } from './user-request.js';

const MOST = 100;

/**
 * Lets the ids of many bots through to members of their organization, all or none. Which of them is another
 * organization's, and which one is not there, is not told.
 */
@Injectable()
export class OwnBotsPipe implements PipeTransform<BatchAccessRequest, Promise<string[]>> {
  constructor(private readonly access: AccessService) {}

  async transform({ user, ids }: BatchAccessRequest): Promise<string[]> {
    const botIds = typeof ids === 'string' ? ids.split(',') : [];
    if (botIds.length === 0 || botIds.length > MOST || !botIds.every((id) => BOT_ID.test(id))) {
      throw new BadRequestException(
        `Expected ids to be 1 to ${MOST} bot ids joined by commas, such as 1,2,3`,
      );
    }
    const orgIds = await this.access.findBotOwners(botIds);
    if (orgIds.some((orgId) => orgId !== user.orgId)) {
      throw new NotFoundException('There are ids among them that are no bots in your organization');
    }
    return botIds;
  }
}

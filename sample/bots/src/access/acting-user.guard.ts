import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';

import { USER_ID } from '../http/ids.js';
import { AccessService } from './access.service.js';
import type { UserRequest } from './user-request.js';

/**
 * Finds the acting user that the `x-user-id` header names. It stands in for a real login: whatever proves who is
 * asking, the caches see only the result.
 */
@Injectable()
export class ActingUserGuard implements CanActivate {
  constructor(private readonly access: AccessService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<UserRequest>();
    const userId = request.headers['x-user-id'];
    if (typeof userId !== 'string' || userId === '') {
      throw new UnauthorizedException('Expected the header x-user-id to name the acting user, such as ada');
    }
    const user = USER_ID.test(userId) ? await this.access.findUser(userId) : null;
    if (user === null) throw new UnauthorizedException('The header x-user-id names no known user');
    request.actingUser = user;
    return true;
  }
}

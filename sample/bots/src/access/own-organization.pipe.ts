import { Injectable, NotFoundException, type PipeTransform } from '@nestjs/common';
import type { AccessRequest } from './user-request.js';

/** Lets an organization's id through to its members. Every other organization looks like one that is not there. */
@Injectable()
export class OwnOrganizationPipe implements PipeTransform<AccessRequest, string> {
  transform({ user, id }: AccessRequest): string {
    if (id !== user.orgId) throw new NotFoundException('There is no such organization that you belong to');
    return id;
  }
}

import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

import type { User } from '../database/schema.js';
import { OwnBotPipe } from './own-bot.pipe.js';
import { OwnBotsPipe } from './own-bots.pipe.js';
import { OwnOrganizationPipe } from './own-organization.pipe.js';
import type { AccessRequest, BatchAccessRequest, UserRequest } from './user-request.js';

/** The acting user. Only on routes behind `ActingUserGuard`. */
export const ActingUser = createParamDecorator((_: unknown, context: ExecutionContext) => userOf(context));

/** `:id`, when it names a bot of the acting user's organization; 404 otherwise. */
export const OwnBot = () => accessTo('id', OwnBotPipe);

/** `?ids=1,2,3`, when all of them name bots of the acting user's organization; 404 otherwise. */
export const OwnBots = () => accessToMany(OwnBotsPipe);

/** `:orgId`, when it is the acting user's organization; 404 otherwise. */
export const OwnOrganization = () => accessTo('orgId', OwnOrganizationPipe);

const accessTo = createParamDecorator((param: string, context: ExecutionContext): AccessRequest => {
  const { params } = context.switchToHttp().getRequest<UserRequest>();
  return { user: userOf(context), id: params[param] ?? '' };
});

const accessToMany = createParamDecorator((_: unknown, context: ExecutionContext): BatchAccessRequest => {
  const { query } = context.switchToHttp().getRequest<UserRequest>();
  return { user: userOf(context), ids: query['ids'] };
});

function userOf(context: ExecutionContext): User {
  const { actingUser } = context.switchToHttp().getRequest<UserRequest>();
  if (actingUser === undefined) throw new Error('This route lacks @UseGuards(ActingUserGuard)');
  return actingUser;
}

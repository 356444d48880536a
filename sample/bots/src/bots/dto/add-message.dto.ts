import { IsIn, IsInt, Max, Min } from 'class-validator';

import { messageDirection, messageStatus, type Message } from '../../database/schema.js';
import { MayBeLeftOut } from '../../http/validators.js';

export class AddMessageDto {
  @IsIn(messageDirection.enumValues)
  readonly direction!: Message['direction'];

  @IsIn(messageStatus.enumValues)
  readonly status!: Message['status'];

  /** Milliseconds. */
  @MayBeLeftOut()
  @IsInt()
  @Min(0)
  @Max(600_000)
  readonly latencyMs?: number;
}

import { Type } from 'class-transformer';
import { IsObject, ValidateNested } from 'class-validator';

import { IsPlainText, MayBeLeftOut } from '../../http/validators.js';
import { BotSettingsDto } from './bot-settings.dto.js';

/** What is left out stays as it is; `settings` are replaced as a whole. */
export class UpdateBotDto {
  @MayBeLeftOut()
  @IsPlainText(1, 100)
  readonly name?: string;

  @MayBeLeftOut()
  @IsPlainText(0, 1_000)
  readonly description?: string;

  @MayBeLeftOut()
  @IsObject()
  @ValidateNested()
  @Type(() => BotSettingsDto)
  readonly settings?: BotSettingsDto;
}

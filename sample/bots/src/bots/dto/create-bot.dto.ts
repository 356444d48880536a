import { Type } from 'class-transformer';
import { IsObject, ValidateNested } from 'class-validator';

import { IsPlainText, MayBeLeftOut } from '../../http/validators.js';
import { BotSettingsDto } from './bot-settings.dto.js';

export class CreateBotDto {
  @IsPlainText(1, 100)
  readonly name!: string;

  @MayBeLeftOut()
  @IsPlainText(0, 1_000)
  readonly description?: string;

  @MayBeLeftOut()
  @IsObject()
  @ValidateNested()
  @Type(() => BotSettingsDto)
  readonly settings?: BotSettingsDto;
}

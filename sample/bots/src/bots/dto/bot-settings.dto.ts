import { Type } from 'class-transformer';
import {
  ArrayNotEmpty,
  ArrayUnique,
  IsIn,
  IsInt,
  IsLocale,
  IsNumber,
  IsObject,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';

import { IsPlainText } from '../../http/validators.js';
import { BOT_CHANNELS, type BotChannel, type BotSettings } from '../bot-settings.js';

class ModelDto {
  @IsPlainText(1, 50)
  readonly name!: string;

  @IsNumber()
  @Min(0)
  @Max(2)
  readonly temperature!: number;
}

class LimitsDto {
  @IsInt()
  @Min(1)
  @Max(10_000)
  readonly messagesPerMinute!: number;

  @IsInt()
  @Min(1)
  @Max(100_000)
  readonly maxReplyTokens!: number;
}

export class BotSettingsDto implements BotSettings {
  @IsLocale()
  readonly language!: string;

  @IsPlainText(1, 500)
  readonly greeting!: string;

  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(BOT_CHANNELS, { each: true })
  readonly channels!: readonly BotChannel[];

  @IsObject()
  @ValidateNested()
  @Type(() => ModelDto)
  readonly model!: ModelDto;

  @IsObject()
  @ValidateNested()
  @Type(() => LimitsDto)
  readonly limits!: LimitsDto;
}

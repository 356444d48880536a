import { Transform, Type } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';

import { IsPlainText } from '../../http/validators.js';

export class ListBotsQuery {
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(10_000)
  readonly page: number = 1;

  /** Bots per page. */
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  readonly limit: number = 20;

  /** Normalised, so that searches that find the same share one entry of the cache. */
  @Transform(({ value }) => (typeof value === 'string' ? value.normalize().trim().toLowerCase() : value))
  @IsPlainText(0, 100)
  readonly search: string = '';
}

import { Transform } from 'class-transformer';

import { IsDigits, IsPlainText } from '../../http/validators.js';

export class ListBotsQuery {
  @IsDigits(1, 10_000)
  readonly page: number = 1;

  /** Bots per page. */
  @IsDigits(1, 100)
  readonly limit: number = 20;

  /**
   * Searches that find the same share one entry of the cache. Only A to Z are lowered here: of other letters the
   * database decides (of `İ`, JavaScript's lower case is two characters, which no name contains).
   */
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.trim().replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()) : value,
  )
  @IsPlainText(0, 100)
  readonly search: string = '';
}

import { IsDigits } from '../../http/validators.js';

export class ReportQuery {
  /** How many days, of which today is the last. */
  @IsDigits(1, 30)
  readonly days: number = 7;
}

import { applyDecorators } from '@nestjs/common';
import { IsString, Length, Matches, ValidateIf } from 'class-validator';

/** Unlike `@IsOptional()`, does not let `null` through. */
export const MayBeLeftOut = () => ValidateIf((_, value) => value !== undefined);

/** Text of a bounded length without control characters; PostgreSQL cannot store the NUL among them. */
export const IsPlainText = (min: number, max: number, each = false) =>
  applyDecorators(
    IsString({ each }),
    Length(min, max, { each }),
    Matches(/^\P{Cc}*$/u, { each, message: '$property must not contain control characters' }),
  );

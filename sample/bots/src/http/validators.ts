import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsInt, IsString, Length, Matches, Max, Min, ValidateBy, ValidateIf } from 'class-validator';

/** Unlike `@IsOptional()`, does not let `null` through. */
export const MayBeLeftOut = () => ValidateIf((_, value) => value !== undefined);

/**
 * Text of a bounded length, in the one form (NFC) that equal texts have. Without control characters and without
 * halves of surrogate pairs: PostgreSQL can't store a NUL, nor UTF-8 the others. Unless it may be empty, there is
 * something to see in it.
 */
export const IsPlainText = (min: number, max: number) =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.normalize() : value)),
    IsString(),
    Length(min, max),
    Matches(/^[^\p{Cc}\p{Cs}]*$/u, {
      message: '$property must not contain control characters or halves of surrogate pairs',
    }),
    ...(min > 0 ? [IsNotBlank()] : []),
  );

const IsNotBlank = () =>
  ValidateBy({
    name: 'isNotBlank',
    validator: {
      validate: (value) => typeof value === 'string' && /[^\p{Z}\p{C}]/u.test(value),
      defaultMessage: () => '$property must not be blank',
    },
  });

/** A whole number in a query string, in plain digits: what else `Number()` takes for one is refused. */
export const IsDigits = (min: number, max: number) =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value,
    ),
    IsInt(),
    Min(min),
    Max(max),
  );

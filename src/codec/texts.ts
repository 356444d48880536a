/**
 * The texts of the entry that was read last. Those of the next one are mostly the same but for a tag and a token, since
 * it is of the same cache: what is the same is neither made nor kept twice. Never more than one entry's.
 */
let previous: readonly string[] = [];

/**
 * The texts that lie one after the other, in UTF-8, from `start` to `end`. `undefined` when they are not that long.
 *
 * @param lengths of each of them, in UTF-16 units
 */
export function readTexts(
  bytes: Buffer,
  start: number,
  end: number,
  lengths: readonly number[],
): readonly string[] | undefined {
  let units = 0;
  for (const length of lengths) units += length;
  // Other text than ASCII has more bytes than units.
  const texts =
    units === end - start ? readAscii(bytes, start, lengths) : readUtf8(bytes, start, end, lengths);
  if (texts !== undefined) previous = texts;
  return texts;
}

/** Not cut out of one text, which each of them would keep in memory. */
function readAscii(bytes: Buffer, start: number, lengths: readonly number[]): string[] {
  const texts: string[] = [];
  let offset = start;
  for (let index = 0; index < lengths.length; index++) {
    const end = offset + (lengths[index] ?? 0);
    const known = previous[index];
    texts.push(
      known !== undefined && isAt(bytes, offset, end, known) ? known : bytes.toString('latin1', offset, end),
    );
    offset = end;
  }
  return texts;
}

function isAt(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (text.length !== end - start) return false;
  for (let index = 0; index < text.length; index++) {
    if (bytes[start + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

function readUtf8(
  bytes: Buffer,
  start: number,
  end: number,
  lengths: readonly number[],
): string[] | undefined {
  const block = bytes.toString('utf8', start, end);
  const texts: string[] = [];
  let offset = 0;
  for (const length of lengths) texts.push(block.slice(offset, (offset += length)));
  return offset === block.length ? texts : undefined;
}

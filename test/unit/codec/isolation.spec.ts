import { Packr as OtherPackr, addExtension } from 'msgpackr';
import { ValueCodec } from '../../../src/codec/value-codec.js';
import { bot } from './support/values.js';

const codec = new ValueCodec();

describe('memory', () => {
  it('bytes stay as they are, whatever is encoded after them', () => {
    const kept = Array.from({ length: 300 }, (_, index) =>
      codec.encode({ index, text: 'x'.repeat(index * 20) }),
    );
    for (let count = 0; count < 300; count++) codec.encode(['y'.repeat(count * 20), bot]);
    for (const [index, bytes] of kept.entries()) {
      expect(codec.decode(bytes)).toStrictEqual({ index, text: 'x'.repeat(index * 20) });
    }
  });

  it('bytes keep no more memory alive than their own', () => {
    for (const input of [1, bot, [bot, bot], 'x'.repeat(100_000)]) {
      const bytes = codec.encode(input);
      expect(bytes.buffer.byteLength).toBe(bytes.length);
    }
  });

  it('what is decoded shares no memory with the bytes', () => {
    const input = {
      buffer: Buffer.from([1, 2, 3]),
      large: Buffer.alloc(5000, 7),
      array: new Uint8Array([1, 2, 3]),
      floats: new Float64Array([1.5]),
      memory: new Uint8Array([9]).buffer,
      view: new DataView(new ArrayBuffer(4)),
      map: new Map([[Buffer.from([1]), Buffer.from([2])]]),
    };
    const bytes = codec.encode(input);
    const before = Buffer.from(bytes);
    const output = codec.decode(bytes) as typeof input;
    output.buffer.fill(0xff);
    output.large.fill(0xff);
    output.array.fill(0xff);
    output.floats.fill(-1);
    new Uint8Array(output.memory).fill(0xff);
    output.view.setInt32(0, -1);
    for (const pair of output.map) for (const buffer of pair) buffer.fill(0xff);
    expect(bytes).toStrictEqual(before);
    expect(codec.decode(bytes)).toStrictEqual(input);

    const again = codec.decode(bytes) as typeof input;
    bytes.fill(0);
    expect(again).toStrictEqual(input);
  });

  it('what was encoded can be changed without the bytes changing', () => {
    const input = { buffer: Buffer.from([1, 2, 3]), array: new Uint8Array([1, 2, 3]) };
    const bytes = codec.encode(input);
    input.buffer.fill(0);
    input.array.fill(0);
    expect(codec.decode(bytes)).toStrictEqual({
      buffer: Buffer.from([1, 2, 3]),
      array: new Uint8Array([1, 2, 3]),
    });
  });

  it('encoding leaves the value as it is, decoding the bytes', () => {
    const bytes = codec.encode(bot);
    const properties = Reflect.ownKeys(bytes);
    expect(codec.decode(bytes)).toStrictEqual(bot);
    expect(Reflect.ownKeys(bytes)).toEqual(properties);
    const deep = { a: [Object.freeze({ b: -0, c: new Map([[1, Object.freeze(['\ud800'])]]) })] };
    const copy = structuredClone(deep);
    codec.encode(deep);
    expect(deep).toStrictEqual(copy);
  });

  it('one decoded value shares nothing with another', () => {
    const bytes = codec.encode({ list: [1], map: new Map([[1, { a: 1 }]]) });
    const first = codec.decode(bytes) as { list: number[]; map: Map<number, { a: number }> };
    first.list.push(2);
    first.map.get(1)!.a = 2;
    expect(codec.decode(bytes)).toStrictEqual({ list: [1], map: new Map([[1, { a: 1 }]]) });
  });
});

describe('other users of msgpackr in this process', () => {
  it('keep all that msgpackr does for them', () => {
    for (const options of [
      {},
      { moreTypes: true },
      { structuredClone: true },
      { bundleStrings: true, moreTypes: true },
    ]) {
      const other = new OtherPackr(options);
      const input = { text: 'some text', list: [1, 2], rows: [{ a: 1 }, { a: 2 }] };
      expect(other.unpack(other.pack(input))).toEqual(input);
    }
    const other = new OtherPackr({ structuredClone: true });
    const input = {
      set: new Set([1]),
      error: new TypeError('m'),
      expression: /a/g,
      bytes: new Uint8Array([1]),
    };
    expect(other.unpack(other.pack(input))).toEqual(input);
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const output = other.unpack(other.pack(circle)) as Record<string, unknown>;
    expect(output['self']).toBe(output);
    // The type that wrapped values have here means nothing there.
    expect(() => other.unpack(Buffer.from([0xd4, 0x52, 0, 0x91, 1]))).toThrow('Unknown extension');
  });

  it('cannot change what is stored by the extensions they register', () => {
    const before = codec.encode({ ...bot, buffer: Buffer.from([1]), map: new Map([[1, undefined]]) });
    addExtension({ Class: Date, type: 1, pack: () => Buffer.from([1]), unpack: () => 'hijacked' });
    addExtension({ Class: Uint8Array, type: 2, pack: () => Buffer.from([1]), unpack: () => 'hijacked' });
    addExtension({ type: 0x52, unpack: () => 'hijacked' });
    addExtension({ type: 0xff, unpack: () => 'hijacked' });
    const input = { ...bot, buffer: Buffer.from([1]), map: new Map([[1, undefined]]) };
    expect(codec.encode(input)).toStrictEqual(before);
    expect(codec.decode(before)).toStrictEqual(input);
  });
});

/**
 * msgpackr, set up so that it can be trusted with bytes from Redis.
 *
 * Its table of extension types belongs to the module, not to an instance (kriszyp/msgpackr#93): what one library
 * registers changes what every other one reads and writes. Hence the `index-no-eval` build, which is a module
 * of its own with a table of its own. It neither generates code nor hands the bytes to a native addon.
 */
import { addExtension, C1, Packr, Unpackr } from 'msgpackr/index-no-eval';
import { revive, Wrapped } from './wrapped.js';

const WRAPPED_TYPE = 0x52;

addExtension({
  Class: Wrapped,
  type: WRAPPED_TYPE,
  write: (wrapped: Wrapped) => wrapped.parts,
  read: revive,
});

/**
 * Types that msgpackr reads but nothing here writes: b(undled strings), e(rror), s(et), t(yped array), x (regular
 * expression). Two of them are dangerous: `e` calls any method of Object by its name, and so makes functions, a
 * `then` that never calls back among them; `b` reads all bytes again each time, 18 s for a made-up megabyte.
 */
for (const type of [0x62, 0x65, 0x73, 0x74, 0x78]) {
  addExtension({
    type,
    unpack: () => {
      throw new Error(`Extension type ${type} is not in use`);
    },
  });
}

// A stray 0xC1 decodes to this one object, which would let a caller change what another one sees.
Object.freeze(C1);

const OPTIONS = {
  // Objects as maps of any size; what is a Map goes wrapped.
  mapsAsObjects: true,
  variableMapSize: true,
  useBigIntExtension: true,
  // The walk that comes before has called it.
  useToJSON: false,
  // Refuses the types i(d) and p(ointer), too.
  structuredClone: false,
  // Else what is decoded would share memory with the stored bytes.
  copyBuffers: true,
};

const packer = new Packr({ ...OPTIONS, useRecords: false });
/** Writes the names of fields once per shape, not once per object. */
const recordPacker = new Packr({ ...OPTIONS, useRecords: true });
const unpacker = new Unpackr({ ...OPTIONS, useRecords: false });

const WORK_BYTES = 8192;
const MAX_KEPT_BYTES = 65_536;

/** @param asRecords whether many objects in it have the same fields: that is smaller and faster to read */
export function pack(value: unknown, asRecords: boolean): Buffer {
  let length = Infinity;
  try {
    const packed = (asRecords ? recordPacker : packer).pack(value);
    length = packed.length;
    // It lies in working memory of four times its size. Memory of its own lets a store know what it keeps.
    const bytes = Buffer.allocUnsafeSlow(length);
    bytes.set(packed);
    return bytes;
  } finally {
    // Working memory never shrinks by itself.
    if (length > MAX_KEPT_BYTES) packer.useBuffer(Buffer.allocUnsafeSlow(WORK_BYTES));
  }
}

/** @throws Error when the bytes are anything but one whole value */
export function unpack(bytes: Uint8Array): unknown {
  // A view of our own, because msgpackr attaches a property to what it reads; and a Buffer, because it reads
  // binary values as whatever it was given.
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let value: unknown;
  let end = -1;
  // The plain `unpack` puts the value into its message when bytes follow it.
  unpacker.unpackMultiple(source, (first, _start, stop) => {
    value = first;
    end = stop ?? -1;
    return false;
  });
  if (end !== source.length) throw new Error(`${source.length - end} bytes follow the value`);
  return value;
}

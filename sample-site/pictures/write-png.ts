import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const BYTES_PER_PIXEL = 3;
const COLOUR_TYPE_RGB = 2;
const FILTER_UP = 2;

/**
 * An 8-bit RGB picture as PNG (W3C PNG, third edition). `pixels` holds height x width x 3 bytes, row by row.
 * Every row is filtered against the one above, which suits skies and water.
 */
export function writePng(width: number, height: number, pixels: Uint8Array): Buffer {
  const stride = width * BYTES_PER_PIXEL;
  if (pixels.length !== stride * height) throw new RangeError(`expected ${stride * height} bytes, got ${pixels.length}`);
  const raw = Buffer.alloc((stride + 1) * height);
  for (let row = 0; row < height; row += 1) {
    raw[row * (stride + 1)] = FILTER_UP;
    for (let index = 0; index < stride; index += 1) {
      const above = row === 0 ? 0 : pixels[(row - 1) * stride + index];
      raw[row * (stride + 1) + 1 + index] = pixels[row * stride + index] - above;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  header[9] = COLOUR_TYPE_RGB;
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', deflateSync(raw)), chunk('IEND', Buffer.alloc(0))]);
}

/** A 32-bit-entry .ico file that holds one PNG. `size` is its edge in pixels, below 256. */
export function wrapPngAsIcon(png: Buffer, size: number): Buffer {
  const head = Buffer.alloc(22);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(1, 4);
  head[6] = size;
  head[7] = size;
  head.writeUInt16LE(1, 10);
  head.writeUInt16LE(24, 12);
  head.writeUInt32LE(png.length, 14);
  head.writeUInt32LE(head.length, 18);
  return Buffer.concat([head, png]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

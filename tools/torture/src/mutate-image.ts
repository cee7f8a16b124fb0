import { crc32, deflateSync, inflateSync } from 'node:zlib';
import type { Generator } from '@kcr/core';
import { chance, mutateBytes, oneOf } from './mutate-bytes.ts';

interface Chunk {
  readonly name: string;
  readonly data: Buffer;
}

const SIGNATURE_BYTES = 8;

function pngChunks(file: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE_BYTES; at + 12 <= file.length; ) {
    const length = file.readUInt32BE(at);
    const name = file.toString('latin1', at + 4, at + 8);
    chunks.push({ name, data: file.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

function chunkBytes({ name, data }: Chunk): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, checksum]);
}

/** Pixels that are others before they are compressed again; what is no zlib stream, as bytes. */
function mutateIdat(generator: Generator, data: Buffer): Buffer {
  try {
    return deflateSync(mutateBytes(generator, inflateSync(data)));
  } catch {
    return mutateBytes(generator, data);
  }
}

/** A PNG whose chunks are others, with checksums that fit: damage that a checksum does not show. */
function mutatePng(generator: Generator, bytes: Uint8Array): Buffer {
  const file = Buffer.from(bytes);
  const chunks = pngChunks(file);
  const at = chance(generator, 0.5) ? 0 : generator.integer(chunks.length);
  const { name, data } = chunks[at]!;
  const deep = name === 'IDAT' && chance(generator, 0.6);
  const other = {
    name,
    data: deep ? mutateIdat(generator, data) : mutateBytes(generator, data),
  };
  const how = generator.uniform();
  const list =
    how < 0.1
      ? chunks.toSpliced(at, 1)
      : how < 0.2
        ? [...chunks, oneOf(generator, chunks)]
        : chunks.with(at, other);
  return Buffer.concat([file.subarray(0, SIGNATURE_BYTES), ...list.map(chunkBytes)]);
}

/** Where a JPEG's segments say what they are and how long. */
function jpegPlaces(file: Buffer): number[] {
  const places: number[] = [];
  for (let at = 2; at + 4 <= file.length && file[at] === 0xff; at += 2 + file.readUInt16BE(at + 2))
    for (let i = 0; i < 20; i++) places.push(at + i);
  return places;
}

/** Where a RIFF file's chunks say what they are and how long. */
function riffPlaces(file: Buffer): number[] {
  const places = Array.from({ length: 12 }, (_, i) => i);
  for (let at = 12; at + 8 <= file.length; at += 8 + file.readUInt32LE(at + 4))
    for (let i = 0; i < 20; i++) places.push(at + i);
  return places;
}

/** Where a TIFF's directories say what its values are and where they lie. */
function tiffPlaces(file: Buffer): number[] {
  const little = file[0] === 0x49;
  const at16 = (at: number) => (little ? file.readUInt16LE(at) : file.readUInt16BE(at));
  const at32 = (at: number) => (little ? file.readUInt32LE(at) : file.readUInt32BE(at));
  const places = Array.from({ length: 8 }, (_, i) => i);
  const start = at32(4);
  if (start + 2 > file.length) return places;
  const end = start + 2 + 12 * at16(start) + 4;
  for (let at = start; at < end; at++) places.push(at);
  return places;
}

/** Where a GIF says its sizes, and where its blocks begin. */
function gifPlaces(file: Buffer): number[] {
  const places = Array.from({ length: 13 }, (_, i) => i);
  file.forEach((byte, at) => {
    if (byte === 0x2c || byte === 0x21) for (let i = 0; i < 11; i++) places.push(at + i);
  });
  return places;
}

/** Where an image file of a format says what it is. */
function placesOf(file: Buffer): number[] {
  const start = file.toString('latin1', 0, 4);
  if (start === 'RIFF') return riffPlaces(file);
  if (start === 'GIF8') return gifPlaces(file);
  return start.startsWith('II') || start.startsWith('MM') ? tiffPlaces(file) : jpegPlaces(file);
}

/** An image file that is another; of a PNG mostly with checksums that fit. */
export function mutateImage(generator: Generator, bytes: Uint8Array): Buffer {
  const file = Buffer.from(bytes);
  if (file[0] === 0x89)
    return chance(generator, 0.6) ? mutatePng(generator, file) : mutateBytes(generator, file);
  return mutateBytes(generator, file, placesOf(file));
}

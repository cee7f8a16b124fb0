import type { Generator } from '@kcr/core';
import { chance, mutateBytes } from './mutate-bytes.ts';
import { type Json, type JsonObject, jsonText, mutateValue } from './mutate-json.ts';

/** Header and tensors of a safetensors file. */
export interface SafetensorsParts {
  readonly header: JsonObject;
  readonly body: Buffer;
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

const headerEnd = (file: Buffer): number => 8 + Number(file.readBigUInt64LE(0));

/** Takes a file that is whole apart. */
export function safetensorsParts(bytes: Uint8Array): SafetensorsParts {
  const file = Buffer.from(bytes);
  const end = headerEnd(file);
  return {
    header: JSON.parse(file.toString('utf8', 8, end)) as JsonObject,
    body: file.subarray(end),
  };
}

/** Puts a file together, whatever its header is. */
export function safetensorsFile(header: Json, body: Uint8Array): Buffer {
  const text = Buffer.from(jsonText(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, body]);
}

/** A safetensors file that is another: in its header as JSON, in the bytes of its length and header, or in its tensors. */
export function mutateSafetensors(generator: Generator, bytes: Uint8Array): Buffer {
  if (chance(generator, 0.4))
    return mutateBytes(generator, bytes, range(headerEnd(Buffer.from(bytes))));
  const { header, body } = safetensorsParts(bytes);
  const other = chance(generator, 0.2) ? mutateBytes(generator, body) : body;
  return safetensorsFile(mutateValue(generator, header), other);
}

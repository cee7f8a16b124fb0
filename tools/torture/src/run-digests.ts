import { createHash } from 'node:crypto';
import { decodeSafetensors } from '@kcr/core';
import { readTree } from './disk/tree.ts';

/** Fields that measure time, and the checksum of those: another run has others. */
const TIMED: readonly string[] = ['seconds', 'latencyMs', 'latency', 'checksum', 'date'];

/** JSON without what measures time. */
const untimed = (text: string): string =>
  JSON.stringify(JSON.parse(text, (key, value) => (TIMED.includes(key) ? undefined : value)));

const sha256 = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex');

/** A file of tensors: the facts of a state are JSON in its metadata. */
function ofTensors(data: Buffer, path: string): string {
  const { tensors, metadata } = decodeSafetensors(data, path);
  if (metadata.run === undefined) return sha256(data);
  const hash = createHash('sha256').update(untimed(metadata.run));
  for (const [name, array] of Object.entries(tensors)) {
    const { dtype, shape, data: values } = array;
    hash.update(JSON.stringify([name, dtype, shape]));
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}

function digestOf(path: string, data: Buffer): string {
  if (path.endsWith('.json')) return sha256(untimed(data.toString()));
  if (path.endsWith('.jsonl'))
    return sha256(data.toString().split('\n').filter(Boolean).map(untimed).join('\n'));
  if (path.endsWith('.safetensors')) return ofTensors(data, path);
  // It has measured times, and all its other content is in files of its own.
  if (path.endsWith('report.html')) return String(data.toString().trimEnd().endsWith('</html>'));
  return sha256(data);
}

/** SHA-256 of each file of a run, without what measures time, by path. Files that cannot be read have a digest of their own. */
export async function runDigests(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const [path, data] of await readTree(folder)) {
    if (!data) continue;
    try {
      found.set(path, digestOf(path, data));
    } catch (error) {
      found.set(path, `unreadable: ${(error as Error).message}`);
    }
  }
  return found;
}

/** The files that only one of two runs has, or that are others, as text; nothing where there are none. */
export function difference(
  want: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): string | undefined {
  const names = new Set([...want.keys(), ...found.keys()]);
  const other = [...names].filter((path) => want.get(path) !== found.get(path));
  if (other.length === 0) return undefined;
  const how = (path: string) =>
    !want.has(path) ? 'left over' : !found.has(path) ? 'missing' : 'other';
  return other.map((path) => `${path} (${how(path)})`).join(', ');
}

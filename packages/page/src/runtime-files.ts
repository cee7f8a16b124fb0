import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { RUNTIMES } from './browser/runtimes.ts';

/** Where the files of `onnxruntime-web` lie that a page needs, by their names. */
export function runtimeFiles(): ReadonlyMap<string, string> {
  const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-web/wasm'));
  const names = Object.values(RUNTIMES).flatMap(({ script, wasm }) => [script, wasm]);
  return new Map(names.map((name) => [name, join(folder, name)]));
}

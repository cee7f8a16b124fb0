import { join } from 'node:path';
import type { Generator } from '@kcr/core';
import { loadRecipe, recipes } from '@kcr/pipeline';
import { chance, oneOf } from '../mutate-bytes.ts';
import { type Json, jsonText, mutateJson, mutateValue } from '../mutate-json.ts';
import { type Reader, requireFinite } from '../target.ts';

const all = (): Json[] =>
  Object.values(recipes).map((own) => JSON.parse(JSON.stringify(own)) as Json);

/** `loadRecipe`: all numbers are finite. */
const ofJson: Reader = {
  name: 'recipe-json',
  async ready(folder) {
    const list = all();
    return {
      mutate: (generator) => ({ 'recipe.json': mutateJson(generator, oneOf(generator, list)) }),
      read: async () => requireFinite(await loadRecipe(join(folder, 'recipe.json')), 'the recipe'),
    };
  },
};

/** What a module has and JSON has not, as code within a recipe. */
const VALUES = [
  'NaN',
  '-Infinity',
  'undefined',
  '() => 1',
  'Symbol("s")',
  '10n',
  'new Date(NaN)',
  'new Map([[1, NaN]])',
  'new Float32Array([NaN])',
  'Promise.resolve({})',
  'Object.create(null)',
  'new Proxy({}, { get() { throw null; } })',
  'new Proxy({}, { ownKeys() { throw Object.create(null); } })',
  '{ get options() { throw undefined; } }',
  '(() => { const x = {}; x.x = x; return x; })()',
  '(() => { const x = []; x.push(x); return x; })()',
  '[, 1]',
  'Object.assign([1], { extra: NaN })',
  '{ toString: null, valueOf: null }',
  'JSON.parse(\'{"__proto__":{"name":"x"}}\')',
];
/** Modules that export no recipe, or nothing. */
const MODULES = [
  'throw null;',
  'throw Object.create(null);',
  'throw Symbol("s");',
  'export const recipe = 1;',
  'export default null;',
  'export { default } from "./nothing.mjs";',
  'import "nothing-of-that-name";',
  'export default await Promise.reject();',
  'export default import("./nothing.mjs");',
];
const PLACE = /("[^"]*"|-?\d[\d.e+-]*|true|false|null)(?=[,}\]])/g;

/** A module of a recipe in which a value is one that JSON does not have. */
function mutateModule(generator: Generator, recipe: Json): Buffer {
  if (chance(generator, 0.1)) return Buffer.from(oneOf(generator, MODULES));
  const text = jsonText(chance(generator, 0.5) ? mutateValue(generator, recipe) : recipe);
  const places = [...text.matchAll(PLACE)];
  if (places.length === 0 || chance(generator, 0.2)) return Buffer.from(`export default ${text};`);
  const { index, 0: old } = oneOf(generator, places);
  const value = oneOf(generator, VALUES);
  return Buffer.from(
    `export default ${text.slice(0, index)}${value}${text.slice(index + old.length)};`,
  );
}

/** The same of a module, whose name is another each time: Node reads each but once. */
const ofModule: Reader = {
  name: 'recipe-mjs',
  async ready(folder) {
    const list = all();
    let n = 0;
    return {
      mutate: (generator) => ({
        [`recipe-${n++}.mjs`]: mutateModule(generator, oneOf(generator, list)),
      }),
      read: async (files) =>
        requireFinite(await loadRecipe(join(folder, Object.keys(files)[0]!)), 'the recipe'),
    };
  },
};

export const recipe: readonly Reader[] = [ofJson, ofModule];

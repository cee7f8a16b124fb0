import type { ImportReport } from './import-state.ts';
import type { Model } from './model.ts';
import { firstNames } from './state-problems.ts';

/** Kinds of arrays that a line names. */
const NAMED = 4;

/** The layer that an array belongs to. */
const layerOf = (name: string) => name.slice(0, Math.max(name.lastIndexOf('.'), 0)) || name;

/**
 * What an import did, in one line: `150 of 152 arrays taken; head drawn for 5 classes; pos_embed 14x14 -> 8x8`.
 *
 * @param model that the state was imported to
 */
export function importText(
  { taken, drawn, resized, left, choices }: ImportReport,
  { classifiers, classes }: Pick<Model, 'classifiers' | 'classes'>,
): string {
  const layers = [...new Set(drawn.map(layerOf))];
  const heads = layers.filter((layer) => classifiers.has(layer));
  const others = layers.filter((layer) => !classifiers.has(layer));
  // Of a layer that is drawn it goes without saying.
  const unsaid = (name: string) => drawn.some((own) => name === own || name.endsWith(`.${own}`));
  const rest = left.filter((name) => !unsaid(name));
  return [
    `${taken.length} of ${taken.length + drawn.length} arrays taken`,
    ...(heads.length > 0 ? [`${firstNames(heads, NAMED)} drawn for ${classes} classes`] : []),
    ...(others.length > 0 ? [`${firstNames(others, NAMED)} drawn`] : []),
    ...changesText(resized),
    ...choices,
    ...(rest.length > 0 ? [`left in the file: ${firstNames(rest, NAMED)}`] : []),
  ].join('; ');
}

/** What was resized; the same in each block is said once. */
function changesText(resized: ImportReport['resized']): string[] {
  const counts = new Map<string, number>();
  for (const { name, from, to } of resized) {
    const what = /\.\d+\./.test(name) ? name.slice(name.lastIndexOf('.') + 1) : name;
    const change = `${what} ${from} -> ${to}`;
    counts.set(change, (counts.get(change) ?? 0) + 1);
  }
  return [...counts].map(([change, count]) => (count > 1 ? `${count} times ${change}` : change));
}

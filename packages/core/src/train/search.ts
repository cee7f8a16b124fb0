import { KcrError } from '../ground/error.ts';
import type { Kept } from '../model/dim.ts';
import type { FitResult, SearchOptions } from './fit-options.ts';
import { pluginSelection } from './plugin-selection.ts';
import { TrainingLoop } from './training-loop.ts';

export interface SearchResult extends FitResult {
  /** The channels that the plugins chose, by dimension. */
  kept: Kept;
}

/**
 * Searches an architecture: weights and architecture parameters are trained in turn, on separate parts
 * of the data (Algorithm 1 of KCR and DCS), and then the plugins choose channels.
 *
 * @throws KcrError as {@link fit}; `SEARCH_NOTHING` without a plugin that has parameters and selects; `SELECTION_*` and
 *   `DIM_INDEX` for a selection that the model cannot have
 */
export async function search(options: SearchOptions): Promise<SearchResult> {
  await using loop = new TrainingLoop(options, 'search');
  const { plugins, hasArchitecture } = loop.trainer;
  if (!hasArchitecture || !plugins.some((plugin) => plugin.select))
    throw new KcrError('SEARCH_NOTHING', {
      where: 'search',
      found: 'no plugin with architecture parameters and a selection',
      fix: 'Attach a mask plugin, such as gumbelMasks of @kcr/masks',
    });
  const result = await loop.run();
  return { ...result, kept: await pluginSelection(plugins, options.model) };
}

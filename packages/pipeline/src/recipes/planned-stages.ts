import type { ImageSet } from '@kcr/core';
import type { PlannedStage } from '../events.ts';
import { folderOf } from '../report/run-analysis.ts';
import type { Pruning, Recipe } from './recipe.ts';

/** Core's default of `architectureShare`. */
const ARCHITECTURE_SHARE = 0.3;

/** The stages of a recipe in the order in which they run. @param train the images, where they are known */
export function plannedStages(recipe: Recipe, train?: ImageSet): PlannedStage[] {
  const { dense, search, prune, retrain, ablations, controls, analyses } = recipe;
  const training = (name: string, does: string, settings: Training): PlannedStage => ({
    name,
    does,
    epochs: settings.epochs,
    steps: train && settings.epochs * updatesOf(settings, train.length),
  });
  const from = (initial: string) => (initial === 'scratch' ? 'from scratch' : `from ${initial}`);
  const start = prune ? 'from pruned' : from(retrain.initial);
  return [
    ...(dense
      ? [training('dense', `trains the whole model, ${from(initialOf(recipe))}`, dense)]
      : []),
    ...(search
      ? [
          {
            ...training('search', `searches channels, ${from(search.initial)}`, search),
            steps: train && searchSteps(search, train.length),
          },
        ]
      : []),
    ...(prune ? [{ name: 'pruned', does: pruningWords(prune) }] : []),
    training('compact', `trains what is left, ${start}`, retrain),
    ...Object.keys(ablations).map((name) =>
      training(folderOf(name), 'the same with other plugins', retrain),
    ),
    ...controls.map((name) => training(folderOf(name), 'the same of other channels', retrain)),
    {
      name: 'analysis',
      does: ['size, metrics and latency of each model', ...analyses.map(({ use }) => use)].join(
        ', ',
      ),
    },
  ];
}

type Training = Pick<Recipe['retrain'], 'epochs' | 'batchSize' | 'accumulate'>;

/** Updates of a search, in which weights and masks share the images; unknown where it sees some classes alone. */
function searchSteps(search: NonNullable<Recipe['search']>, images: number): number | undefined {
  const { architectureShare: share = ARCHITECTURE_SHARE, freezeWeights, classes, epochs } = search;
  if (classes !== undefined) return undefined;
  const weights = freezeWeights ? 0 : Math.round(images * (1 - share));
  return epochs * (updatesOf(search, weights) + updatesOf(search, images - weights));
}

/** Updates of an epoch. */
const updatesOf = ({ batchSize, accumulate = 1 }: Training, images: number): number =>
  Math.floor(images / (batchSize * accumulate));

const initialOf = ({ dense, model }: Recipe): string =>
  dense?.initial ?? (model.pretrained === undefined ? 'scratch' : model.pretrained);

const pruningWords = (prune: Pruning): string => {
  const { criterion } = prune;
  if (prune.method === 'bottom-up-cascade')
    return `takes out channels by ${criterion.use}, block by block, for ${prune.epsilon} points`;
  const { allocator, budget, schedule } = prune;
  const named = typeof allocator === 'string' ? `${allocator} ${budget}` : allocator.use;
  const when = typeof schedule === 'string' ? schedule : schedule.use;
  return `takes out channels by ${criterion.use}, ${named}, ${when}`;
};

import type { Recipe } from '@kcr/pipeline';

/** The recipes of the papers, those that take least first. */
export const RECIPES = [
  'lfc-deit-tiny',
  'dcs-mobilevit-xs',
  'dcs-efficientvit-b1',
  'kcr-vit-small',
  'lfc-deit-small',
  'dcs-mobilevit-s',
  'kcr-swin-tiny',
  'lfc-swin-tiny',
  'dcs-efficientvit-b1-r288',
  'ssdlite-dcs-mobilevit-xs-coco',
  'ssdlite-dcs-efficientvit-b1-coco',
  'ssdlite-dcs-mobilevit-s-coco',
  'lfc-lvvit-s',
  'kcr-vit-base',
  'lfc-deit-base',
  'kcr-swin-base',
  'upernet-kcr-swin-base-ade20k',
  'mask-rcnn-dcs-efficientvit-b1-coco',
  'cascade-mask-rcnn-kcr-swin-tiny-coco',
  'cascade-mask-rcnn-kcr-swin-base-coco',
] as const;

/** A stage, by the name of its folder. */
export type StageName = 'dense' | 'search' | 'pruned' | 'compact';

/** Training images as published, by the kind of a recipe's data: ImageNet-1k, COCO's train2017, ADE20K. */
const IMAGES: Readonly<Record<string, number>> = {
  classes: 1_281_167,
  coco: 118_287,
  semantic: 20_210,
};

/** Classes of ImageNet, of which a search may see some. */
const IMAGENET_CLASSES = 1000;

/** Core's default of `architectureShare`. */
const ARCHITECTURE_SHARE = 0.3;

/** The stages of a recipe that take images, in their order. */
export const stagesOf = ({ dense, search, prune }: Recipe): StageName[] => [
  ...(dense ? (['dense'] as const) : []),
  ...(search ? (['search'] as const) : []),
  ...(prune ? (['pruned'] as const) : []),
  'compact',
];

/** Images that a training has. @param classes of ImageNet that it sees; default all */
export const imagesOf = ({ data }: Recipe, classes = IMAGENET_CLASSES): number =>
  Math.round((IMAGES[data.kind]! * classes) / IMAGENET_CLASSES);

/**
 * Images that a stage trains on from its first epoch to its last, by what they train; those of pruning are what scores are made
 * from, for each block anew.
 *
 * @param blocks of the model, which a cascade scores one after another
 */
export function imagesInAll(
  recipe: Recipe,
  stage: StageName,
  blocks: number,
): Readonly<Record<string, number>> {
  const { dense, search, prune, retrain } = recipe;
  if (stage === 'pruned') return { scores: prune!.images * blocks };
  if (stage !== 'search')
    return { weights: imagesOf(recipe) * (stage === 'dense' ? dense! : retrain).epochs };
  const { epochs, classes, architectureShare = ARCHITECTURE_SHARE } = search!;
  const all = epochs * imagesOf(recipe, classes);
  return {
    weights: Math.round(all * (1 - architectureShare)),
    architecture: Math.round(all * architectureShare),
  };
}

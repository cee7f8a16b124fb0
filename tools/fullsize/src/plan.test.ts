import { loadRecipe, recipes } from '@kcr/pipeline';
import { expect, test } from 'vitest';
import { imagesInAll, RECIPES, stagesOf } from './plan.ts';

test('all recipes that come along are of the papers, but for those that run in minutes and for fine-tuning', () => {
  const others = /eurosat|nuclei|finetune/;
  const papers = Object.keys(recipes).filter((name) => !others.test(name));
  expect([...RECIPES].sort()).toEqual(papers.sort());
});

test('stages and their images are those of the recipe', async () => {
  const kcr = await loadRecipe('kcr-swin-tiny');
  expect(stagesOf(kcr)).toEqual(['dense', 'search', 'compact']);
  expect(imagesInAll(kcr, 'dense', 0)).toEqual({ weights: 384_350_100 });
  // 200 epochs of 128,117 images.
  expect(imagesInAll(kcr, 'search', 0)).toEqual({ weights: 17_936_380, architecture: 7_687_020 });
  const lfc = await loadRecipe('lfc-deit-tiny');
  expect(stagesOf(lfc)).toEqual(['pruned', 'compact']);
  expect(imagesInAll(lfc, 'pruned', 12)).toEqual({ scores: 24_000 });
  const dense = await loadRecipe('upernet-kcr-swin-base-ade20k');
  expect(stagesOf(dense)).toEqual(['compact']);
  expect(imagesInAll(dense, 'compact', 0)).toEqual({ weights: 2_566_670 });
});

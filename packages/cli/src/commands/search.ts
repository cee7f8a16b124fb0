import { prune } from '@kcr/core';
import { denseStage, searchStage, stageContext, wholeModel } from '@kcr/pipeline';
import type { Command } from 'commander';
import { overRecipe, type RecipeOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { together } from '../together.ts';

/** `kcr search`: the search stage alone. */
export function addSearch(kcr: Command): void {
  overRecipe(kcr.command('search'))
    .description('choose the channels to keep')
    .action(async (recipe: string, options: RecipeOptions) => {
      await using context = await stageContext(recipe, await together(options));
      if (context.recipe.search?.initial === 'dense') await denseStage.run(undefined, context);
      const { kept } = await searchStage.run(undefined, context);
      if (context.communicator.rank > 0) return;
      const model = await wholeModel(context.recipe);
      const { parameterCount: params, macs } = prune(model, kept);
      const sizes = Object.fromEntries(
        Object.entries(kept).map(([name, channels]) => [name, channels.length]),
      );
      printResult({ params, macs, denseMacs: model.macs.total, kept: sizes }, options.json);
    });
}

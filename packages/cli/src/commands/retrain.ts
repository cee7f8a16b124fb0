import { inheritingModel, readSelection, retrainStage, stageContext } from '@kcr/pipeline';
import type { Command } from 'commander';
import { overRecipe, type RecipeOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { together } from '../together.ts';

/** `kcr retrain`: trains the model of a selection. */
export function addRetrain(kcr: Command): void {
  overRecipe(kcr.command('retrain'))
    .description(
      'train the model of a selection, from scratch or from the weights that the recipe says',
    )
    .requiredOption('--selection <file>', 'the selection.json of a search')
    .action(async (recipe: string, options: RecipeOptions & { selection: string }) => {
      const { selection, ...run } = options;
      await using context = await stageContext(recipe, await together(run));
      const kept = await readSelection(selection);
      const compact = await inheritingModel(kept, context);
      const { history } = await retrainStage.run({ compact }, context);
      if (context.communicator.rank > 0) return;
      const { valTop1: top1, valTop5: top5, valLoss: loss } = history.at(-1) ?? {};
      printResult({ epochs: history.length, top1, top5, loss }, options.json);
    });
}

import { cancel, intro, isCancel, outro, select, text } from '@clack/prompts';
import { KcrError } from '@kcr/core/ground';
import { type CreatePluginOptions, planPlugin } from './create-plugin.ts';
import { type KindName, kindNames, kinds } from './kinds.ts';

/** Asks on the terminal for what is not given; nothing where that is broken off. */
export async function ask({
  dir,
  ...given
}: Partial<CreatePluginOptions>): Promise<CreatePluginOptions | undefined> {
  intro('An extension of your own');
  const kind =
    given.kind ??
    (await select<KindName>({
      message: 'What do you want to write?',
      options: kindNames.map((value) => ({
        value,
        label: kinds[value].title,
        hint: kinds[value].sample,
      })),
    }));
  if (isCancel(kind)) return brokenOff();
  const usual = `my-${kind}`;
  const name =
    given.name ??
    (await text({
      message: 'What is the package called?',
      placeholder: usual,
      defaultValue: usual,
      validate: (value) => problemOf({ kind, name: value || usual, dir }),
    }));
  if (isCancel(name)) return brokenOff();
  outro(`${kinds[kind].title} ${name}`);
  return { kind, name, dir };
}

function brokenOff(): undefined {
  cancel('Nothing was written');
}

/** What is wrong with a name, or with where it leads. */
export function problemOf(wanted: CreatePluginOptions): string | undefined {
  try {
    planPlugin(wanted);
    return undefined;
  } catch (error) {
    if (!(error instanceof KcrError)) throw error;
    return error.code === 'OUT_EXISTS'
      ? `The folder ${error.where} has files (${error.found}): ${wanted.dir === undefined ? 'give another name' : 'empty it, or start again with another --dir'}`
      : error.fix;
  }
}

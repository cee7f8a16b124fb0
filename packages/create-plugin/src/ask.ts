import { isCancel, select, text } from '@clack/prompts';
import type { CreatePluginOptions } from './create-plugin.ts';
import { type KindName, kindNames, kinds } from './kinds.ts';
import { namesOf } from './names.ts';

type Asked = Pick<CreatePluginOptions, 'kind' | 'name'>;

/** Asks on the terminal for what is not given; nothing where that is broken off. */
export async function ask(given: Partial<Asked>): Promise<Asked | undefined> {
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
  if (isCancel(kind)) return undefined;
  const name =
    given.name ??
    (await text({
      message: 'What is the package called?',
      placeholder: `my-${kind}`,
      defaultValue: `my-${kind}`,
      validate: (value) => problemOf(value || `my-${kind}`),
    }));
  return isCancel(name) ? undefined : { kind, name };
}

/** What is wrong with a name. */
function problemOf(name: string): string | undefined {
  try {
    namesOf(name);
    return undefined;
  } catch (error) {
    return (error as { fix: string }).fix;
  }
}

import { type Architecture, KcrError, type Model } from '@kcr/core';
import { moduleUrl } from '../module-url.ts';
import { findAdapter, findArchitecture, findHead, isBundled } from '../modules.ts';

/** What a checkpoint names. */
export type NamedModel = Pick<Model, 'adapters'> & {
  readonly architecture: Pick<Architecture, 'module' | 'name' | 'backbone'>;
};

/** How a checkpoint names an extension. */
interface Name {
  readonly module: string;
  readonly name: string;
}

/** Finds what a name leads to, which says how it is named itself. */
type Find = (name: Name) => Promise<Partial<Name>>;

/**
 * Refuses to write what could not be read again: the `module` and `name` that an architecture, a head and adapters say of themselves
 * have to lead back to them, from this folder and from any other.
 *
 * @param from URL of the file that names of modules are resolved from. Default: a file in the process's folder
 * @throws KcrError `NOT_FOUND_AGAIN`
 */
export async function requireFoundAgain(
  { architecture: whole, adapters }: NamedModel,
  from?: string,
): Promise<void> {
  const backbone = whole.backbone ?? whole;
  const own = await leadsBack('architecture', backbone, from, ({ module, name }) =>
    findArchitecture(module, name, from),
  );
  if (whole.backbone)
    await leadsBack('head', whole, from, async ({ module, name }) =>
      (await findHead(module, name, from))(own as Architecture),
    );
  for (const adapter of adapters)
    await leadsBack('adapter', adapter, from, async ({ module, name }) =>
      (await findAdapter(module, name, from))(adapter.options),
    );
}

async function leadsBack(
  kind: 'architecture' | 'head' | 'adapter',
  { module, name }: Name,
  from: string | undefined,
  find: Find,
): Promise<Partial<Name>> {
  const where = `${kind} "${name}" of ${JSON.stringify(module)}`;
  const refused = (found: string, cause?: unknown) =>
    new KcrError('NOT_FOUND_AGAIN', {
      where,
      found,
      fix: `Give it as \`module\` the package that exports it, or \`import.meta.url\` in a file, and export it in the table \`${kind}s\` under its \`name\``,
      cause,
    });
  if (!isBundled(module) && module.startsWith('.') && moduleUrl(module, from) !== moduleUrl(module))
    throw refused('a path that is another file from the folder of the process');
  const found = await find({ module, name }).catch((cause) => {
    throw refused('nothing that a checkpoint would find it by', cause);
  });
  if (found.module === module && found.name === name) return found;
  throw refused(`another: ${found.name} of ${found.module}`);
}

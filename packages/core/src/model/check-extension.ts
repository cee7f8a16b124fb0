import { KcrError } from '../ground/error.ts';
import {
  checkContract,
  type Extension,
  type ExtensionKind,
  extensionText,
  type Needs,
} from '../ground/extension.ts';
import { nearest } from '../ground/nearest.ts';
import { DEFAULT_TASK } from './task.ts';

/** What is known of a model that extensions are attached to. */
export interface ExtensionHost {
  readonly architecture: { readonly name: string; readonly task?: { readonly name: string } };
  readonly dims: ReadonlyMap<string, { readonly role: string }>;
  readonly taps: readonly { readonly role: string }[];
}

/**
 * Checks an extension where it is attached, whatever its kind.
 *
 * @param plugins names of the plugins that are attached
 * @throws KcrError `EXTENSION_CONTRACT`, `EXTENSION_NEEDS`
 */
export function checkExtension(
  kind: ExtensionKind,
  extension: Extension,
  model: ExtensionHost,
  plugins: readonly string[] = [],
): void {
  checkContract(kind, extension);
  checkNeeds(kind, extension, model, plugins);
}

/** Checks what an extension needs. @throws KcrError `EXTENSION_NEEDS` */
export function checkNeeds(
  kind: ExtensionKind,
  extension: Extension,
  model: ExtensionHost,
  plugins: readonly string[] = [],
): void {
  const { tasks, roles = [], plugins: others = [] }: Needs = extension.needs ?? {};
  const refuse = (found: string, fix: string) => {
    throw new KcrError('EXTENSION_NEEDS', { where: extensionText(kind, extension), found, fix });
  };
  const { name, task = { name: DEFAULT_TASK } } = model.architecture;
  if (tasks && !tasks.includes(task.name))
    refuse(
      `it needs a model trained for ${tasks.join(' or ')}; ${name} is trained for ${task.name}`,
      `Use a model for ${tasks.join(' or ')}, or leave the ${kind} out`,
    );
  const there = [...new Set([...model.dims.values(), ...model.taps].map(({ role }) => role))];
  for (const role of roles)
    if (!there.includes(role))
      refuse(
        `it needs dimensions or taps of the role "${role}"; ${name} has ${namesText(role, there)}`,
        `Use a model that has them, or leave the ${kind} out`,
      );
  for (const other of others)
    if (!plugins.includes(other))
      refuse(
        `it needs the plugin "${other}"; attached are ${namesText(other, plugins)}`,
        `Attach "${other}" too, or leave the ${kind} out`,
      );
}

/** Those that are there, the most similar first. */
function namesText(wanted: string, there: readonly string[]): string {
  if (there.length === 0) return 'none';
  const near = nearest(wanted, there);
  return near.length < there.length ? `${near.join(', ')}, ...` : near.join(', ');
}

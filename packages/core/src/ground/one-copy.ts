import { KcrError } from './error.ts';

/** The version of this package, which the build writes in; sources have none. */
declare const KCR_CORE_VERSION: string | undefined;

/** A copy of this package. One of another version reads it, so fields may be added and none changed. */
export interface CoreCopy {
  readonly version: string;
  /** Of the module that says so; empty in a script that is no module. */
  readonly url: string;
}

/** Under this name the copy that was loaded first is known in its realm, to copies of other versions too. */
const FIRST = Symbol.for('@kcr/core');

/** What a realm's globals may have under it. */
type Realm = { [FIRST]?: CoreCopy };

/**
 * Says that a copy is loaded. Two of one process would each have their own errors, ops and tensors, and an extension of one
 * would be nearly right in the other. The same file may be evaluated again, as runners of tests do.
 *
 * @throws KcrError `CORE_DUPLICATE` where another one was loaded before
 */
export function registerCopy(copy: CoreCopy, realm: object = globalThis): void {
  const known = realm as Realm;
  const first = known[FIRST];
  if (first && fileOf(first) !== fileOf(copy))
    throw new KcrError('CORE_DUPLICATE', {
      where: `@kcr/core ${copy.version} (${folderOf(copy)})`,
      found: `@kcr/core ${first.version} (${folderOf(first)}) is loaded already, and what is made for one does not work with the other`,
      fix: 'Run `npm ls @kcr/core` to see what asks for which, then `npm dedupe`, or update what asks for the older one. Packages have @kcr/core as a peer and do not bundle it',
    });
  if (!first) Object.defineProperty(known, FIRST, { value: Object.freeze(copy) });
}

/** The file of a module, without what tools add to its URL to have it evaluated again. */
const fileOf = ({ url }: CoreCopy): string => url.replace(/[?#].*/, '');

/** Where the copy is, for people: the package's folder where it has one. */
function folderOf(copy: CoreCopy): string {
  const folder = fileOf(copy).replace(/^(.*)\/(dist|src)\/.*$/, '$1');
  return folder.startsWith('file://') ? decodeURI(folder.slice(7)) : folder || 'a script';
}

registerCopy({
  version: typeof KCR_CORE_VERSION === 'string' ? KCR_CORE_VERSION : 'from sources',
  url: import.meta.url ?? '',
});

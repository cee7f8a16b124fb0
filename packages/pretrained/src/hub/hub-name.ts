import { KcrError } from '@kcr/core';

/** A repository on the hub, at one of its states. */
export interface HubName {
  /** OWNER/NAME. */
  readonly repository: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
}

const SCHEME = 'hf://';

/** Owners and repositories: letters, digits and `-_.` between them; two hyphens would end a name in the cache. */
const NAME = /^(?!.*(?:--|\.\.))[A-Za-z0-9_](?:[\w.-]*[A-Za-z0-9_])?$/;

/** A part of a revision between slashes, as of `refs/pr/1`. */
const PART = /^(?!.*\.\.)[\w][\w.+-]*$/;

/** Whether a text names a repository on the hub. */
export const isHubName = (text: string): boolean => text.startsWith(SCHEME);

/**
 * Reads `hf://OWNER/NAME[@REVISION]`. Nothing that it takes leads out of a folder of its name.
 *
 * @throws KcrError `HUB_NAME`
 */
export function parseHubName(text: string): HubName {
  const [repository = '', ...rest] = text.slice(SCHEME.length).split('@');
  const revision = rest.length > 0 ? rest.join('@') : 'main';
  const names = repository.split('/');
  const isName = names.length === 2 && names.every((name) => NAME.test(name));
  if (isName && revision.split('/').every((part) => PART.test(part)))
    return { repository, revision };
  throw new KcrError('HUB_NAME', {
    where: text,
    found: isName ? `no revision: ${JSON.stringify(revision)}` : 'no name of a repository',
    fix: 'Write hf://OWNER/NAME or hf://OWNER/NAME@REVISION, such as hf://timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k',
  });
}

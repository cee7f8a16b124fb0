import { KcrError, messageOf } from '@kcr/core';
import type { HubName } from './hub-name.ts';
import type { HubSettings } from './hub-settings.ts';

/** A request: the address, and what it is for in messages. */
export interface HubRequest extends HubName {
  /** The text that named the repository. */
  readonly where: string;
  /** The file, where one is downloaded. */
  readonly file?: string;
  /** Ends a request. Default: one after some time. */
  readonly signal?: AbortSignal;
}

/**
 * The `fetch` of the hub's library. It alone knows the token and gives it to the endpoint itself; `fetch` takes it off where the
 * endpoint sends it on to another host. The library asks no other host of its own accord.
 *
 * @throws KcrError `HUB_REACH` where no answer comes or the hub is out of order, `HUB_UNKNOWN`, `HUB_ACCESS`, `HUB_ANSWER`
 */
export function hubFetch(settings: HubSettings, request: HubRequest): typeof fetch {
  const { origin } = new URL(settings.endpoint);
  return async (address, init) => {
    const url = new URL(address instanceof Request ? address.url : address);
    if (url.origin !== origin)
      throw wrongAnswer(request.where, `a list that goes on at another host, ${url.host}`);
    const headers = new Headers(init?.headers);
    if (settings.token) headers.set('authorization', `Bearer ${settings.token}`);
    const signal = request.signal ?? AbortSignal.timeout(settings.answerWithin);
    const response = await fetch(url, { ...init, headers, signal }).catch((cause) => {
      throw unreached(request.where, url, cause);
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw refusal(settings, request, response);
    }
    if (headers.has('range') && response.status !== 206) {
      await response.body?.cancel();
      throw new RangeIgnored();
    }
    return response;
  };
}

/** A host gave a file from its beginning, where its rest was asked for. */
export class RangeIgnored extends Error {}

/** An answer that a hub does not give. */
export const wrongAnswer = (where: string, found: string, cause?: unknown): KcrError =>
  new KcrError('HUB_ANSWER', {
    where,
    found,
    fix: 'See whether HF_ENDPOINT is the address of a hub, and whether the network answers in its place',
    cause,
  });

/** The network's own words lie deeper. */
const reason = (error: unknown): string =>
  error instanceof Error && error.cause instanceof Error
    ? `${error.message}: ${error.cause.message || messageOf((error.cause as AggregateError).errors?.[0])}`
    : messageOf(error);

const unreached = (where: string, { host }: URL, cause: unknown) =>
  new KcrError('HUB_REACH', {
    where,
    found: `no answer of ${host} (${reason(cause)})`,
    fix: 'Connect to the network, or fetch the repository where there is one and pass its folder',
    cause,
  });

/** The error of an answer that refuses. The hub says by a header what it lacks; of private repositories it says that they are not there. */
function refusal(
  { endpoint, token }: HubSettings,
  { where, repository, revision, file }: HubRequest,
  { status, headers }: Response,
): KcrError {
  const said = headers.get('x-error-code');
  const page = `${endpoint}/${repository}`;
  const tokens = `set HF_TOKEN to a token of an account that may read it (${endpoint}/settings/tokens)`;
  const error = (code: 'HUB_ACCESS' | 'HUB_UNKNOWN' | 'HUB_REACH', found: string, fix: string) =>
    new KcrError(code, { where, found: `${found} (${status})`, fix });
  if (said === 'GatedRepo' || status === 403)
    return error(
      'HUB_ACCESS',
      'a repository whose terms have to be accepted',
      `Accept them at ${page}, and ${tokens}`,
    );
  if (status === 401 && token)
    return error(
      'HUB_ACCESS',
      'a repository that this HF_TOKEN does not open, or none',
      `Check the name at ${page}, and ${tokens}`,
    );
  if (status === 401)
    return error(
      'HUB_ACCESS',
      'no such repository, or one that is not open to all',
      `Check the name at ${page}; if it is right, accept its terms there and ${tokens}`,
    );
  if (status === 404 && file !== undefined)
    return error('HUB_UNKNOWN', `no file ${file}`, `See ${page}/tree/${revision}`);
  if (status === 404 && said === 'RevisionNotFound')
    return error(
      'HUB_UNKNOWN',
      `no revision ${revision}`,
      `See ${page}/tree/main for its branches`,
    );
  if (status === 404)
    return error('HUB_UNKNOWN', 'no such repository', `Check the name at ${page}`);
  if (status === 416) return error('HUB_REACH', 'the end of the file', 'Try again later');
  if (status === 429 || status >= 500)
    return error('HUB_REACH', 'a hub that does not serve now', 'Try again later');
  return wrongAnswer(where, `the status ${status}`);
}

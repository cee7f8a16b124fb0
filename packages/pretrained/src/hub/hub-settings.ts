import { KcrError } from '@kcr/core';

/** What the environment says of the hub, as to Python's huggingface_hub. */
export interface HubSettings {
  /** Where it is, without a slash at the end: `HF_ENDPOINT`. */
  readonly endpoint: string;
  /** Who asks: `HF_TOKEN`. */
  readonly token?: string;
  /** Whether nothing may be asked: `HF_HUB_OFFLINE`. */
  readonly offline: boolean;
  /** Milliseconds until an answer about a repository is no longer waited for: `HF_HUB_ETAG_TIMEOUT`, in seconds. */
  readonly answerWithin: number;
  /** Milliseconds until the next bytes of a file are no longer waited for: `HF_HUB_DOWNLOAD_TIMEOUT`, in seconds. */
  readonly bytesWithin: number;
}

const YES = new Set(['1', 'on', 'yes', 'true']);

const wrong = (where: string, found: string, fix: string) =>
  new KcrError('HUB_SETTING', { where, found, fix });

/** A time in seconds, as milliseconds. */
function patience(name: string, value: string | undefined): number {
  const seconds = Number(value?.trim() || 10);
  // Longer ones are more than a timer of Node can hold.
  if (seconds > 0 && seconds < 1e6) return 1000 * seconds;
  throw wrong(name, JSON.stringify(value), 'Give a time in seconds, such as 10');
}

/** @throws KcrError `HUB_SETTING`; a token is not repeated */
export function hubSettings(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): HubSettings {
  const { HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE = '' } = environment;
  const endpoint = (HF_ENDPOINT?.trim() || 'https://huggingface.co').replace(/\/+$/, '');
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash)
    throw wrong(
      'HF_ENDPOINT',
      JSON.stringify(endpoint),
      'Give the address of a hub, such as https://huggingface.co, or leave it out',
    );
  const token = HF_TOKEN?.trim() || undefined;
  if (token && !/^[\x21-\x7e]+$/.test(token))
    throw wrong(
      'HF_TOKEN',
      'a text that cannot be a token',
      'Copy the token again, without spaces and line breaks',
    );
  const { HF_HUB_ETAG_TIMEOUT, HF_HUB_DOWNLOAD_TIMEOUT } = environment;
  return {
    endpoint,
    token,
    offline: YES.has(HF_HUB_OFFLINE.trim().toLowerCase()),
    answerWithin: patience('HF_HUB_ETAG_TIMEOUT', HF_HUB_ETAG_TIMEOUT),
    bytesWithin: patience('HF_HUB_DOWNLOAD_TIMEOUT', HF_HUB_DOWNLOAD_TIMEOUT),
  };
}

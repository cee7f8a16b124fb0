import { KcrError } from '@kcr/core';

/** What the environment says of the hub, as to Python's huggingface_hub. */
export interface HubSettings {
  /** Where it is, without a slash at the end: `HF_ENDPOINT`. */
  readonly endpoint: string;
  /** Who asks: `HF_TOKEN`. */
  readonly token?: string;
  /** Whether nothing may be asked: `HF_HUB_OFFLINE`. */
  readonly offline: boolean;
}

const YES = new Set(['1', 'on', 'yes', 'true']);

const wrong = (where: string, found: string, fix: string) =>
  new KcrError('HUB_SETTING', { where, found, fix });

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
  return { endpoint, token, offline: YES.has(HF_HUB_OFFLINE.trim().toLowerCase()) };
}

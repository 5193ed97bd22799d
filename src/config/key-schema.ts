import { z } from 'zod';
import { isLoopbackHost } from '../values/loopback.ts';
import type { KeySource } from './config.ts';
import { duration, list, section, text, textThat } from './fields.ts';

/** What can be sent in a header. */
export function isApiKey(value: string): boolean {
	return /^[!-~]+$/.test(value);
}

const key = textThat(
	isApiKey,
	'cannot be sent in an HTTP header; give a key of visible ASCII characters, without spaces and line breaks',
);

const tokenUrlHelp = 'write for example `https://login.example.com/oauth2/token`';

const tokenUrl = z
	.string({ error: `is not a URL; ${tokenUrlHelp}` })
	.meta({ pattern: '^https?://|\\$\\{' })
	.superRefine((value, context) => {
		const mistake = mistakeOfTokenUrl(value);
		if (mistake !== undefined) context.addIssue({ code: 'custom', message: mistake });
	});

/** @returns what is wrong, without the URL itself */
function mistakeOfTokenUrl(value: string): string | undefined {
	if (!/^https?:\/\/\S+$/i.test(value) || !URL.canParse(value)) {
		return `is not an http or https URL; ${tokenUrlHelp}`;
	}
	const { protocol, hostname, username, password } = new URL(value);
	if (username !== '' || password !== '') {
		return 'has credentials in the URL; put them in `clientId` and `clientSecret`';
	}
	if (value.includes('#')) return `has a fragment, which is never sent to a server; ${tokenUrlHelp}`;
	if (protocol === 'http:' && !isLoopbackHost(hostname)) return 'would send the client secret unencrypted; write https';
	return undefined;
}

const oauth = section({
	tokenUrl: tokenUrl.describe('The address of the token endpoint, https; http on this machine only. Required.'),
	clientId: text().describe('Who asks. Required.'),
	clientSecret: text().describe('What proves it; a secret, so take it from a variable. Required.'),
	scope: text()
		.exactOptional()
		.describe('What the token is for, scopes with spaces between. Default: none is asked for.'),
	audience: text()
		.exactOptional()
		.describe('Whom the token is for, where the server wants to know. Default: none is named.'),
});

const commandHelp = 'write a text for the shell, or a list of a program and its arguments';

const command = z.union([text(), list(text(), 100, commandHelp)], { error: `does not fit; ${commandHelp}` });

/** A command that is run without end takes a processor; ms. */
const SHORTEST_EVERY_MS = 1000;

const keysHelp = 'write a key or a list of keys, in quotes';
const either = { error: `does not fit; ${keysHelp}` };

const sources = {
	command: command
		.exactOptional()
		.describe(
			'Prints the key on one line, or JSON: `{"key": "…", "expiresAt": "…"}`, or `expiresIn` in seconds. A text goes to the shell, a list is a program with its arguments.',
		),
	every: duration()
		.refine((ms) => ms >= SHORTEST_EVERY_MS, { error: 'is less than a second; write for example `30m`' })
		.exactOptional()
		.describe('How often `command` is run. Default: after 80 % of the life that it prints, else each hour.'),
	file: text()
		.exactOptional()
		.describe('The file that holds the key, from the working directory; it is read again when it changes.'),
	oauth: oauth.exactOptional().describe('Client credentials, for which an OAuth server gives tokens.'),
};

/** Where a key is fetched. A key in braces is a map with the key for a name: no name of an unknown option is shown. */
const fetched = z
	.looseObject(sources, either)
	.meta({ additionalProperties: false })
	.transform((given, context): KeySource => {
		const { command: run, every, file, oauth: client } = given;
		const found: KeySource[] = [
			...(run === undefined ? [] : [{ command: run, ...(every !== undefined && { every }) }]),
			...(file === undefined ? [] : [{ file }]),
			...(client === undefined ? [] : [{ oauth: client }]),
		];
		const [only] = found;
		const isKnown = Object.keys(given).every((name) => Object.hasOwn(sources, name));
		const isUseless = every !== undefined && run === undefined;
		if (only !== undefined && found.length === 1 && isKnown && !isUseless) return only;
		const message =
			isKnown && isUseless
				? 'has an `every`, which is for a `command` only; remove it'
				: 'is neither a key nor where to fetch one; write it in quotes, or give exactly one of `command`, `file` and `oauth`';
		context.addIssue({ code: 'custom', message });
		return z.NEVER;
	});

/** A key or several, each written down or fetched; read as a list. */
export const apiKeys = z
	.union([key, fetched, list(z.union([key, fetched], either), 100, keysHelp)], either)
	.transform((value) => (Array.isArray(value) ? value : [value]));

import { isIP } from 'node:net';
import type { Credential, ProviderConfig } from '../../../config/config.ts';
import type { Positions } from '../../../config/positions.ts';
import { identityOf, isSecretName } from '../../../config/secrets.ts';
import type { Path } from '../../../config/tree.ts';
import { isLoopbackHost } from '../../../values/loopback.ts';
import { openAddress } from '../../../values/open-address.ts';
import { isLoopbackUrl, keyPath } from '../addresses.ts';
import type { Finding, Rule } from '../rule.ts';
import type { LintSubject } from '../subject.ts';

/** Where a secret is written, and what to call it. */
interface Secret {
	path: Path;
	what: string;
}

/** Where a provider's secrets are written: keys, and headers that look like it. Their values are never shown. */
function writtenSecrets({ name, credentials, headers }: ProviderConfig, positions: Positions): Secret[] {
	const keys = credentials.flatMap((credential, index) =>
		identityOf(credential) === undefined ? [] : writtenKey(credential, keyPath(positions, name, index)),
	);
	const secretHeaders = Object.keys(headers)
		.filter((header) => isSecretName(header))
		.map((header) => ({ path: headerPath(positions, name, header), what: `the header \`${header}\`` }));
	return [...keys, ...secretHeaders];
}

/** A key that is fetched is written nowhere, but for what it may be fetched with. */
function writtenKey({ keyFrom }: Credential, path: Path): Secret {
	return { path: keyFrom === undefined ? path : [...path, 'oauth', 'clientSecret'], what: 'the key' };
}

/** Names of headers are resolved in lower case, and written as people like. */
function headerPath(positions: Positions, provider: string, header: string): Path {
	const path = ['providers', provider, 'headers'];
	const name = positions.keysOf(path).find((key) => key.toLowerCase() === header) ?? header;
	return [...path, name];
}

function secretParameters({ name, baseUrl }: ProviderConfig): Secret[] {
	const parameters = baseUrl === undefined ? [] : [...new URL(baseUrl).searchParams.keys()];
	const secret = parameters.filter((parameter) => isSecretName(parameter));
	return secret.length === 0 ? [] : [{ path: ['providers', name, 'baseUrl'], what: 'a key in the query' }];
}

function keysInClear({ config, positions }: LintSubject): Finding[] {
	return Object.values(config.providers).flatMap((provider) => {
		const { name, baseUrl } = provider;
		const secrets = [...writtenSecrets(provider, positions), ...secretParameters(provider)];
		if (baseUrl === undefined || secrets.length === 0) return [];
		if (new URL(baseUrl).protocol !== 'http:' || isLoopbackUrl(baseUrl)) return [];
		return {
			at: [['providers', name, 'baseUrl']],
			reason: `${secrets[0]?.what} of \`${name}\`, the prompts and the answers travel unencrypted over http`,
			advice: 'write https, or reach it through a tunnel',
		};
	});
}

function literalSecrets(subject: LintSubject): Finding[] {
	const { config, positions } = subject;
	const ofProviders = Object.values(config.providers)
		.filter(({ baseUrl }) => !isLoopbackUrl(baseUrl))
		.flatMap((provider) =>
			[...writtenSecrets(provider, positions), ...secretParameters(provider)].map(({ path, what }) => ({
				path,
				what: `${path.at(-1) === 'clientSecret' ? 'the client secret' : what} of \`${provider.name}\``,
			})),
		);
	return [...ofProviders, ...ownSecrets(subject)]
		.filter(({ path }) => positions.isLiteral(path))
		.map(({ path, what }) => ({
			at: [path],
			reason: `${what} is written into the file itself, and goes wherever the file is copied or committed`,
			// biome-ignore lint/suspicious/noTemplateCurlyInString: it shows the notation of the YAML.
			advice: 'write `${VARIABLE}`, and put the value into the environment',
		}));
}

/** The secrets that Breakwater gives out itself, and those of where it reports to. */
function ownSecrets({ config, positions }: LintSubject): Secret[] {
	const { clients = {} } = config.server;
	const ofClients = Object.entries(clients).flatMap(([name, { key }]) => {
		const path = ['server', 'clients', name, 'key'];
		const paths = positions.isGiven([...path, 0]) ? key.map((_, index) => [...path, index]) : [path];
		return paths.map((at) => ({ path: at, what: `a key of the client \`${name}\`` }));
	});
	const webhooks = config.notifications?.webhooks ?? [];
	const ofWebhooks = webhooks.map((_, index) => ({
		path: ['notifications', 'webhooks', index, 'url'],
		what: 'the address of a webhook, which is a secret,',
	}));
	return [{ path: ['server', 'adminKey'], what: 'the admin key' }, ...ofClients, ...ofWebhooks];
}

function openToNetwork({ config }: LintSubject): Finding[] {
	const { host, clients } = config.server;
	const address = addressOf(host);
	if (clients !== undefined || isLoopbackHost(address)) return [];
	const { reason, advice } = openAddress(host);
	const at = [['server', 'host']];
	if (isIP(address) !== 0) return [{ at, reason, advice }];
	return [
		{
			at,
			severity: 'warning',
			reason: `what the name \`${host}\` stands for is known only when \`serve\` listens, which it refuses to do where other machines can reach it: ${reason}`,
			advice,
		},
	];
}

/** `0` and `127.1` are addresses too, and a URL writes them out; a name stays as it is. */
function addressOf(host: string): string {
	const bare = host.replace(/^\[|\]$/g, '');
	return isIP(bare) === 0 && URL.canParse(`http://${bare}`) ? new URL(`http://${bare}`).hostname : bare;
}

export const exposureRules: readonly Rule[] = [
	{
		id: 'key-in-clear',
		severities: ['warning'],
		finds: 'a key that is sent over plain http beyond this machine',
		find: keysInClear,
	},
	{
		id: 'literal-key',
		severities: ['warning'],
		finds: 'a key that is written into the file instead of the environment',
		find: literalSecrets,
	},
	{
		id: 'open-to-network',
		severities: ['error', 'warning'],
		finds: 'an address that other machines can reach, while callers need no key',
		find: openToNetwork,
	},
];

import { z } from 'zod';
import { amount, count, defaulted, flag, list, oneOf, section, table, text, textThat } from './fields.ts';
import { providerHealth } from './health-schema.ts';
import { apiKeys } from './key-schema.ts';
import { providerPolicy, targetPolicy } from './policy-schema.ts';
import { request } from './request-schema.ts';
import { simulation } from './simulation-schema.ts';

/** A name that fits into a target, a header and a metric: visible ASCII but `/` and `#`, and not a number, whose order a map would lose. */
export function isUsableName(value: string): boolean {
	return /^[!-"$-.0-~]+$/.test(value) && !/^\d+$/.test(value) && value !== '__proto__';
}

export const name = textThat(
	isUsableName,
	'is not a usable name; write visible ASCII characters without spaces, `/` and `#`, and not only digits',
);

/** Model names go into response headers, so they are printable ASCII; they may contain slashes. */
export function isModelName(value: string): boolean {
	return /^[!-~]([ -~]*[!-~])?$/.test(value);
}

const modelName = textThat(
	isModelName,
	'is not a model name; write it as the provider does, in visible ASCII characters',
);

const baseUrl = z
	.string({ error: 'is not a URL; write for example `https://api.example.com/v1`' })
	.meta({ pattern: '^https?://|\\$\\{' })
	.transform((value, context) => {
		const mistake = mistakeOfBaseUrl(value);
		if (mistake !== undefined) context.addIssue({ code: 'custom', message: mistake });
		return value.replace(/\/+(?=$|\?)/, '');
	});

/** @returns what is wrong, without the URL itself: it may hold a password. */
function mistakeOfBaseUrl(value: string): string | undefined {
	const help = 'write for example `https://api.example.com/v1`';
	if (!/^https?:\/\/[^\s]+$/i.test(value) || !URL.canParse(value)) return `is not an http or https URL; ${help}`;
	const url = new URL(value);
	if (url.username !== '' || url.password !== '')
		return 'has credentials in the URL; put them in `apiKey` or `headers`';
	if (value.includes('#')) return `has a fragment, which is never sent to a server; ${help}`;
	const [, endpoint] = /(\/((chat\/)?completions|responses|embeddings|messages))\/*$/.exec(url.pathname) ?? [];
	if (endpoint !== undefined) return `names one endpoint; write the part before \`${endpoint}\``;
	return undefined;
}

/** Undici and the attempt itself set these; a second one breaks the request or smuggles another. */
const reservedHeaders = [
	'connection',
	'content-length',
	'expect',
	'host',
	'keep-alive',
	'transfer-encoding',
	'upgrade',
] as const;

/** RFC 9110, section 5.6.2: the characters of a token. */
const isToken = (value: string) => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(value);

export const headerName = textThat(isToken, 'is not the name of an HTTP header; write letters, digits and dashes');

export const ownHeaderName = headerName.refine(
	(value) => !reservedHeaders.some((header) => header === value.toLowerCase()),
	{
		error: 'is set by the proxy itself; remove it',
	},
);

export const headerContent = textThat(
	(value) => /^[!-~]([ -~\t]*[!-~])?$/.test(value),
	'cannot be sent in an HTTP header; give a text of visible ASCII characters, without line breaks',
);

/** The dearest model of 2026 costs some hundreds. */
const dollars = amount(0, 1_000_000);

const price = section({
	input: dollars.describe('USD per million tokens of prompts. Required.'),
	output: dollars.describe('USD per million tokens of answers. Required.'),
	cachedInput: dollars
		.exactOptional()
		.describe('USD per million tokens of a prompt that came from a cache. Default: as `input`.'),
	cacheWrite: dollars
		.exactOptional()
		.describe('USD per million tokens of a prompt that were put into a cache. Default: as `input`.'),
	reasoning: dollars.exactOptional().describe('USD per million tokens of thoughts. Default: as `output`.'),
	audioInput: dollars.exactOptional().describe('USD per million tokens of sound in a prompt. Default: as `input`.'),
	audioOutput: dollars.exactOptional().describe('USD per million tokens of sound in an answer. Default: as `output`.'),
	perRequest: dollars.exactOptional().describe('USD for each request, on top of its tokens. Default: nothing.'),
});

export const inputKinds = ['text', 'image', 'file', 'audio'] as const;

export const endpointWords = ['chat', 'completions', 'responses', 'embeddings', 'messages'] as const;

const endpoints = list(oneOf(endpointWords), endpointWords.length, 'write for example `[chat, embeddings]`');

/** What the limits of a key and those of one model have in common. */
const ratesPerMinute = {
	requestsPerMinute: count(1, 1_000_000_000)
		.exactOptional()
		.describe('Attempts that may begin in any minute, a count. Default: any number.'),
	tokensPerMinute: count(1, 1_000_000_000_000)
		.exactOptional()
		.describe(
			'Tokens that attempts may use in any minute: each reserves what it is expected to use, and its answer says what it was. Default: any number.',
		),
};

const learn = flag()
	.exactOptional()
	.describe(
		'Whether it is asked for no more than its answers say is left (`x-ratelimit-*`, `anthropic-ratelimit-*`), within the limits that are written here. That nothing is left is believed in any case. Default: false.',
	);

const modelLimits = section({
	concurrent: count(1, 1_000_000)
		.exactOptional()
		.describe('Attempts that may be in flight at once, with each key. A count. Default: what its provider may have.'),
	...ratesPerMinute,
	learn,
});

const modelFacts = section({
	contextWindow: count(1, 1_000_000_000)
		.exactOptional()
		.describe('Tokens that prompt and answer may have together. Default: not known.'),
	maxOutputTokens: count(1, 1_000_000_000)
		.exactOptional()
		.describe('Tokens that an answer may have; a request for more is capped. Default: what is known of its name.'),
	input: list(oneOf(inputKinds), inputKinds.length, 'write for example `[text, image]`')
		.exactOptional()
		.describe(
			'What a request may hold; one with anything else goes to the next target. Default: what is known of its name, else whatever there is.',
		),
	endpoints: endpoints
		.exactOptional()
		.describe('In which of the endpoints of its provider it answers. Default: in all of them.'),
	sameAs: text()
		.exactOptional()
		.describe(
			'The name of this very model at another provider: only vectors of one model may stand in for each other. Default: its own name.',
		),
	prefill: flag()
		.exactOptional()
		.describe('Whether the model goes on from an assistant message that ends the conversation. Default: not known.'),
	reasons: flag()
		.exactOptional()
		.describe('Whether the model thinks before its first word. Default: what is known of its name.'),
	request: request.exactOptional().describe('What is set in the requests to this model, over what its provider says.'),
	limits: modelLimits
		.exactOptional()
		.describe(
			'How much is asked of this model with each key, within the limits of its provider. Default: no more limits.',
		),
	policy: targetPolicy.exactOptional().describe('What differs for this model from the policies of file and provider.'),
	price: price
		.exactOptional()
		.describe('What it costs. Default: what the catalogue of prices says of it at its provider, else not known.'),
});

export const streamUpstream = flag().exactOptional();

const tls = section({
	ca: text()
		.exactOptional()
		.describe(
			'The file with the certificates (PEM) of who may have signed the one of the provider, from the working directory. Default: the authorities that Node knows.',
		),
	cert: text()
		.exactOptional()
		.describe('The file with the certificate (PEM) that the provider is shown. Default: none is.'),
	key: text().exactOptional().describe('The file with the key (PEM, no passphrase) of `cert`. Required with it.'),
});

const limits = section({
	concurrent: defaulted(
		count(1, 1_000_000),
		1024,
		'Attempts that may be in flight at once, with each of its keys; beyond them the next target is asked. A count.',
	),
	...ratesPerMinute,
	learn,
});

export const protocols = ['openai', 'anthropic', 'azure', 'simulated'] as const;

export const defaultProtocol = 'openai';

export const provider = section({
	protocol: defaulted(
		oneOf(protocols),
		defaultProtocol,
		'How the provider is spoken to: over the OpenAI API, over that of Anthropic or of Azure, or simulated inside the process.',
	),
	baseUrl: baseUrl
		.exactOptional()
		.describe(
			'The address up to and with the version, http or https. Required for `openai` and `azure`. Default for `anthropic`: `https://api.anthropic.com`.',
		),
	endpoints: endpoints
		.exactOptional()
		.describe(
			'What it has of the API. Default: `openai` has chat and embeddings, at openai.com also responses, on this machine also completions; `azure` has chat, embeddings and, but for an `apiVersion` before 2025-03-01, responses; `anthropic` has messages.',
		),
	apiVersion: headerContent
		.exactOptional()
		.describe(
			'The version of the API: the `api-version` of `azure` (default: its v1 API), the `anthropic-version` of `anthropic` (default: `2023-06-01`).',
		),
	apiKey: apiKeys
		.exactOptional()
		.describe(
			'The bearer token, or where it is fetched, or several of them, each of which gets a breaker of its own. Default: none is sent.',
		),
	headers: table(ownHeaderName, headerContent)
		.exactOptional()
		.describe('Further request headers, name to value. Default: none.'),
	tls: tls.exactOptional().describe('How it is connected to over https. Default: as Node does it.'),
	request: request.exactOptional().describe('What is set in the requests to every model of this provider.'),
	streamUpstream: streamUpstream.describe(
		'Whether answers that are not streamed to the client are streamed from this provider, so that a broken one can be carried on. Default: false.',
	),
	limits: limits
		.prefault({})
		.describe('How much is asked of this provider, with each of its keys: at once, and in any minute.'),
	health: providerHealth,
	policy: providerPolicy.exactOptional().describe('What differs for this provider from the policy of the file.'),
	models: table(modelName, modelFacts)
		.exactOptional()
		.describe('Facts about models, by name; a model in a chain needs no entry. Default: nothing is known.'),
	simulate: simulation.exactOptional().describe('What a simulated provider does; only with `protocol: simulated`.'),
});

import type { PriceConfig } from '../config/config.ts';
import type { KnownModels } from '../config/known-models.ts';
import { mostRetries } from '../config/policy-defaults.ts';
import { headerContent, isModelName, ownHeaderName } from '../config/provider-schema.ts';
import { asObject, isObject, type JsonObject } from '../values/json.ts';
import type { DraftCandidate, DraftFacts } from './draft.ts';
import { type Account, readAccount } from './litellm-address.ts';
import { splitModel } from './litellm-prefixes.ts';
import { readRequestDefaults } from './litellm-request.ts';
import { flag, isPlain, Members, milliseconds, numberIn, type Report, textIn, wholeNumber } from './litellm-values.ts';
import { shown } from './notice.ts';
import type { SourcePath } from './source-file.ts';

/** One entry of `model_list`, read. */
export interface Deployment {
	/** Its `model_name`: deployments of one name stand in for each other. */
	group: string;
	path: SourcePath;
	account: Account;
	/** Names and values in the notation of a draft. */
	headers: Readonly<Record<string, string>>;
	model: string;
	/** What the model really is, where its name is one of the user's own. */
	baseModel?: string;
	facts: DraftFacts;
	isForEmbeddings: boolean;
	request: DraftCandidate['request'];
	timeoutMs?: number;
	/** To the first content of a stream. */
	firstTokenMs?: number;
	retries?: number;
	/** `drop_params`: it is asked without what it cannot be told. Absent where only the file may say so. */
	sendsWithout?: boolean;
	/** The smallest is asked first. */
	order: number;
}

export interface DeploymentSource {
	known: KnownModels;
	/** `credential_list`, by name. */
	credentials: ReadonlyMap<string, JsonObject>;
	report: Report;
}

/** Words before a model that LiteLLM takes for the way to ask it, not for a part of its name. */
const ways = /^(o_series|gpt5_series|chat)\//;

/** @returns undefined where nobody could be asked; why goes into the report */
export function readDeployment(value: unknown, path: SourcePath, source: DeploymentSource): Deployment | undefined {
	const { known, report } = source;
	const leaveOut = (at: SourcePath, reason: string): undefined =>
		report('error', [...path, ...at], `This deployment was left out: ${reason}.`) as undefined;
	const entry = asObject(value);
	if (entry === undefined) return leaveOut([], 'it is not a map with `model_name` and `litellm_params`');
	const { model_name: group, litellm_params: given } = entry;
	if (typeof group !== 'string' || group.trim() === '') return leaveOut(['model_name'], 'it has no `model_name`');
	const params = membersOf(given, [...path, 'litellm_params'], source);
	if (params === undefined) return leaveOut(['litellm_params'], 'it has no `litellm_params`');
	const written = params.read('model');
	if (typeof written !== 'string') return leaveOut(['litellm_params', 'model'], 'it has no `model`');
	if (`${group}${written}`.includes('*')) {
		const reason =
			'a wildcard has no equivalent; name the models under `models` of the provider, and ask for `provider/model`';
		return leaveOut(['model_name'], reason);
	}
	const info = new Members(asObject(entry.model_info) ?? {}, [...path, 'model_info']);
	const use = useOf(info.read('mode'));
	if (use === undefined) return leaveOut(['model_info', 'mode'], 'Breakwater has no endpoint for its `mode`');
	const split =
		splitModel(written.trim(), params.read('custom_llm_provider'), known) ?? likeOpenAi(written, params, known);
	if (split === undefined)
		return leaveOut(['litellm_params', 'model'], `${beforeSlash(written)} is no provider that Breakwater can ask`);
	const inResponses = split.model.startsWith('responses/');
	const model = split.model.replace(/^responses\//, '').replace(ways, '');
	if (!isModelName(model) || !isPlain(model) || model === '__proto__')
		return leaveOut(['litellm_params', 'model'], 'its `model` is not a name of visible ASCII characters');
	const account = readAccount(params, split.prefix, known, report);
	if (account === undefined) return undefined;
	const baseModel = info.read('base_model') ?? params.read('base_model');
	const looksEmbedding = known.embeddingNames.some((part) => `${model} ${baseModel}`.toLowerCase().includes(part));
	return {
		group: group.trim(),
		path,
		account,
		headers: readHeaders(params, report),
		model,
		...(typeof baseModel === 'string' && { baseModel }),
		facts: { ...readFacts(params, info), ...(inResponses && { endpoints: ['responses'] }) },
		isForEmbeddings: use === 'embeddings' || (use === 'unknown' && looksEmbedding),
		...readLimits(params, report),
		// Reports what is left, so it comes last.
		request: readRequestDefaults(params, report),
	};
}

/** With the credential that it names, over which its own words win. */
function membersOf(given: unknown, path: SourcePath, { credentials, report }: DeploymentSource): Members | undefined {
	const own = asObject(given);
	if (own === undefined) return undefined;
	const { litellm_credential_name: name, ...params } = own;
	if (name === undefined || name === null) return new Members(own, path);
	const credential = typeof name === 'string' ? credentials.get(name) : undefined;
	if (credential === undefined) {
		const message = 'This credential is not in `credential_list`, and was not imported.';
		report('warning', [...path, 'litellm_credential_name'], message);
	}
	return new Members({ ...credential, ...params }, path);
}

function useOf(mode: unknown): 'answers' | 'embeddings' | 'unknown' | undefined {
	if (mode === undefined) return 'unknown';
	if (mode === 'embedding') return 'embeddings';
	return mode === 'chat' || mode === 'completion' || mode === 'responses' ? 'answers' : undefined;
}

/** A name that says nothing, at an address of the user's own, is asked as OpenAI is. */
function likeOpenAi(written: string, params: Members, known: KnownModels): ReturnType<typeof splitModel> {
	const hasAddress = params.read('api_base') !== undefined || params.read('base_url') !== undefined;
	return hasAddress && !written.includes('/') ? splitModel(written.trim(), 'openai', known) : undefined;
}

function beforeSlash(written: string): string {
	const [before = '', model] = written.split('/');
	return model === undefined ? 'what its `model` names' : `\`${shown(before)}\``;
}

/** Values of headers may be secret, and are taken out later. */
function readHeaders(params: Members, report: Report): Record<string, string> {
	const headers: Record<string, string> = {};
	for (const member of ['extra_headers', 'headers']) {
		const given = params.read(member);
		if (given === undefined) continue;
		const at = [...params.path, member];
		if (!isObject(given)) {
			report('warning', at, `\`${member}\` is not a map and was not imported.`);
			continue;
		}
		for (const [name, value] of Object.entries(given)) {
			const text = textIn(value);
			const fits = text !== undefined && ownHeaderName.safeParse(name).success && headerContent.safeParse(text).success;
			if (fits && name !== '__proto__') headers[name] = text;
			else report('warning', [...at, name], `The header \`${shown(name)}\` cannot be sent and was not imported.`);
		}
	}
	const organization = textIn(params.read('organization'));
	return organization === undefined || !headerContent.safeParse(organization).success
		? headers
		: { 'OpenAI-Organization': organization, ...headers };
}

/** What the file says of the model; LiteLLM has prices by the token. */
function readFacts(params: Members, info: Members): DraftFacts {
	const fact = (name: string) => info.read(name) ?? params.read(name);
	const contextWindow = wholeNumber(fact('max_input_tokens'), 1, 1_000_000_000);
	// In `litellm_params` it is a member of the request.
	const maxOutputTokens = wholeNumber(fact('max_output_tokens') ?? info.read('max_tokens'), 1, 1_000_000_000);
	const price = readPrice(fact);
	return {
		...(contextWindow !== undefined && { contextWindow }),
		...(maxOutputTokens !== undefined && { maxOutputTokens }),
		...(price !== undefined && { price }),
	};
}

/** Its words for rates that are not needed, https://docs.litellm.ai/docs/proxy/custom_pricing. */
const furtherRates = {
	cachedInput: 'cache_read_input_token_cost',
	cacheWrite: 'cache_creation_input_token_cost',
	reasoning: 'output_cost_per_reasoning_token',
	audioInput: 'input_cost_per_audio_token',
	audioOutput: 'output_cost_per_audio_token',
} as const;

/** @returns undefined where it does not say what prompts and answers cost */
function readPrice(fact: (name: string) => unknown): PriceConfig | undefined {
	const input = perMillion(fact('input_cost_per_token'));
	const output = perMillion(fact('output_cost_per_token'));
	if (input === undefined || output === undefined) return undefined;
	const further = Object.entries(furtherRates).flatMap(([kind, name]) => {
		const rate = perMillion(fact(name));
		return rate === undefined ? [] : [[kind, rate] as const];
	});
	return { input, output, ...Object.fromEntries(further) };
}

/** @returns USD per million tokens, without what is no cent of a cent */
function perMillion(perToken: unknown): number | undefined {
	const price = (numberIn(perToken) ?? -1) * 1_000_000;
	return price >= 0 && price <= 1_000_000 ? Math.round(price * 10_000) / 10_000 : undefined;
}

function readLimits(
	params: Members,
	report: Report,
): Pick<Deployment, 'timeoutMs' | 'firstTokenMs' | 'retries' | 'sendsWithout' | 'order'> {
	const told = <T>(name: string, read: (value: unknown) => T | undefined, what: string): T | undefined => {
		const value = params.read(name);
		const result = value === undefined ? undefined : read(value);
		if (value !== undefined && result === undefined)
			report('warning', [...params.path, name], `\`${name}\` is not ${what} and was not imported.`);
		return result;
	};
	const timeoutMs = told('timeout', milliseconds, 'a number of seconds above 0');
	const firstTokenMs = told('stream_timeout', milliseconds, 'a number of seconds above 0');
	const asRetries = (value: unknown) => wholeNumber(value, 0, mostRetries);
	const maxRetries = told('max_retries', asRetries, `a whole number from 0 to ${mostRetries}`);
	const retries = told('num_retries', asRetries, `a whole number from 0 to ${mostRetries}`) ?? maxRetries;
	const sendsWithout = told('drop_params', flag, '`true` or `false`');
	return {
		...(timeoutMs !== undefined && { timeoutMs }),
		...(firstTokenMs !== undefined && { firstTokenMs }),
		...(retries !== undefined && { retries }),
		...(sendsWithout !== undefined && { sendsWithout }),
		order: told('order', numberIn, 'a number') ?? Number.MAX_SAFE_INTEGER,
	};
}

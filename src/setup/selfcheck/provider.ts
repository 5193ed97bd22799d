import type { Config, Credential, ProfileConfig, ProviderConfig } from '../../config/config.ts';
import type { Protocol, ProviderAddress } from '../../contract/dialect.ts';
import { protocols } from '../../dialects/dialects.ts';
import { readErrorBody } from '../../dialects/read-error-body.ts';
import type { Classified, Classify } from '../../upstream/classify/apply-error-rules.ts';
import type { Proxies } from '../../upstream/proxies.ts';
import { readTls } from '../../upstream/tls-files.ts';
import { asObject } from '../../values/json.ts';
import { ask, jsonOf, type Reply, type ReplyAnswer } from './ask.ts';
import { fail, ok, type SelfcheckFinding, warn } from './finding.ts';
import { type SmallestRequest, smallestRequest } from './smallest-request.ts';

export interface ProviderCheck {
	findings: readonly SelfcheckFinding[];
	aheadMs: number | undefined;
}

export interface ProviderQuestion {
	config: Config;
	classify: Classify;
	/** Of a request for an answer. */
	timeoutMs: number;
	proxies: Proxies;
}

/** A list of models is quick, or something is wrong. */
const LIST_TIMEOUT_MS = 10_000;

/**
 * Does one key of a provider work? Asks the provider alone and directly, in its protocol and in the cheapest way that proves
 * it: the list of its models, and where that says nothing about the key, for an answer of one token, or an embedding.
 */
export async function selfcheckCredential(
	provider: ProviderConfig,
	credential: Credential,
	question: ProviderQuestion,
): Promise<ProviderCheck> {
	const about = `provider ${credential.id}`;
	const protocol = protocols[provider.protocol];
	if (provider.baseUrl === undefined || protocol === undefined) {
		return { findings: [ok(about, 'It is simulated, and needs no key.')], aheadMs: undefined };
	}
	const asking = new Asking(about, provider, protocol, credential, question);
	const listed = await asking.list(credential.apiKey);
	if (listed.is === 'problem') return { findings: [unreachable(about, listed)], aheadMs: undefined };
	const models = modelsIn(listed);
	const { aheadMs } = listed;
	const listedText = `${models?.length === 1 ? '1 model' : `${models?.length ?? 0} models`} in ${listed.ms} ms`;
	const missing = missingModels(about, isOfModels(provider, listed) ? models : undefined, asking.models);
	if (models !== undefined && credential.apiKey === undefined) {
		return { findings: [ok(about, `It answers, without a key: ${listedText}.`), ...missing], aheadMs };
	}
	if (models !== undefined && (await asking.needsKeyToList())) {
		return { findings: [ok(about, `The key works: ${listedText}.`), ...missing], aheadMs };
	}
	const verdict = models === undefined ? asking.verdictOn(listed) : undefined;
	// It would say the same of another request, which only adds to what has run out.
	const isFinal = verdict !== undefined && ['RATE_LIMIT', 'QUOTA_EXCEEDED'].includes(verdict.failure.category);
	if (isFinal) return { findings: [asking.failure(verdict, listed.status)], aheadMs };
	return { findings: [await asking.answer(verdict && asking.failure(verdict, listed.status)), ...missing], aheadMs };
}

class Asking {
	/** Those of it that stand in chains, first come first. */
	readonly models: readonly string[];
	readonly #about: string;
	readonly #provider: ProviderConfig;
	readonly #protocol: Protocol;
	readonly #credential: Credential;
	readonly #question: ProviderQuestion;
	/** Those that only profiles for embeddings ask. */
	readonly #forEmbeddings: ReadonlySet<string>;

	constructor(
		about: string,
		provider: ProviderConfig,
		protocol: Protocol,
		credential: Credential,
		question: ProviderQuestion,
	) {
		this.#about = about;
		this.#provider = provider;
		this.#protocol = protocol;
		this.#credential = credential;
		this.#question = question;
		const answering = chainedModels(question.config, provider, 'answers');
		const embedding = chainedModels(question.config, provider, 'embeddings');
		this.#forEmbeddings = new Set(embedding.filter((model) => !answering.includes(model)));
		this.models = [...answering, ...this.#forEmbeddings];
	}

	list(apiKey: string | undefined): Promise<Reply> {
		return this.#ask('/models', apiKey, undefined, Math.min(LIST_TIMEOUT_MS, this.#question.timeoutMs));
	}

	/** Some show their models to everybody: then the list proves nothing. */
	async needsKeyToList(): Promise<boolean> {
		const asked = await this.list(undefined);
		return asked.is === 'problem' || modelsIn(asked) === undefined;
	}

	/** @param otherwise what was found before, when there is no model that could be asked */
	async answer(otherwise: SelfcheckFinding | undefined): Promise<SelfcheckFinding> {
		const model = this.models[0] ?? Object.keys(this.#provider.models)[0];
		if (model === undefined) {
			const text =
				'The key could not be tried: no model of this provider is in a chain; add one, or remove the provider.';
			return otherwise ?? warn(this.#about, text);
		}
		const smallest = smallestRequest(this.#endpointsOf(model));
		if (smallest === undefined) {
			const text = `The key could not be tried: ${model} has no endpoint that could be asked; correct \`endpoints\`.`;
			return otherwise ?? warn(this.#about, text);
		}
		const asked = await this.#askFor(model, smallest);
		if (asked.is === 'problem') return unreachable(this.#about, asked);
		const isAnswer = asked.status === 200 && smallest.isAnswer(asked.body, model);
		const works = this.#credential.apiKey === undefined ? 'It answers, without a key' : 'The key works';
		if (isAnswer) return ok(this.#about, `${works}: ${model} answered in ${asked.ms} ms.`);
		return this.failure(this.verdictOn(asked), asked.status, model);
	}

	#endpointsOf(model: string): readonly string[] {
		const { endpoints, models } = this.#provider;
		const ofProvider = endpoints ?? this.#protocol.usualEndpoints(this.#provider);
		const ofModel = models[model]?.endpoints ?? (this.#forEmbeddings.has(model) ? ['embeddings'] : ofProvider);
		return ofProvider.filter((endpoint) => ofModel.includes(endpoint));
	}

	async #askFor(model: string, { path, bodies }: SmallestRequest): Promise<Reply> {
		const { apiKey } = this.#credential;
		const [first, ...others] = bodies(model);
		let asked = await this.#ask(path, apiKey, { model, json: first });
		for (const json of others) {
			if (asked.is === 'problem' || asked.status === 200) return asked;
			if (this.verdictOn(asked).failure.category !== 'BAD_REQUEST') return asked;
			asked = await this.#ask(path, apiKey, { model, json });
		}
		return asked;
	}

	async #ask(
		path: string,
		apiKey: string | undefined,
		{ model, json }: { model: string; json: object | undefined } = { model: '', json: undefined },
		timeoutMs = this.#question.timeoutMs,
	): Promise<Reply> {
		const { baseUrl = '', headers, apiVersion } = this.#provider;
		const address = this.#protocol.address({ baseUrl, apiKey, headers, apiVersion }, { path });
		return ask(`${address.origin}${address.path(model)}`, {
			headers: await headersOf(address),
			...(json !== undefined && { json }),
			timeoutMs,
			proxies: this.#question.proxies,
			tls: this.#tls,
		});
	}

	verdictOn({ status, headers, body }: ReplyAnswer): Classified {
		return this.#question.classify({
			status,
			headers,
			error: readErrorBody(status, body),
			provider: this.#provider.name,
			now: Date.now(),
		});
	}

	failure({ failure: { category }, message }: Classified, status: number, model?: string): SelfcheckFinding {
		const about = this.#about;
		const said = message === '' ? '' : ` (${message.replace(/[.\s]+$/, '')})`;
		const { apiKey, source } = this.#credential;
		const what = model === undefined ? 'the list of its models' : model;
		// Of a rejected key its words are not repeated: they quote it, in part or whole.
		if (category === 'AUTH_ERROR' && apiKey === undefined) {
			return fail(about, `It wants a key and has none; give it one as \`providers.${this.#provider.name}.apiKey\`.`);
		}
		if (category === 'AUTH_ERROR') {
			return fail(about, `The key is rejected with ${status}; put a valid one where \`${source}\` takes it from.`);
		}
		if (category === 'QUOTA_EXCEEDED') {
			return fail(about, `The account has no credit or quota left${said}; top it up, or wait for its reset.`);
		}
		if (category === 'RATE_LIMIT') return warn(about, `It is rate limited now${said}; ask again later.`);
		if (category === 'MODEL_UNAVAILABLE') {
			return warn(about, `It does not have ${what}${said}; correct the model's name in your chains.`);
		}
		if (category === 'BAD_REQUEST') {
			return warn(about, `It takes the key, but refuses a request for ${what}${said}; check the model's name.`);
		}
		return fail(
			about,
			`A request for ${what} is answered with ${status}${said}; check \`baseUrl\`, or wait until it is well.`,
		);
	}

	readonly #tls = () => this.#provider.tls && readTls(this.#provider.name, this.#provider.tls);
}

/** Those of a provider that stand in chains for this, first come first. */
function chainedModels({ profiles }: Config, { name }: ProviderConfig, use: ProfileConfig['for']): string[] {
	const candidates = Object.values(profiles).flatMap((profile) => (profile.for === use ? profile.chain : []));
	return [...new Set(candidates.flatMap(({ provider, model }) => (provider === name ? [model] : [])))];
}

/** As an attempt sends them, of a request that is not streamed. */
async function headersOf({ headers, usualHeaders = [] }: ProviderAddress): Promise<Record<string, string>> {
	const pairs = [...usualHeaders, ...(await headers({ body: '', stream: false, choices: 1 }))];
	return Object.fromEntries(pairs.flatMap((name, index) => (index % 2 === 0 ? [[name, pairs[index + 1] ?? '']] : [])));
}

/** Azure lists what could be deployed, and chains name deployments; a list in pages is only begun. */
function isOfModels({ protocol }: ProviderConfig, listed: ReplyAnswer): boolean {
	return protocol !== 'azure' && asObject(jsonOf(listed))?.has_more !== true;
}

function unreachable(about: string, { text }: { text: string }): SelfcheckFinding {
	return fail(about, `It cannot be asked: ${text}; check \`baseUrl\` and the network.`);
}

/** The ids of a list of models; undefined when the answer is none. */
function modelsIn(answer: ReplyAnswer): string[] | undefined {
	if (answer.status !== 200) return undefined;
	const body = jsonOf(answer);
	const list = Array.isArray(body) ? body : (asObject(body)?.data ?? asObject(body)?.models);
	if (!Array.isArray(list)) return undefined;
	return list.flatMap((entry) => {
		const { id, name } = asObject(entry) ?? {};
		return [id, name].filter((word): word is string => typeof word === 'string');
	});
}

/** A list may be shorter than what there is, so this is no more than a hint. */
function missingModels(
	about: string,
	listed: readonly string[] | undefined,
	wanted: readonly string[],
): SelfcheckFinding[] {
	if (listed === undefined || listed.length === 0) return [];
	const missing = wanted.filter((model) => !listed.some((id) => isSameModel(id, model)));
	return missing.map((model) =>
		warn(about, `Its list of models does not have ${model}; check the name in your chains.`),
	);
}

/** `models/gemini-pro` and `qwen2.5:latest` are what people call `gemini-pro` and `qwen2.5`. */
function isSameModel(id: string, model: string): boolean {
	return id === model || id === `models/${model}` || id.split(':')[0] === model || id === model.split(':')[0];
}

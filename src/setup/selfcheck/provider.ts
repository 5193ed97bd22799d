import type { Config, Credential, ProviderConfig } from '../../config/config.ts';
import { readDocument } from '../../dialects/openai-chat/read-document.ts';
import { readErrorBody } from '../../dialects/read-error-body.ts';
import type { Classified, Classify } from '../../upstream/classify/apply-error-rules.ts';
import type { Proxies } from '../../upstream/proxies.ts';
import { readTls } from '../../upstream/tls-files.ts';
import { asObject } from '../../values/json.ts';
import { ask, jsonOf, type Reply, type ReplyAnswer } from './ask.ts';
import { fail, ok, type SelfcheckFinding, warn } from './finding.ts';

export interface ProviderCheck {
	findings: readonly SelfcheckFinding[];
	aheadMs: number | undefined;
}

export interface ProviderQuestion {
	config: Config;
	classify: Classify;
	/** Of a chat request. */
	timeoutMs: number;
	proxies: Proxies;
}

/** A list of models is quick, or something is wrong. */
const LIST_TIMEOUT_MS = 10_000;

/**
 * Does one key of a provider work? Asks the provider alone and directly, in the cheapest way that proves it: the list of
 * its models, and where that says nothing about the key, a chat request for one token.
 */
export async function selfcheckCredential(
	provider: ProviderConfig,
	credential: Credential,
	question: ProviderQuestion,
): Promise<ProviderCheck> {
	const about = `provider ${credential.id}`;
	if (provider.baseUrl === undefined) {
		return { findings: [ok(about, 'It is simulated, and needs no key.')], aheadMs: undefined };
	}
	const asking = new Asking(about, provider, credential, question);
	const listed = await asking.list(credential.apiKey);
	if (listed.is === 'problem') return { findings: [unreachable(about, listed)], aheadMs: undefined };
	const models = modelsIn(listed);
	const { aheadMs } = listed;
	const listedText = `${models?.length === 1 ? '1 model' : `${models?.length ?? 0} models`} in ${listed.ms} ms`;
	const missing = missingModels(about, models, asking.models);
	if (models !== undefined && credential.apiKey === undefined) {
		return { findings: [ok(about, `It answers, without a key: ${listedText}.`), ...missing], aheadMs };
	}
	if (models !== undefined && (await asking.needsKeyToList())) {
		return { findings: [ok(about, `The key works: ${listedText}.`), ...missing], aheadMs };
	}
	const verdict = models === undefined ? asking.verdictOn(listed) : undefined;
	// It would say the same of a chat request, which only adds to what has run out.
	const isFinal = verdict !== undefined && ['RATE_LIMIT', 'QUOTA_EXCEEDED'].includes(verdict.failure.category);
	if (isFinal) return { findings: [asking.failure(verdict, listed.status)], aheadMs };
	return { findings: [await asking.chat(verdict && asking.failure(verdict, listed.status)), ...missing], aheadMs };
}

class Asking {
	/** Those of it that stand in chains, first come first. */
	readonly models: readonly string[];
	readonly #about: string;
	readonly #provider: ProviderConfig;
	readonly #credential: Credential;
	readonly #question: ProviderQuestion;

	constructor(about: string, provider: ProviderConfig, credential: Credential, question: ProviderQuestion) {
		this.#about = about;
		this.#provider = provider;
		this.#credential = credential;
		this.#question = question;
		const candidates = Object.values(question.config.profiles).flatMap(({ chain }) => chain);
		const chained = candidates.filter((candidate) => candidate.provider === provider.name).map(({ model }) => model);
		this.models = [...new Set(chained)];
	}

	list(apiKey: string | undefined): Promise<Reply> {
		const { proxies } = this.#question;
		const timeoutMs = Math.min(LIST_TIMEOUT_MS, this.#question.timeoutMs);
		return ask(this.#url('/models'), { headers: this.#headers(apiKey), timeoutMs, proxies, tls: this.#tls });
	}

	/** Some show their models to everybody: then the list proves nothing. */
	async needsKeyToList(): Promise<boolean> {
		const asked = await this.list(undefined);
		return asked.is === 'problem' || modelsIn(asked) === undefined;
	}

	/** @param otherwise what was found before, when there is no model that could be asked */
	async chat(otherwise: SelfcheckFinding | undefined): Promise<SelfcheckFinding> {
		const model = this.models[0] ?? Object.keys(this.#provider.models)[0];
		if (model === undefined) {
			const text =
				'The key could not be tried: no model of this provider is in a chain; add one, or remove the provider.';
			return otherwise ?? warn(this.#about, text);
		}
		const asked = await this.#askFor(model);
		if (asked.is === 'problem') return unreachable(this.#about, asked);
		const isAnswer = asked.status === 200 && readDocument(asked.body, { model }).is === 'answer';
		const works = this.#credential.apiKey === undefined ? 'It answers, without a key' : 'The key works';
		if (isAnswer) return ok(this.#about, `${works}: ${model} answered in ${asked.ms} ms.`);
		return this.failure(this.verdictOn(asked), asked.status, model);
	}

	/** Some models want more than one token, under another name. */
	async #askFor(model: string): Promise<Reply> {
		const asked = await this.#askWith({ max_tokens: 1 }, model);
		const isRefused = asked.is === 'answer' && this.verdictOn(asked).failure.category === 'BAD_REQUEST';
		return isRefused && asked.status !== 200 ? this.#askWith({ max_completion_tokens: 16 }, model) : asked;
	}

	#askWith(limit: object, model: string): Promise<Reply> {
		const { timeoutMs, proxies } = this.#question;
		const json = { model, messages: [{ role: 'user', content: 'Hi' }], ...limit };
		const headers = this.#headers(this.#credential.apiKey);
		return ask(this.#url('/chat/completions'), { headers, json, timeoutMs, proxies, tls: this.#tls });
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

	/** A base URL may have a query. */
	#url(path: string): string {
		const url = new URL(this.#provider.baseUrl ?? '');
		url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
		return url.href;
	}

	#headers(apiKey: string | undefined): Record<string, string> {
		return {
			accept: 'application/json',
			...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
			...this.#provider.headers,
		};
	}
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

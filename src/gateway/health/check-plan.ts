import type { Failure } from '../../../machines/failure.ts';
import type { Timeouts } from '../../../machines/policy.ts';
import type { ProviderContext } from '../../../machines/provider/context.ts';
import type { Candidate } from '../../../machines/request/progress.ts';
import type { Config, ProviderConfig } from '../../config/config.ts';
import { targetsOf } from '../../config/targets.ts';
import type { Usage } from '../../contract/answer-parts.ts';
import type { ClientDialect, ClientRequest, RenderedRequest } from '../../contract/dialect.ts';
import { openaiChatClient } from '../../dialects/openai-chat/openai-chat.ts';
import { openaiEmbeddingsClient } from '../../dialects/openai-embeddings/openai-embeddings.ts';
import { costOf, estimatedCost } from '../../prices/cost.ts';
import type { Price } from '../../prices/price.ts';
import type { Endpoint } from '../../upstream/endpoint.ts';
import { clock } from '../../values/clock.ts';
import type { Contact, RenewableKey } from '../contact.ts';
import type { LiveRoutes } from '../live-routes.ts';
import { endsTrouble, LIST, listRequest } from './models-list.ts';

/** What one check asks for, and what comes of it. */
export interface CheckPlan {
	/** What a permit is asked for: a model, or a name for the list of models. */
	readonly model: string;
	/** What it is expected to use, tokens. */
	readonly tokens: number;
	readonly reasons: boolean;
	readonly endpoint: Endpoint;
	readonly method: 'GET' | 'POST';
	readonly liveKey: RenewableKey | undefined;
	readonly timeouts: Timeouts;
	/** It is an answer of a model, and as good a proof as any. */
	readonly isAnswer: boolean;
	render(): RenderedRequest;
	/** USD; undefined where it is not known, and nothing where it costs nothing. */
	expectedCost(): number | undefined;
	/** USD. */
	costOf(usage: Usage): number | undefined;
	/** Whether an answer would end what is held against the provider. @param context of the actor of the key */
	endsTrouble(context: ProviderContext): boolean;
	/** Whether a failure says anything of the provider. */
	isEvidence(failure: Failure): boolean;
}

/** A list of models is asked for with the key itself, whatever models there are. */
export function listPlan(
	endpoint: Endpoint,
	{ liveKey, timeouts }: { liveKey: RenewableKey | undefined; timeouts: Timeouts },
): CheckPlan {
	return {
		model: LIST,
		tokens: 0,
		reasons: false,
		endpoint,
		method: 'GET',
		liveKey,
		timeouts,
		isAnswer: false,
		render: () => listRequest,
		expectedCost: () => 0,
		costOf: () => undefined,
		endsTrouble,
		isEvidence: isEvidenceOfList,
	};
}

/** A provider without a list, or that does not show it to a key which is for answers alone, answers all the same. */
function isEvidenceOfList({ category, status = 0 }: Failure): boolean {
	if (category === 'MODEL_UNAVAILABLE' || category === 'BAD_REQUEST') return false;
	return ![403, 404, 405, 501].includes(status);
}

/** A question as it is put, and the most tokens that its answer has. */
interface Question {
	readonly body: object;
	readonly outputTokens: number;
}

/** About as many as two letters have with what is put around them. */
const INPUT_TOKENS = 10;

const greeting = [{ role: 'user', content: 'Hi' }];

/** Some models want more than one token, under another name. */
const chatQuestions: readonly Question[] = [
	{ body: { messages: greeting, max_tokens: 1 }, outputTokens: 1 },
	{ body: { messages: greeting, max_completion_tokens: 16 }, outputTokens: 16 },
];

const embeddingQuestions: readonly Question[] = [{ body: { input: 'Hi' }, outputTokens: 0 }];

/** The target that answers a check: the cheapest of those with a known price, else the first. Profiles for answers come first. */
export function checkedTarget(
	config: Config,
	{ name }: Pick<ProviderConfig, 'name'>,
	prices: ReadonlyMap<string, Price>,
): { target: string; isForVectors: boolean } | undefined {
	const targets = targetsOf(config).filter(({ provider }) => provider === name);
	const profiles = Object.values(config.profiles);
	const isIn = (use: 'answers' | 'embeddings', target: string) =>
		profiles.some((profile) => profile.for === use && profile.chain.some((link) => link.target === target));
	const answering = targets.filter(({ target }) => isIn('answers', target) || !isIn('embeddings', target));
	const isForVectors = answering.length === 0;
	const cheapestFirst = (isForVectors ? targets : answering)
		.map(({ target }) => ({ target, usd: costOfSmallest(prices.get(target)) ?? Number.POSITIVE_INFINITY }))
		.sort((a, b) => (a.usd === b.usd ? 0 : a.usd - b.usd));
	const [first] = cheapestFirst;
	return first && { target: first.target, isForVectors };
}

/** The most that one check with `chat` may cost, USD; undefined where the price is not known. */
export function mostCostOfCheck(price: Price | undefined): number | undefined {
	return costOfSmallest(price, Math.max(...chatQuestions.map(({ outputTokens }) => outputTokens)));
}

function costOfSmallest(price: Price | undefined, outputTokens = 1): number | undefined {
	return price && estimatedCost(price, { inputTokens: INPUT_TOKENS, outputTokens }, clock.toWall(clock.now()));
}

/**
 * An answer of one token, through everything that a request goes through.
 * @returns undefined where the target cannot be asked at all
 */
export function chatPlan(
	routes: LiveRoutes,
	credential: string,
	{ target, isForVectors }: { target: string; isForVectors: boolean },
): (CheckPlan & { gate: string }) | undefined {
	const dialect: ClientDialect = isForVectors ? openaiEmbeddingsClient : openaiChatClient;
	const { candidates, contacts } = routes.of({ route: target, targets: [target], dialect });
	const position = candidates.findIndex((candidate) => candidate.credential === credential);
	const candidate = candidates[position];
	const contact = contacts[position];
	if (candidate === undefined || contact === undefined) return undefined;
	const questions = isForVectors ? embeddingQuestions : chatQuestions;
	return plannedQuestions(questions, dialect, candidate, contact);
}

function plannedQuestions(
	questions: readonly Question[],
	dialect: ClientDialect,
	{ model, gate, reasons = false, policy }: Candidate,
	{ endpoint, liveKey, settings, abilities, price }: Contact,
): CheckPlan & { gate: string } {
	let next = 0;
	const asked = questions.map(({ body }): ClientRequest => {
		return dialect.read(JSON.stringify({ model, ...body })).request;
	});
	return {
		model,
		gate,
		tokens: INPUT_TOKENS + Math.max(...questions.map(({ outputTokens }) => outputTokens)),
		reasons,
		endpoint,
		method: 'POST',
		liveKey,
		timeouts: policy.timeouts,
		isAnswer: true,
		render: () => {
			const request = asked[next];
			if (request === undefined) throw new Error(`the check of ${model} has no question ${next}`);
			const ask = {
				request,
				model,
				streamUpstream: false,
				members: settings,
				way: 'fresh' as const,
				shown: '',
				abilities,
			};
			return endpoint.dialect.render(ask);
		},
		expectedCost: () => costOfSmallest(price, questions[next]?.outputTokens),
		costOf: (usage) => price && costOf(price, usage, clock.toWall(clock.now())),
		endsTrouble: () => true,
		isEvidence: ({ category }) => {
			if (category !== 'BAD_REQUEST') return true;
			next = (next + 1) % questions.length;
			return false;
		},
	};
}

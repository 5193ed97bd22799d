import { vector } from './provider/embeddings-wire.ts';
import { type Deed, secondAnswer, signAnswer, wholeAnswer } from './provider/model.ts';
import type { Visit } from './provider/provider.ts';

/** What a client is told to do: take a whole answer, take one as a stream, ask once more after it, or have its tool called. */
export const errands = ['whole', 'stream', 'turns', 'tool'] as const;

export type Errand = (typeof errands)[number];

/** What providers have of an API. */
export const kinds = {
	openai: { protocol: 'openai', endpoints: ['chat', 'completions', 'embeddings', 'responses'] },
	chat: { protocol: 'openai', endpoints: ['chat'] },
	responses: { protocol: 'openai', endpoints: ['responses'] },
	anthropic: { protocol: 'anthropic', endpoints: ['messages'] },
} as const;

export type Kind = keyof typeof kinds;

/** Which providers stand behind Breakwater: the one that is asked first, and the one that steps in. */
export interface Setting {
	readonly first: Kind;
	readonly second: Kind;
}

export interface Scenario {
	readonly name: string;
	/** The head of its column. */
	readonly title: string;
	readonly errand: Errand;
	readonly first: Deed;
	readonly second?: Deed;
	/** The client must not have to ask again. */
	readonly isCarriedOn?: true;
	/** The client has to raise an error. */
	readonly fails?: true;
}

export const scenarios: readonly Scenario[] = [
	{ name: 'answer', title: 'answer', errand: 'whole', first: 'answers' },
	{ name: 'stream', title: 'stream', errand: 'stream', first: 'answers' },
	{ name: 'tool', title: 'tool', errand: 'tool', first: 'calls' },
	{ name: 'turns', title: 'second turn by another', errand: 'turns', first: 'answers-once', second: 'answers' },
	{ name: 'moved', title: 'tool result to another', errand: 'tool', first: 'calls-once', second: 'calls' },
	{ name: 'failover', title: '503, then another', errand: 'whole', first: 'unavailable', second: 'answers' },
	{ name: 'failover-stream', title: 'the same, streamed', errand: 'stream', first: 'unavailable', second: 'answers' },
	{
		name: 'broken',
		title: 'cut off, then another',
		errand: 'stream',
		first: 'breaks',
		second: 'answers',
		isCarriedOn: true,
	},
	{ name: 'unfinished', title: 'cut off, and nobody else', errand: 'stream', first: 'breaks', fails: true },
];

export interface Trial {
	readonly setting: Setting;
	readonly scenario: Scenario;
}

export type Outcome =
	| { readonly is: 'answer'; readonly answer: string }
	| { readonly is: 'error'; readonly error: string }
	| { readonly is: 'hung'; readonly error: string };

/** The profile of a trial, which a client asks for as its model. */
export function profileOf({ setting: { first, second }, scenario }: Trial): string {
	return `${first === second ? first : `${first}-then-${second}`}-${scenario.name}`;
}

/** The targets of a trial, in the order in which they are asked. */
export function chainOf({ setting, scenario }: Trial): { provider: string; deed: Deed }[] {
	const first = { provider: `${setting.first}-a`, deed: scenario.first };
	return scenario.second === undefined ? [first] : [first, { provider: `${setting.second}-b`, deed: scenario.second }];
}

/** @returns the trials of a client that does such errands; two kinds of provider are tried where there is a second one only */
export function trialsOf(settings: readonly Setting[], done: readonly Errand[]): Trial[] {
	return settings.flatMap((setting) =>
		scenarios
			.filter(({ errand }) => done.includes(errand))
			.filter(({ second }) => setting.first === setting.second || second !== undefined)
			.map((scenario) => ({ setting, scenario })),
	);
}

/** @param sign the word that a tool reads */
export function expectedAnswer({ scenario }: Trial, speaks: string, sign: string): string {
	if (speaks === 'embeddings') return vector.join(' ');
	if (scenario.errand === 'turns') return secondAnswer;
	return scenario.errand === 'tool' ? signAnswer(sign) : wholeAnswer;
}

/**
 * @param visits what came to the providers meanwhile
 * @returns what is wrong, for a developer; undefined where all is right
 */
export function faultIn(
	trial: Trial,
	expected: string,
	outcome: Outcome,
	visits: readonly Visit[],
): string | undefined {
	return faultInVisits(trial, visits) ?? faultInOutcome(trial, expected, outcome);
}

function faultInVisits(trial: Trial, visits: readonly Visit[]): string | undefined {
	const chain = chainOf(trial).map(({ provider, deed }) => `${provider}/${deed}`);
	const refused = visits.find(({ mistake }) => mistake !== undefined);
	if (refused !== undefined) return `${refused.provider}${refused.path} refused a request: ${refused.mistake}`;
	if (trial.scenario.isCarriedOn && visits.filter(({ isContinuation }) => !isContinuation).length > 1) {
		return 'the stream was not carried on: the client asked again';
	}
	const visited = new Set(visits.map(({ provider, deed }) => `${provider}/${deed}`));
	const missed = chain.find((target) => !visited.has(target));
	if (missed !== undefined) return `${missed} was not asked`;
	const strange = [...visited].find((target) => !chain.includes(target));
	return strange === undefined ? undefined : `${strange} was asked`;
}

function faultInOutcome({ scenario }: Trial, expected: string, outcome: Outcome): string | undefined {
	if (outcome.is === 'hung') return outcome.error;
	if (scenario.fails) return outcome.is === 'error' ? undefined : 'the client took a fragment for the whole answer';
	if (outcome.is === 'error') return 'the client raised an error';
	return outcome.answer.trim() === expected ? undefined : 'the client got another answer';
}

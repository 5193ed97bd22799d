import { answerOf, type Kind } from './soak-answer.ts';
import { Random } from './soak-random.ts';

/** How an answer is asked for. The names but `document` are also the beginnings of the gateway's profiles. */
const deliveryWeights = {
	/** As a stream that commits with its first token. */
	stream: 60,
	/** Not streamed anywhere. */
	document: 12,
	/** Not streamed to the client, streamed from the provider (`streamUpstream: true`). */
	patient: 14,
	/** As a stream that is held back until it is whole (`commit: complete`). */
	complete: 14,
};
export type Delivery = keyof typeof deliveryWeights;

/** What goes wrong in an attempt. The places of a cut are in the bytes of the stream. */
const faultWeights = {
	none: 34,
	'garbage events': 4,
	'no [DONE]': 2,
	'cut anywhere': 10,
	'cut in a character': 5,
	'cut in a field': 4,
	'cut between CR and LF': 4,
	'cut at a line end': 8,
	'cut before the finish': 4,
	'cut after the finish': 4,
	stall: 4,
	'error event': 5,
	'slow first token': 2,
	silence: 1,
	'empty stream': 2,
	'reset at once': 2,
	'503': 3,
	'429': 1,
	'error under 200': 1,
};
export type Fault = keyof typeof faultWeights;

/** How a model goes on with a text that it is shown. */
const behaviourWeights = {
	/** With its last words again, where an instruction asks for them. */
	'goes on': 36,
	/** To the letter, whatever it is asked for. */
	'only goes on': 10,
	'repeats everything': 12,
	'repeats half': 10,
	'repeats a little': 10,
	/** Each begins with its last words, or where the text stops; and then as models do. */
	'trims white space': 6,
	'starts with a capital': 6,
	'begins a paragraph': 6,
	'opens a code block': 6,
	'repeats a heading': 6,
	'thinks first': 6,
	'writes something else': 8,
	refuses: 6,
};
export type Behaviour = keyof typeof behaviourWeights;

/** The four providers. `b` takes a prefill, `d` is said to and refuses it; nothing is known of the others. */
export const providerNames = ['a', 'b', 'c', 'd'] as const;
export type ProviderName = (typeof providerNames)[number];

/** One request of the soak: what is asked, and what its client does. */
export interface StreamPlan {
	number: number;
	kind: Kind;
	delivery: Delivery;
	/** The profile that is asked: a delivery, and which provider its chain begins with. */
	profile: string;
	wantsUsage: boolean;
	/** The client leaves after this time, ms; undefined when it stays. */
	leavesAfterMs: number | undefined;
}

/** What one attempt for a request does, whichever provider it reaches. */
export interface AttemptPlan {
	fault: Fault;
	/** What it does if it is shown the beginning of an answer. */
	behaviour: Behaviour;
	/** How a cut ends: FIN, RST, or a body that ends in peace. */
	end: 'fin' | 'rst' | 'close';
	/** 0 to 1: which of the possible places. */
	where: number;
	/** 0 to 1: how much of what it is shown a model repeats that repeats a little. */
	share: number;
	isChunked: boolean;
	lineEnd: '\n' | '\r\n' | '\r';
}

/** @param seed of the whole soak */
export function planStream(seed: number, number: number): StreamPlan {
	const random = new Random(seed, number, 'stream');
	const delivery = random.weighted(deliveryWeights);
	const { kind } = answerOf(seed, number);
	return {
		number,
		kind,
		delivery,
		profile: `${delivery}-${random.pick(providerNames)}`,
		wantsUsage: random.chance(0.5),
		leavesAfterMs: random.chance(0.05) ? random.integer(1, 600) : undefined,
	};
}

/** @param ordinal of the attempt among those for the same request, from 0 */
export function planAttempt(seed: number, number: number, ordinal: number): AttemptPlan {
	const random = new Random(seed, number, 'attempt', ordinal);
	const fault = random.weighted(faultWeights);
	return {
		fault: ordinal > 0 && random.chance(0.5) ? 'none' : fault,
		behaviour: random.weighted(behaviourWeights),
		end: random.pick(['fin', 'rst', 'close']),
		where: random.next(),
		share: random.next(),
		isChunked: random.chance(0.7),
		lineEnd: fault === 'cut between CR and LF' ? '\r\n' : random.pick(['\n', '\n', '\r\n', '\r']),
	};
}

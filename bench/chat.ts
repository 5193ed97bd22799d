/** The conversation that every system carries, and how client and mock upstream understand each other through it. */

/** The model that the gateways ask the upstream for. */
export const upstreamModel = 'gpt-bench';

/** How a streamed answer is paced; it travels in the name of the end user, which a proxy must pass on. */
export interface Pace {
	/** Content chunks in the answer. */
	tokens: number;
	/** Between two of them, ms; a multiple of `tickMs`. The first is sent at once. */
	intervalMs: number;
}

/** The grain of the upstream's timer wheel, ms. */
export const tickMs = 5;

const systemPrompt =
	'You are a careful assistant inside a support tool. Answer in two or three sentences, in the language of the ' +
	'question. Say so when you do not know. Never invent an order number, a price or a date; ask for the missing piece.';
const question =
	'My parcel was announced for Tuesday, then for Thursday, and today the tracking page says that it is back in the ' +
	'sorting centre. I have written to the shop twice. Can you tell me what usually happens in this case, how long it ' +
	'takes until the parcel moves again, and what I should ask the carrier so that I do not have to call them three times?';
const earlierAnswer =
	'I am sorry for the wait. A parcel that returns to the sorting centre was either damaged or could not be delivered. ' +
	'Which carrier is it, and does the tracking page show a reason code beside the last entry?';

/** What every request asks, in whatever dialect. */
export const conversation = {
	instructions: systemPrompt,
	turns: [
		{ role: 'user', content: question },
		{ role: 'assistant', content: earlierAnswer },
		{ role: 'user', content: 'It is a domestic parcel, and there is no code, only "in transit".' },
	],
} as const;

/** The pace as a request carries it. */
export function paceText(pace: Pace | undefined): string {
	return pace === undefined ? 'bench' : `${pace.tokens}x${pace.intervalMs}`;
}

/** A chat request of about 1 KB, as JSON text; streamed when a pace is given. */
export function chatRequest(pace?: Pace): string {
	return JSON.stringify({
		model: 'default',
		messages: [{ role: 'system', content: conversation.instructions }, ...conversation.turns],
		temperature: 0.2,
		max_tokens: 256,
		user: paceText(pace),
		...(pace !== undefined && { stream: true }),
	});
}

/** A clock that all processes of one machine share, ms with a fraction: the upstream stamps, the client compares. */
export function monotonicMs(): number {
	const [seconds, nanoseconds] = process.hrtime();
	return seconds * 1000 + nanoseconds / 1e6;
}

import type { Answer } from './soak-answer.ts';
import type { AttemptPlan, Fault } from './soak-plan.ts';
import type { Random } from './soak-random.ts';

/** What one attempt says. */
export interface Speech {
	id: string;
	model: string;
	/** The text of this attempt: all of the answer, or what is left of it. */
	text: string;
	tools: Answer['tools'];
	finish: Answer['finish'];
	/** Reports its usage. */
	hasUsage: boolean;
}

/** The bytes of a stream with the places where it can be cut. */
interface Wire {
	bytes: Buffer;
	/** Offsets behind each event. */
	eventEnds: readonly number[];
	/** Of these, the ones behind a piece of text that ends with a line. */
	lineEnds: readonly number[];
	finishStart: number;
	finishEnd: number;
	/** Behind the JSON of the usage, and behind its event. */
	usageTextEnd: number;
	usageEnd: number;
}

/** The bytes that are sent, and what happens then. */
export interface Performance {
	bytes: Buffer;
	/** `stall`: nothing, for ever; `done`: the answer is whole. */
	then: 'done' | 'stall' | AttemptPlan['end'];
	/** Its usage is among the bytes; `perhaps` where they may not arrive, or its event is not quite whole. */
	hasToldUsage: 'yes' | 'perhaps' | 'no';
	/** From where on the bytes have to arrive at once, so that no idle timer can pass between finish and usage. */
	finishStart: number;
	usageEnd: number;
}

/** What an attempt uses, as tokens. */
export function usageOf({ text, tools }: Speech): Record<string, number> {
	const completion = text.length + 10 * tools.length;
	return { prompt_tokens: 7, completion_tokens: completion, total_tokens: completion + 7 };
}

/** The stream of a speech, up to where the plan's fault ends it. */
export function performStream(speech: Speech, plan: AttemptPlan, random: Random): Performance {
	const wire = streamWire(speech, plan, random);
	const end = (at: number, then: Performance['then'], tail = ''): Performance => ({
		bytes: Buffer.concat([wire.bytes.subarray(0, at), Buffer.from(tail)]),
		then,
		hasToldUsage: toldUsage(speech, wire, at, then),
		finishStart: wire.finishStart,
		usageEnd: wire.usageEnd,
	});
	const place = placeOf(plan.fault, wire, plan.where);
	if (place !== undefined) return end(place, plan.end);
	if (plan.fault === 'stall') return end(Math.floor(plan.where * wire.bytes.length), 'stall');
	if (plan.fault === 'empty stream') return end(plan.where < 0.5 ? 0 : (wire.eventEnds[0] ?? 0), 'close');
	if (plan.fault === 'no [DONE]') return end(wire.usageEnd, plan.end);
	if (plan.fault === 'error event') {
		const before = wire.eventEnds.filter((at) => at <= wire.finishStart);
		return end(atShare(before, plan.where) ?? 0, 'close', errorEvent(speech, plan.share));
	}
	return end(wire.bytes.length, 'done');
}

/** A reset overtakes bytes that were sent before it. */
function toldUsage(
	{ hasUsage }: Speech,
	wire: Wire,
	at: number,
	then: Performance['then'],
): Performance['hasToldUsage'] {
	if (!hasUsage || at < wire.usageTextEnd) return 'no';
	return then === 'rst' || at < wire.usageEnd ? 'perhaps' : 'yes';
}

/** The document of a speech. */
export function documentText({ id, model, text, tools, finish, ...rest }: Speech): string {
	const calls = tools.map((tool, index) => ({ id: `${id}-call-${index}`, type: 'function', function: tool }));
	const message = { role: 'assistant', content: text === '' ? null : text, ...(calls.length && { tool_calls: calls }) };
	const usage = usageOf({ id, model, text, tools, finish, ...rest });
	const choices = [{ index: 0, message, logprobs: null, finish_reason: finish }];
	return JSON.stringify({ id, object: 'chat.completion', created: 1, model, choices, usage });
}

/** Providers say it in three ways. */
function errorEvent({ id, model }: Speech, share: number): string {
	const error = { message: 'The engine is currently overloaded.', type: 'server_error', code: 503 };
	if (share < 0.33) return `event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`;
	const choices = share < 0.66 ? [{ index: 0, delta: {}, finish_reason: 'error' }] : undefined;
	return `data: ${JSON.stringify({ id, model, error, choices })}\n\n`;
}

/** Where a cut of this kind is made; undefined for faults that are no cuts. */
function placeOf(fault: Fault, wire: Wire, where: number): number | undefined {
	const { bytes, eventEnds, lineEnds, finishStart, finishEnd } = wire;
	const anywhere = Math.floor(where * bytes.length);
	if (fault === 'cut anywhere') return anywhere;
	if (fault === 'cut before the finish') return finishStart;
	if (fault === 'cut after the finish') return finishEnd;
	if (fault === 'cut at a line end') return atShare(lineEnds, where) ?? anywhere;
	if (fault === 'cut in a field') return (atShare(eventEnds, where) ?? 0) + 3;
	const isHere = byteFaults[fault];
	if (isHere === undefined) return undefined;
	const places = [...bytes.keys()].filter((at) => isHere(bytes[at] ?? 0, bytes[at - 1] ?? 0));
	return atShare(places, where) ?? anywhere;
}

/** Cuts before a certain kind of byte. */
const byteFaults: Partial<Record<Fault, (byte: number, before: number) => boolean>> = {
	'cut in a character': (byte) => byte >= 0x80 && byte < 0xc0,
	'cut between CR and LF': (byte, before) => byte === 0x0a && before === 0x0d,
};

function atShare(places: readonly number[], share: number): number | undefined {
	return places[Math.floor(share * places.length)];
}

function streamWire(speech: Speech, { fault, lineEnd }: AttemptPlan, random: Random): Wire {
	const { id, model, text, tools, finish, hasUsage } = speech;
	let bytes = '';
	let size = 0;
	const eventEnds: number[] = [];
	const lineEnds: number[] = [];
	const say = (event: string) => {
		bytes += event;
		size += Buffer.byteLength(event);
		eventEnds.push(size);
	};
	const chunk = (delta: object, reason: string | null = null) => {
		const choices = [{ index: 0, delta, logprobs: null, finish_reason: reason }];
		const value = { id, object: 'chat.completion.chunk', created: 1, model, choices };
		say(`data: ${JSON.stringify(value)}${lineEnd}${lineEnd}`);
		if (fault === 'garbage events' && random.chance(0.3)) say(garbage(random) + lineEnd + lineEnd);
	};
	chunk({ role: 'assistant', content: '' });
	for (const piece of piecesOf(text, random)) {
		chunk({ content: piece });
		if (piece.endsWith('\n')) lineEnds.push(size);
	}
	for (const [index, tool] of tools.entries()) {
		const head = { index, id: `${id}-call-${index}`, type: 'function', function: { name: tool.name, arguments: '' } };
		chunk({ tool_calls: [head] });
		for (const piece of piecesOf(tool.arguments, random)) {
			chunk({ tool_calls: [{ index, function: { arguments: piece } }] });
		}
	}
	const finishStart = size;
	chunk({}, finish);
	const finishEnd = size;
	if (hasUsage) {
		const value = { id, object: 'chat.completion.chunk', created: 1, model, choices: [], usage: usageOf(speech) };
		say(`data: ${JSON.stringify(value)}${lineEnd}${lineEnd}`);
	}
	const usageEnd = size;
	const usageTextEnd = hasUsage ? usageEnd - 2 * lineEnd.length : usageEnd;
	say(`data: [DONE]${lineEnd}${lineEnd}`);
	return { bytes: Buffer.from(bytes), eventEnds, lineEnds, finishStart, finishEnd, usageTextEnd, usageEnd };
}

/** Never what a text was in: an event that says something and is broken says nothing that anyone could know. */
function garbage(random: Random): string {
	return random.pick([
		': keep-alive',
		'data: {"id":',
		'data: null',
		'event: ping',
		'retry: 5',
		'data: <html>busy</html>',
		'nonsense',
		'data: {"choices":"none"}',
	]);
}

/** Cut anywhere, inside of surrogate pairs too, and always behind a line. */
function piecesOf(text: string, random: Random): string[] {
	const most = random.pick([3, 8, 20, 60]);
	return text.split(/(?<=\n)/).flatMap((line) => {
		const pieces: string[] = [];
		for (let at = 0; at < line.length; ) {
			const length = random.integer(1, most);
			pieces.push(line.slice(at, at + length));
			at += length;
		}
		return pieces;
	});
}

import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deed, SimulationStep } from '../contract/simulation.ts';
import { type Answer, chunkBody, completionBody, messageChunk, usageChunk } from './answer.ts';
import { defaultStatus, errorOf, refusalBody } from './errors.ts';
import { callPieces, callsBody } from './mixed-calls.ts';
import type { SimulatedRequest } from './simulated-request.ts';

/** One chat request, what would be a right answer to it, and the way to say it. */
export interface Stage {
	chat: SimulatedRequest;
	answer: Answer;
	/** ms */
	firstToken: number;
	/** ms */
	tokenInterval: number;
	response: ServerResponse;
	/** Aborted when the exchange is over, so that a client that left stops the timers. */
	over: AbortSignal;
}

type Performance = (stage: Stage, step: SimulationStep) => void | Promise<void>;

/** Connections that have carried a request. */
const used = new WeakSet<Socket>();

const COMMENT_INTERVAL_MS = 1000;
const LONG_PAUSE_MS = 30_000;
const SLOW_PAUSE_MS = 1000;

/** Does to a request what the step says. Rejects with an AbortError when the client leaves in the middle. */
export async function perform(stage: Stage, step: SimulationStep): Promise<void> {
	const { socket } = stage.response;
	const isReused = socket !== null && used.has(socket);
	if (socket !== null) used.add(socket);
	if (step.do === 'stale' && isReused) socket.resetAndDestroy();
	else await performances[step.do](stage, step);
}

/** Sends a JSON body with its content-length. */
export function sendJson(response: ServerResponse, status: number, body: object): void {
	response.statusCode = status;
	response.setHeader('content-type', 'application/json');
	response.end(JSON.stringify(body));
}

const performances: Readonly<Record<Deed, Performance>> = {
	answer: (stage) => answerWhole(stage),

	/** On a new connection: see `perform`. */
	stale: (stage) => answerWhole(stage),

	comments: async (stage, { pause = LONG_PAUSE_MS }) => {
		if (stage.chat.isStream) await streamComments(stage, pause);
		else await wait(pause, stage.over);
		await answerWhole(stage);
	},

	slow: (stage, { pause = SLOW_PAUSE_MS }) => answerWhole({ ...stage, tokenInterval: pause }),

	quiet: async (stage, { pause = LONG_PAUSE_MS, afterTokens = 0 }) => {
		if (!stage.chat.isStream) await wait(pause, stage.over);
		await answerWhole(stage, { after: afterTokens, ms: pause });
	},

	status: ({ response }, step) => {
		if (step.retryAfter !== undefined) {
			response.setHeader('retry-after', Math.ceil(step.retryAfter / 1000));
			response.setHeader('retry-after-ms', step.retryAfter);
		}
		sendJson(response, step.status ?? defaultStatus, errorOf(step));
	},

	block: ({ response }) => {
		response.statusCode = 403;
		response.setHeader('content-type', 'text/html; charset=utf-8');
		response.setHeader('cf-mitigated', 'challenge');
		response.end('<!DOCTYPE html><html><title>Just a moment...</title><body>Simulated block</body></html>');
	},

	'no-model': ({ response }) => sendJson(response, 400, refusalBody({ message: 'Model Not Exist', param: null })),

	'too-large': ({ chat, response }) => {
		const message = `Request too large for ${chat.model} on tokens per min (TPM): Limit 1, Requested ${chat.promptTokens}.`;
		sendJson(
			response,
			429,
			errorOf({ do: 'status', status: 429, code: 'rate_limit_exceeded', type: 'tokens', message }),
		);
	},

	'cannot-afford': ({ response }) => {
		const message = 'This request requires more credits, or fewer max_tokens. You can only afford 10 tokens.';
		sendJson(response, 402, errorOf({ do: 'status', status: 402, type: 'payment_required', message }));
	},

	'reject-field': (stage, { field = '' }) => {
		if (!stage.chat.names.has(field)) return performances.answer(stage, { do: 'answer' });
		const message = `Unsupported parameter: '${field}' is not supported with this model.`;
		sendJson(stage.response, 422, refusalBody({ message, param: field }));
	},

	hang: () => {},

	reset: ({ response }) => {
		response.socket?.resetAndDestroy();
	},

	empty: ({ chat, response }) => {
		response.setHeader('content-type', chat.isStream ? 'text/event-stream' : 'application/json');
		response.end();
	},

	silent: (stage) => answerWhole({ ...stage, answer: { ...stage.answer, tokens: [], finishReason: 'stop' } }),

	garbage: ({ chat, response }) => {
		const html = '<html><body><h1>Simulated garbage</h1></body></html>';
		response.setHeader('content-type', chat.isStream ? 'text/event-stream' : 'text/html');
		response.end(chat.isStream ? `data: ${html}\n\ndata: {"choices": [\n\n` : html);
	},

	cut: async (stage, step) => {
		await sendPart(stage, step);
		// Ends the socket after what was written; destroying it at once would lose tokens that the client is to see.
		stage.response.socket?.destroySoon();
	},

	stall: async (stage, step) => {
		await sendPart(stage, step);
	},

	finish: async (stage, step) => {
		const { chat, response } = stage;
		const reason = step.reason ?? 'abort';
		const tokens = stage.answer.tokens.slice(0, step.afterTokens ?? 0);
		const answer = { ...stage.answer, tokens, finishReason: reason };
		if (!chat.isStream) {
			await wait(stage.firstToken, stage.over);
			return sendJson(response, 200, completionBody(chat, answer));
		}
		await streamTokens(stage, tokens.length);
		await sendEvent(stage, chunkBody(chat, answer, {}, reason));
		response.end('data: [DONE]\n\n');
	},

	'stray-error': async (stage, step) => {
		if (!stage.chat.isStream) return sendJson(stage.response, 200, errorOf(step));
		await streamTokens(stage, step.afterTokens ?? 0);
		stage.response.end(`error: ${JSON.stringify(errorOf(step).error)}\n`);
	},

	'message-chunks': async (stage, step) => {
		const { chat, answer, response } = stage;
		if (!chat.isStream) return perform(stage, { ...step, do: 'answer' });
		for (const at of answer.tokens.keys()) {
			await wait(at === 0 ? stage.firstToken : stage.tokenInterval, stage.over);
			await sendEvent(stage, messageChunk(chat, answer, answer.tokens.slice(0, at + 1).join('')));
		}
		await sendEvent(stage, messageChunk(chat, answer, answer.tokens.join(''), answer.finishReason));
		response.end('data: [DONE]\n\n');
	},

	'mixed-calls': async (stage) => {
		const { chat, answer, response } = stage;
		await wait(stage.firstToken, stage.over);
		if (!chat.isStream) return sendJson(response, 200, callsBody(chat, answer));
		response.setHeader('content-type', 'text/event-stream; charset=utf-8');
		for (const piece of callPieces) await sendEvent(stage, chunkBody(chat, answer, { tool_calls: [piece] }));
		await sendEvent(stage, chunkBody(chat, answer, {}, 'tool_calls'));
		await sendEvent(stage, chunkBody(chat, answer, {}, 'stop'));
		response.end('data: [DONE]\n\n');
	},

	'error-event': async (stage, step) => {
		if (!stage.chat.isStream) return sendJson(stage.response, 200, errorOf(step));
		await streamTokens(stage, step.afterTokens ?? 0);
		await sendEvent(stage, errorOf(step));
		stage.response.end();
	},
};

async function answerWhole(stage: Stage, gap?: Gap): Promise<void> {
	const { chat, answer, response } = stage;
	if (!chat.isStream) {
		await wait(stage.firstToken, stage.over);
		return sendJson(response, 200, completionBody(chat, answer));
	}
	await streamTokens(stage, answer.tokens.length, gap);
	await sendEvent(stage, chunkBody(chat, answer, {}, answer.finishReason));
	if (chat.includeUsage) await sendEvent(stage, usageChunk(chat, answer));
	response.end('data: [DONE]\n\n');
}

/** A silence in the middle of a stream. */
interface Gap {
	/** Tokens that come before it. */
	after: number;
	ms: number;
}

/** Signs of life without a word: the headers at once, then a comment a second. */
async function streamComments({ response, over }: Stage, forMs: number): Promise<void> {
	response.setHeader('content-type', 'text/event-stream; charset=utf-8');
	for (let leftMs = forMs; leftMs > 0; leftMs -= COMMENT_INTERVAL_MS) {
		response.write(': simulated, still working\n\n');
		await wait(Math.min(COMMENT_INTERVAL_MS, leftMs), over);
	}
}

/** The beginning of a right answer: `afterTokens` of a stream, or half of a body under its full content-length. */
async function sendPart(stage: Stage, step: SimulationStep): Promise<void> {
	const { chat, answer, response } = stage;
	if (chat.isStream) return streamTokens(stage, step.afterTokens ?? 0);
	await wait(stage.firstToken, stage.over);
	const body = Buffer.from(JSON.stringify(completionBody(chat, answer)));
	response.setHeader('content-type', 'application/json');
	response.setHeader('content-length', body.byteLength);
	response.write(body.subarray(0, body.byteLength / 2));
}

/** The headers and the role at once, as OpenAI does; then up to `count` tokens at their pace. */
async function streamTokens(stage: Stage, count: number, gap?: Gap): Promise<void> {
	const { chat, answer, response, firstToken, tokenInterval } = stage;
	if (!response.headersSent) {
		response.setHeader('content-type', 'text/event-stream; charset=utf-8');
		response.setHeader('cache-control', 'no-cache');
	}
	await sendEvent(stage, chunkBody(chat, answer, { role: 'assistant', content: '', refusal: null }));
	for (const [index, content] of answer.tokens.slice(0, count).entries()) {
		await wait(index === 0 ? firstToken : tokenInterval, stage.over);
		if (index === gap?.after) await wait(gap.ms, stage.over);
		await sendEvent(stage, chunkBody(chat, answer, { content }));
	}
}

async function sendEvent({ response, over }: Stage, data: object): Promise<void> {
	const hasRoom = response.write(`data: ${JSON.stringify(data)}\n\n`);
	if (!hasRoom) await once(response, 'drain', { signal: over });
}

async function wait(ms: number, over: AbortSignal): Promise<void> {
	over.throwIfAborted();
	if (ms > 0) await sleep(ms, undefined, { signal: over });
}

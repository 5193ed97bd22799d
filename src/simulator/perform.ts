import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deed, SimulationStep } from '../contract/simulation.ts';
import { type Answer, chunkBody, completionBody, messageChunk, usageChunk } from './answer.ts';
import { defaultStatus, errorOf } from './errors.ts';
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

/** Does to a request what the step says. Rejects with an AbortError when the client leaves in the middle. */
export async function perform(stage: Stage, step: SimulationStep): Promise<void> {
	await performances[step.do](stage, step);
}

/** Sends a JSON body with its content-length. */
export function sendJson(response: ServerResponse, status: number, body: object): void {
	response.statusCode = status;
	response.setHeader('content-type', 'application/json');
	response.end(JSON.stringify(body));
}

const performances: Readonly<Record<Deed, Performance>> = {
	answer: async (stage) => {
		const { chat, answer, response } = stage;
		if (!chat.isStream) {
			await wait(stage.firstToken, stage.over);
			return sendJson(response, 200, completionBody(chat, answer));
		}
		await streamTokens(stage, answer.tokens.length);
		await sendEvent(stage, chunkBody(chat, answer, {}, answer.finishReason));
		if (chat.includeUsage) await sendEvent(stage, usageChunk(chat, answer));
		response.end('data: [DONE]\n\n');
	},

	status: ({ response }, step) => {
		if (step.retryAfter !== undefined) {
			response.setHeader('retry-after', Math.ceil(step.retryAfter / 1000));
			response.setHeader('retry-after-ms', step.retryAfter);
		}
		sendJson(response, step.status ?? defaultStatus, errorOf(step));
	},

	hang: () => {},

	reset: ({ response }) => {
		response.socket?.resetAndDestroy();
	},

	empty: ({ chat, response }) => {
		response.setHeader('content-type', chat.isStream ? 'text/event-stream' : 'application/json');
		response.end();
	},

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
async function streamTokens(stage: Stage, count: number): Promise<void> {
	const { chat, answer, response, firstToken, tokenInterval } = stage;
	response.setHeader('content-type', 'text/event-stream; charset=utf-8');
	response.setHeader('cache-control', 'no-cache');
	await sendEvent(stage, chunkBody(chat, answer, { role: 'assistant', content: '', refusal: null }));
	for (const [index, content] of answer.tokens.slice(0, count).entries()) {
		await wait(index === 0 ? firstToken : tokenInterval, stage.over);
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

import { type Agent, request } from 'node:http';
import type { StreamPlan } from './soak-plan.ts';

/** What a client got. */
export interface Reply {
	status: number;
	contentType: string;
	target: string;
	text: string;
	/** `whole`: as HTTP says; `left`: the client hung up; `broken`: the connection broke. */
	end: 'whole' | 'left' | 'broken';
}

/** No answer takes this long, ms: the gateway's own deadline is shorter. */
const LIMIT_MS = 120_000;

/** The prompt of a stream, by which its providers know what is asked. */
export function promptOf(number: number): string {
	return `Stream ${number}: give your answer to this number.`;
}

/** Asks for one answer and reads it to its end, or until the client of the plan leaves. Never rejects. */
export function askFor(plan: StreamPlan, port: number, agent: Agent): Promise<Reply> {
	const { number, kind, delivery, profile, wantsUsage, leavesAfterMs } = plan;
	const isStream = delivery === 'stream' || delivery === 'complete';
	const body = JSON.stringify({
		model: profile,
		messages: [{ role: 'user', content: promptOf(number) }],
		...(isStream && { stream: true }),
		...(isStream && wantsUsage && { stream_options: { include_usage: true } }),
		...(kind === 'json' && { response_format: { type: 'json_object' } }),
	});
	return new Promise((resolve) => {
		const reply: Reply = { status: 0, contentType: '', target: '', text: '', end: 'broken' };
		const pieces: Buffer[] = [];
		const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
		const path = '/v1/chat/completions';
		const leaves = leavesAfterMs !== undefined;
		const sent = request({ host: '127.0.0.1', port, path, method: 'POST', agent, headers });
		const timer = setTimeout(() => finish(leaves ? 'left' : 'broken'), leavesAfterMs ?? LIMIT_MS);
		const finish = (end: Reply['end']) => {
			clearTimeout(timer);
			if (end !== 'whole') sent.destroy();
			resolve({ ...reply, text: Buffer.concat(pieces).toString(), end });
		};
		sent.on('response', (response) => {
			reply.status = response.statusCode ?? 0;
			reply.contentType = response.headers['content-type'] ?? '';
			reply.target = String(response.headers['x-breakwater-target'] ?? '');
			response.on('data', (piece: Buffer) => pieces.push(piece));
			response.on('end', () => finish('whole'));
			response.on('error', () => finish('broken'));
		});
		sent.on('error', () => finish('broken'));
		sent.end(body);
	});
}

import { type Agent, request } from 'node:http';

/** What a caller got. */
export interface Reply {
	status: number;
	body: string;
	headers: string;
}

/** So long any call may take, ms: more than the deadline of a request in the attacked configuration. */
export const CALL_LIMIT_MS = 40_000;

export interface Call {
	port: number;
	body: string | Buffer;
	agent?: Agent;
	headers?: Record<string, string>;
	limitMs?: number;
}

/** One chat request; undefined where it does not end in time. A connection that is closed without an answer has the status 0. */
export function chat({ port, body, agent, headers = {}, limitMs = CALL_LIMIT_MS }: Call): Promise<Reply | undefined> {
	return new Promise((resolve) => {
		const outgoing = request(
			{
				host: '127.0.0.1',
				port,
				path: '/v1/chat/completions',
				method: 'POST',
				...(agent && { agent }),
				headers: { 'content-type': 'application/json', ...headers },
			},
			(response) => {
				const pieces: Buffer[] = [];
				response.on('data', (piece: Buffer) => pieces.push(piece));
				response.on('close', () => {
					clearTimeout(limit);
					const { statusCode: status = 0, rawHeaders } = response;
					resolve({ status, body: Buffer.concat(pieces).toString(), headers: rawHeaders.join('\n') });
				});
				response.on('error', () => {});
			},
		);
		const limit = setTimeout(() => {
			resolve(undefined);
			outgoing.destroy();
		}, limitMs);
		outgoing.on('error', () => {
			clearTimeout(limit);
			resolve({ status: 0, body: '', headers: '' });
		});
		outgoing.end(body);
	});
}

/** The text of a whole answer, streamed or not; undefined for everything that does not say that it is whole. */
export function wholeText({ status, body }: Reply, stream: boolean): string | undefined {
	if (status !== 200) return undefined;
	if (!stream) {
		const { choices } = JSON.parse(body);
		return String(choices?.[0]?.message?.content ?? '');
	}
	const events = body.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []));
	if (events.at(-1) !== '[DONE]') return undefined;
	const chunks = events.slice(0, -1).map((data) => JSON.parse(data));
	if (chunks.some(({ error }) => error !== undefined)) return undefined;
	return chunks.map(({ choices }) => choices?.[0]?.delta?.content ?? '').join('');
}

export function chatBody(profile: string, content: string, more: object = {}): string {
	return JSON.stringify({ model: profile, messages: [{ role: 'user', content }], ...more });
}

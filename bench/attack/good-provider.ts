import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { Random } from '../soak-random.ts';

const words = 'harbour wave keel anchor lantern tide mast rope gull storm pier salt deck sail'.split(' ');

/** The one right answer to a prompt. */
export function textOf(prompt: string): string {
	const random = new Random('attack', prompt);
	return `${prompt}: ${Array.from({ length: 12 }, () => random.pick(words)).join(' ')}.`;
}

export function documentOf(prompt: string): string {
	const message = { role: 'assistant', content: textOf(prompt) };
	const usage = { prompt_tokens: 3, completion_tokens: 12, total_tokens: 15 };
	return JSON.stringify({
		id: 'c',
		object: 'chat.completion',
		created: 1,
		model: 'm',
		choices: [{ index: 0, message, finish_reason: 'stop' }],
		usage,
	});
}

/** The events of a stream, without the end mark. */
export function eventsOf(prompt: string): string[] {
	const pieces = textOf(prompt).match(/\S+\s*/g) ?? [];
	const chunk = (delta: object, finish: string | null) =>
		`data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
	return [...pieces.map((content) => chunk({ role: 'assistant', content }, null)), chunk({}, 'stop')];
}

export const endMark = 'data: [DONE]\n\n';

/** A provider that always answers right. */
export async function startGoodProvider(): Promise<{ port: number; server: Server }> {
	const server = createServer(async (incoming, response) => {
		// A proxy that gives a request up in its middle is none of our business.
		const text = await readText(incoming).catch(() => undefined);
		if (text === undefined) return;
		const { messages, stream } = JSON.parse(text);
		const prompt = String(messages?.[0]?.content);
		response.setHeader('content-type', stream === true ? 'text/event-stream' : 'application/json');
		response.end(stream === true ? eventsOf(prompt).join('') + endMark : documentOf(prompt));
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	return { port: (server.address() as AddressInfo).port, server };
}

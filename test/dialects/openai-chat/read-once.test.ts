import { afterEach, expect, it, vi } from 'vitest';
import type { Way } from '../../../machines/request/progress.ts';
import { openaiChatClient, openaiChatProvider } from '../../../src/dialects/openai-chat/openai-chat.ts';
import { Reception } from '../../../src/upstream/reception.ts';

afterEach(() => vi.restoreAllMocks());

/** The texts that are parsed while something is done. */
function parsedBy(work: () => void): string[] {
	const parse = vi.spyOn(JSON, 'parse');
	work();
	return parse.mock.calls.map(([text]) => text);
}

const last = '{"role":"user","content":"And now?"}';
const body = `{"model":"x","messages":[{"role":"user","content":"${'long '.repeat(1000)}"},${last}],"failover":{"profile":"p"}}`;

it('a request is parsed once, and of it only the last message once more, however often it is rendered', () => {
	const parsed = parsedBy(() => {
		const { request } = openaiChatClient.read(body);
		const members = { defaults: { top_p: '0.5' }, force: { seed: '7' } };
		const ask = (way: Way, shown: string) =>
			openaiChatProvider.render({ request, model: 'm', streamUpstream: false, members, way, shown }).body;
		expect(ask('fresh', '')).not.toContain('failover');
		for (const way of ['instruct', 'prefill', 'rewind'] as const) expect(ask(way, 'So far')).toContain(`${last},`);
	});
	expect(parsed.filter((text) => text === body)).toHaveLength(1);
	expect(parsed.filter((text) => text === last)).toHaveLength(1);
	// What is left are the names of members.
	expect(parsed.filter((text) => text !== body && text !== last && text.length > 20)).toEqual([]);
});

it('a document that is an error is parsed once', () => {
	const error = JSON.stringify({ error: { message: 'The server had an error', type: 'server_error' } });
	const parsed = parsedBy(() => {
		const options = {
			dialect: openaiChatProvider,
			classify: () => ({ failure: { category: 'SERVER_ERROR' as const }, message: '' }),
			provider: 'p',
			model: 'm',
			stream: false,
			choices: 1,
			answerLimit: 1000,
			maxEventLength: 1000,
		};
		const reception = new Reception(options, 200, { 'content-type': 'application/json' });
		reception.take(Buffer.from(error));
		expect(reception.end().verdict.is).toBe('broken');
	});
	expect(parsed).toEqual([error]);
});

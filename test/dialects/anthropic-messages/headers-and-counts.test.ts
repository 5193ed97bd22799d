import { describe, expect, it } from 'vitest';
import { answersMessage, failsAsAnthropic } from '../../helpers/anthropic-shapes.ts';
import { anthropic, messagesPerTest, messagesRequest } from '../../helpers/messages-per-test.ts';
import { completes } from '../../helpers/upstream.ts';
import { wallAnswer } from '../../helpers/wall-answer.ts';

const { text } = wallAnswer;

const { startFor } = messagesPerTest();

describe('headers of the caller', () => {
	const own = {
		'anthropic-version': '2026-10-21',
		'anthropic-beta': 'one,two',
		'openai-beta': 'three',
		traceparent: 't',
	};

	it('go to providers of their own API alone', async () => {
		const running = await startFor({ a: anthropic });
		running.upstream('a').next(failsAsAnthropic(500, 'api_error', 'Internal'));
		await (await running.ask(messagesRequest, '/v1/messages', own)).text();
		const [toAnthropic, toOther] = ['a', 'b'].map((name) => running.upstream(name).requests[0]?.headers ?? {});
		expect(toAnthropic).toMatchObject({
			'anthropic-version': '2026-10-21',
			'anthropic-beta': 'one,two',
			traceparent: 't',
		});
		expect(toAnthropic).not.toHaveProperty('openai-beta');
		expect(toOther).toMatchObject({ 'openai-beta': 'three', traceparent: 't' });
		expect(Object.keys(toOther ?? {}).filter((name) => name.startsWith('anthropic-'))).toEqual([]);
	});

	it('a version is named where the caller names none, and the configuration wins', async () => {
		const running = await startFor({
			a: anthropic,
			b: { ...anthropic, headers: { 'anthropic-version': '2027-01-01' } },
		});
		running.upstream('a').always(failsAsAnthropic(500, 'api_error', 'Internal'));
		running.upstream('b').always(answersMessage({ text }));
		await (await running.ask(messagesRequest)).text();
		await (await running.ask(messagesRequest, '/v1/messages', own)).text();
		const versions = (name: string) =>
			running.upstream(name).requests.map(({ headers }) => headers['anthropic-version']);
		expect([versions('a'), versions('b')]).toEqual([
			['2023-06-01', '2026-10-21'],
			['2027-01-01', '2027-01-01'],
		]);
	});
});

describe('counting tokens', () => {
	const { max_tokens: _, ...counted } = messagesRequest;
	const path = '/v1/messages/count_tokens';

	it('is asked of a provider that counts, and fails over', async () => {
		const running = await startFor({ b: anthropic, c: anthropic }, ['a', 'b', 'c']);
		running.upstream('b').next(failsAsAnthropic(529, 'overloaded_error', 'Overloaded'));
		running.upstream('c').next(completes({ input_tokens: 14 }));
		const response = await running.ask({ ...counted, max_tokens: 5, stream: true }, path);
		expect([await response.text(), response.headers.get('x-breakwater-estimated')]).toEqual([
			'{"input_tokens":14}',
			null,
		]);
		expect(running.upstream('a').requests).toEqual([]);
		expect(running.upstream('c').requests[0]?.path).toBe(path);
		expect(running.sentTo('c')).toEqual({ ...counted, model: 'model-c' });
	});

	it('an answer that is no count is none', async () => {
		const running = await startFor({ a: anthropic, b: anthropic });
		running.upstream('a').next(completes({ tokens: 14 }));
		running.upstream('b').next(completes({ input_tokens: 15 }));
		expect(await (await running.ask(counted, path)).json()).toEqual({ input_tokens: 15 });
	});

	it('is estimated where nobody counts', async () => {
		const running = await startFor({});
		const messages = [{ role: 'user', content: 'x'.repeat(4000) }];
		const response = await running.ask({ ...counted, messages }, path);
		expect([await response.json(), response.headers.get('x-breakwater-estimated')]).toEqual([
			{ input_tokens: 1005 },
			'true',
		]);
		expect(running.upstream('a').requests).toEqual([]);
	});
});

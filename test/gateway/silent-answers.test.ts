import { afterEach, describe, expect, it } from 'vitest';
import {
	contentOf,
	eventsOf,
	type GatewaySetup,
	messages,
	soon,
	startGateway,
	type TestGateway,
} from '../helpers/gateway.ts';
import {
	answers,
	type Behaviour,
	chunkOf,
	completes,
	completionOf,
	hangs,
	status,
	streams,
} from '../helpers/upstream.ts';

let breakwater: TestGateway | undefined;
afterEach(async () => {
	await breakwater?.close();
	breakwater = undefined;
});

async function start(setup: GatewaySetup = {}) {
	breakwater = await startGateway(setup);
	return breakwater;
}

/** Each way in which an answer comes: what is asked for, and how the profile has it delivered. */
const ways: [string, GatewaySetup, boolean][] = [
	['a document', {}, false],
	['a stream', {}, true],
	['a stream that is held until it is whole', delivered({ commit: 'complete' }), true],
	['a document that is streamed by the provider', delivered({ streamUpstream: true }), false],
];

function delivered(settings: object): GatewaySetup {
	return { profiles: { default: { chain: ['a/model-a', 'b/model-b'], ...settings } } };
}

/** An answer whose message, or whose deltas, have these members, with a `stop`. */
function says(message: object, more: { usage?: object; finish?: string; choice?: object } = {}): Behaviour {
	const { usage, finish = 'stop', choice = {} } = more;
	return (exchange) => {
		if ((exchange.request.json as { stream?: boolean }).stream !== true) {
			const choices = [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finish, ...choice }];
			return completes(completionOf('', { choices, usage }))(exchange);
		}
		const end = { ...chunkOf({}), choices: [{ index: 0, delta: {}, finish_reason: finish, ...choice }] };
		const used = usage === undefined ? [] : [{ ...chunkOf({}), choices: [], usage }];
		return streams([chunkOf({ role: 'assistant', ...message }), end, ...used])(exchange);
	};
}

const silent = answers('');

describe.each(ways)('an answer that says nothing, to a caller of %s', (_name, setup, stream) => {
	it('is left for the next target, and blamed on nobody', async () => {
		const { upstream, post, records, health } = await start({ ...setup, policy: { breaker: { failureThreshold: 1 } } });
		upstream('a').always(silent);
		upstream('b').always(answers('Here I am.'));
		const response = await post({ stream });
		expect(response.headers.get('x-breakwater-target')).toBe('b/model-b');
		expect(await contentOf(response)).toBe('Here I am.');
		expect(records[0]?.trace).toMatchObject([
			{ target: 'a/model-a', outcome: 'failed', failure: { category: 'UNKNOWN_TRANSIENT', reason: 'answer_silent' } },
			{ target: 'b/model-b', outcome: 'succeeded' },
		]);
		expect(upstream('a').requests).toHaveLength(1);
		expect((await health()).a).toMatchObject({ state: 'closed', consecutiveFailures: 0 });
	});

	it('is the answer where the next target says nothing either', async () => {
		const { upstream, post, records } = await start({
			names: ['a', 'b', 'c'],
			profiles: { default: { ...(setup.profiles?.default as object), chain: ['a/model-a', 'b/model-b', 'c/model-c'] } },
		});
		upstream('a').always(silent);
		upstream('b').always(silent);
		const response = await post({ stream });
		expect([response.status, response.headers.get('x-breakwater-target')]).toEqual([200, 'b/model-b']);
		expect(await contentOf(response)).toBe('');
		expect(records[0]).toMatchObject({ outcome: 'done', target: 'b/model-b' });
		expect(upstream('c').requests).toHaveLength(0);
	});

	it('is handed out after all where the next target fails', async () => {
		const { upstream, post, records } = await start(setup);
		upstream('a').always(answers('', { id: 'chatcmpl-left' }));
		upstream('b').always(status(503));
		const response = await post({ stream, ...(stream && { stream_options: { include_usage: true } }) });
		expect([response.status, response.headers.get('x-breakwater-target')]).toEqual([200, 'a/model-a']);
		const text = await response.text();
		expect(text).toContain('chatcmpl-left');
		expect(text).toContain('"finish_reason":"stop"');
		if (stream) expect(eventsOf(text).at(-1)).toBe('[DONE]');
		expect(records[0]).toMatchObject({
			outcome: 'done',
			target: 'a/model-a',
			tokens: [{ target: 'a/model-a', input: 5, output: 0 }],
			trace: [{ failure: { reason: 'answer_silent' } }, { failure: { category: 'SERVER_ERROR' } }],
		});
	});

	it('is handed out after all where the next target is denied', async () => {
		const { upstream, post, records } = await start({ ...setup, policy: { breaker: { failureThreshold: 1 } } });
		upstream('b').always(status(503));
		await post({ model: 'b/model-b' });
		upstream('a').always(silent);
		const response = await post({ stream });
		expect([response.status, response.headers.get('x-breakwater-target')]).toEqual([200, 'a/model-a']);
		expect(await contentOf(response)).toBe('');
		expect(records[1]?.trace).toMatchObject([{ did: 'attempt' }, { did: 'deny', target: 'b/model-b' }]);
	});

	it('is the answer at once where nothing comes next, or the policy passes it on', async () => {
		const { upstream, post, records } = await start({ ...setup, policy: { emptyAnswer: 'pass' } });
		upstream('a').always(silent);
		upstream('b').always(silent);
		for (const model of ['default', 'b/model-b']) expect(await contentOf(await post({ model, stream }))).toBe('');
		expect(records.map(({ target, trace }) => [target, trace.length])).toEqual([
			['a/model-a', 1],
			['b/model-b', 1],
		]);
		expect(upstream('b').requests).toHaveLength(1);
	});

	it.each([
		['tool', { role: 'tool', tool_call_id: 'call_1', content: '12' }],
		['function', { role: 'function', name: 'depth', content: '12' }],
	])('is the answer behind a result of the role %s', async (_role, result) => {
		const { upstream, post } = await start(setup);
		upstream('a').always(silent);
		const response = await post({ stream, messages: [...messages, result] });
		expect(response.headers.get('x-breakwater-target')).toBe('a/model-a');
		await response.text();
		const later = await post({ stream, messages: [...messages, result, ...messages] });
		expect(later.headers.get('x-breakwater-target')).toBe('b/model-b');
		await later.text();
	});

	it.each<[string, Behaviour]>([
		['an empty text, without usage', says({ content: '' })],
		['no content at all', says({})],
		['null', says({ content: null, refusal: null, audio: null, annotations: [], tool_calls: [] })],
		['an empty list', says({ content: [] })],
		['a list with an empty text', says({ content: [{ type: 'text', text: '' }] })],
		['members that hold nothing', says({ content: '', provider_specific_fields: { refusal: null }, prefix: false })],
		['usage without output', says({ content: '' }, { usage: { prompt_tokens: 9, completion_tokens: 0 } })],
		['another word for the same end', says({ content: '' }, { finish: 'STOP' })],
	])('may be %s', async (_what, behaviour) => {
		const { upstream, post } = await start(setup);
		upstream('a').always(behaviour);
		const response = await post({ stream });
		expect(response.headers.get('x-breakwater-target')).toBe('b/model-b');
		await response.text();
	});

	it.each<[string, Behaviour]>([
		['white space', says({ content: '\n' })],
		['a refusal', says({ content: null, refusal: 'No.' })],
		['sound', says({ content: null, audio: { id: 'audio_1', data: 'AAAA' } })],
		['annotations', says({ content: '', annotations: [{ type: 'url_citation', url_citation: { url: 'http://x' } }] })],
		['thoughts', says({ content: '', reasoning_content: 'Hm.' })],
		['something that nobody here knows', says({ content: '', drawing: { strokes: 'M0 0' } })],
		['a call of a tool', says({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{}' } }] })],
		['output tokens', says({ content: '' }, { usage: { prompt_tokens: 9, completion_tokens: 40 } })],
		['a limit that was reached', says({ content: '' }, { finish: 'length' })],
		['a filter', says({ content: null }, { finish: 'content_filter' })],
		['a native reason', says({ content: '' }, { choice: { native_finish_reason: 'max_tokens' } })],
	])('is none with %s', async (_what, behaviour) => {
		const { upstream, post } = await start(setup);
		upstream('a').always(behaviour);
		const response = await post({ stream });
		expect(response.headers.get('x-breakwater-target')).toBe('a/model-a');
		await response.text();
		expect(upstream('b').requests).toHaveLength(0);
	});
});

// Side by side, for each waits until its deadline.
describe.concurrent('an answer that says nothing', () => {
	it.for(ways)(
		'is handed out after all where the next target is silent until the deadline, to a caller of %s',
		async ([, setup, stream], { onTestFinished }) => {
			const { upstream, post, records, close } = await startGateway({
				...setup,
				policy: { timeouts: { request: '2s' } },
			});
			onTestFinished(close);
			upstream('a').always(silent);
			upstream('b').always(hangs());
			const response = await post({ stream });
			expect([response.status, response.headers.get('x-breakwater-target')]).toEqual([200, 'a/model-a']);
			expect(await contentOf(response)).toBe('');
			expect(records[0]?.trace).toMatchObject([{ outcome: 'failed' }, { outcome: 'abandoned' }]);
		},
	);
});

describe('several choices', () => {
	const many = (texts: readonly string[]): Behaviour => {
		const choices = texts.map((content, index) => ({ index, content }));
		return (exchange) => {
			if ((exchange.request.json as { stream?: boolean }).stream !== true) {
				const whole = choices.map(({ index, content }) => ({ index, message: { content }, finish_reason: 'stop' }));
				return completes(completionOf('', { choices: whole, usage: undefined }))(exchange);
			}
			const said = choices.map(({ index, content }) => ({ index, delta: { content }, finish_reason: null }));
			const ends = choices.map(({ index }) => ({ index, delta: {}, finish_reason: 'stop' }));
			// The first ends before the second begins.
			const order = [said[0], ends[0], said[1], ends[1]];
			return streams(order.map((choice) => ({ ...chunkOf({}), choices: [choice] })))(exchange);
		};
	};

	it.each([false, true])('say nothing only where none of them does (stream: %s)', async (stream) => {
		const { upstream, post } = await start();
		upstream('a').next(many(['', '']), many(['', 'Here.']));
		upstream('b').always(many(['One.', 'Two.']));
		const left = await post({ stream, n: 2 });
		expect(left.headers.get('x-breakwater-target')).toBe('b/model-b');
		await left.text();
		const kept = await post({ stream, n: 2 });
		expect(kept.headers.get('x-breakwater-target')).toBe('a/model-a');
		expect((await kept.text()).match(/"stop"/g)).toHaveLength(2);
	});
});

describe('an answer that was left', () => {
	it('is not owed to a client that left', async () => {
		const { upstream, post, records } = await start();
		upstream('a').always(silent);
		upstream('b').always(hangs());
		const leaving = new AbortController();
		const asked = post({}, { signal: leaving.signal }).catch(() => 'left');
		await soon(() => expect(upstream('b').requests.length).toBe(1));
		leaving.abort();
		expect(await asked).toBe('left');
		await soon(() => expect(records.length).toBe(1));
		expect(records[0]?.outcome).toBe('aborted');
	});

	it('is forgotten once another one begins, which then is the answer', async () => {
		const { upstream, post } = await start();
		upstream('a').always(silent);
		upstream('b').always(streams([chunkOf({ content: 'Half' })], { end: 'cut' }));
		const response = await post({ stream: true, response_format: { type: 'json_object' } });
		expect(response.headers.get('x-breakwater-target')).toBe('b/model-b');
		expect(await response.text()).toContain('stream_interrupted');
	});

	it('comes with the headers of the provider that gave it', async () => {
		const { upstream, post } = await start();
		const id = (name: string) => ({ 'x-request-id': name });
		upstream('a').always(completes(completionOf(''), id('id-of-a')));
		upstream('b').always(status(503, undefined, id('id-of-b')));
		const response = await post();
		expect(response.headers.get('x-breakwater-upstream-request-id')).toBe('id-of-a');
	});
});

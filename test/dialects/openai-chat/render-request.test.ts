import { describe, expect, it } from 'vitest';
import type { Way } from '../../../machines/request/progress.ts';
import type { RequestConfig } from '../../../src/config/config.ts';
import { ChatBody } from '../../../src/dialects/openai-chat/chat-body.ts';
import { openaiChatProvider } from '../../../src/dialects/openai-chat/openai-chat.ts';
import { renderRequest } from '../../../src/dialects/openai-chat/render-request.ts';
import { requestSettings } from '../../../src/gateway/request-settings.ts';

interface Case {
	json: string;
	stream?: boolean;
	choices?: number;
	settings?: Partial<RequestConfig>;
	streamUpstream?: boolean;
	way?: Way;
	withheld?: readonly string[];
}

function requestOf(asked: Case) {
	const { json, stream = false, choices = 1, settings = {}, streamUpstream = false, way = 'fresh', withheld } = asked;
	const request = {
		dialect: 'openai-chat',
		body: new ChatBody(json),
		stream,
		includeUsage: false,
		choices,
		isContinuable: true,
		mayBeSilent: false,
		tokens: 0,
	};
	const members = requestSettings({ defaults: {}, force: {}, ...settings }, {});
	const { body, ...rendered } = renderRequest({
		request,
		model: 'm',
		streamUpstream,
		members,
		way,
		shown: '',
		withheld,
	});
	return { json: body, ...rendered };
}

const usage = '"stream_options":{"include_usage":true}';

describe('without settings', () => {
	it('a request keeps every byte but its model', () => {
		const json = '{ "model" : "x", "seed": 12345678901234567890,\n"messages":[] }';
		expect(requestOf({ json })).toEqual({ json: json.replace('"x"', '"m"'), stream: false, choices: 1 });
	});

	it('a stream of our own asks for its usage', () => {
		const asked = { json: `{"model":"m","stream":true,${usage}}`, stream: true, choices: 1, added: ['stream_options'] };
		expect(requestOf({ json: '{"model":"x"}', streamUpstream: true })).toEqual(asked);
		expect(requestOf({ json: '{"model":"x"}', way: 'instruct' })).toEqual(asked);
	});

	it('and not where the provider does not take it', () => {
		const asked = { json: '{"model":"m","stream":true}', stream: true, choices: 1 };
		const withheld = ['stream_options'];
		expect(requestOf({ json: '{"model":"x"}', streamUpstream: true, withheld })).toEqual(asked);
	});

	it('costs nothing', () => {
		expect(requestSettings({ defaults: {}, force: {} }, {})).toBeUndefined();
	});
});

describe('settings', () => {
	it.each<[string, Case, string]>([
		[
			'a default where there is none',
			{ json: '{}', settings: { defaults: { top_p: 0.5 } } },
			'{"model":"m","top_p":0.5}',
		],
		[
			'no default where there is one',
			{ json: '{"top_p":0}', settings: { defaults: { top_p: 0.5 } } },
			'{"top_p":0,"model":"m"}',
		],
		[
			'a default where there is null',
			{ json: '{"top_p":null}', settings: { defaults: { top_p: 0.5 } } },
			'{"top_p":0.5,"model":"m"}',
		],
		['what is forced', { json: '{"top_p":0}', settings: { force: { top_p: 1 } } }, '{"top_p":1,"model":"m"}'],
		[
			'what is forced over a default',
			{ json: '{}', settings: { defaults: { top_p: 0.5 }, force: { top_p: 1 } } },
			'{"model":"m","top_p":1}',
		],
		[
			'nothing of what is forced out',
			{ json: '{"a":1,"b":2}', settings: { force: { a: null } } },
			'{"b":2,"model":"m"}',
		],
		[
			'nothing of a default that is forced out',
			{ json: '{}', settings: { defaults: { a: 1 }, force: { a: null } } },
			'{"model":"m"}',
		],
		[
			'a whole member',
			{ json: '{"provider":{"order":["a"],"x":1}}', settings: { force: { provider: { order: ['b'] } } } },
			'{"provider":{"order":["b"]},"model":"m"}',
		],
		['what stands twice once', { json: '{"a":1,"a":2}', settings: { force: { a: 3 } } }, '{"a":3,"model":"m"}'],
	])('write %s', (_name, asked, json) => {
		expect(requestOf(asked).json).toBe(json);
	});

	it.each<[string, Case, boolean, string]>([
		['forced', { json: '{}', settings: { force: { stream: true } } }, true, `{"model":"m","stream":true,${usage}}`],
		[
			'forced, with options of its own',
			{ json: '{}', settings: { force: { stream: true, stream_options: null } } },
			true,
			'{"model":"m","stream":true}',
		],
		[
			'forced out',
			{ json: `{"stream":true,${usage}}`, stream: true, settings: { force: { stream: false } } },
			false,
			'{"stream":false,"model":"m"}',
		],
		[
			'removed',
			{ json: `{"stream":true,${usage}}`, stream: true, settings: { force: { stream: null } } },
			false,
			'{"model":"m"}',
		],
		[
			'forced out of a continuation',
			{ json: '{"stream":true}', stream: true, way: 'instruct', settings: { force: { stream: false } } },
			false,
			'{"stream":false,"model":"m"}',
		],
		[
			'a default',
			{ json: '{}', settings: { defaults: { stream: true } } },
			true,
			`{"model":"m","stream":true,${usage}}`,
		],
		[
			'a default that the caller overrides',
			{ json: '{"stream":false}', settings: { defaults: { stream: true } } },
			false,
			'{"stream":false,"model":"m"}',
		],
	])('ask for a stream that is %s', (_name, asked, stream, json) => {
		const added = asked.stream !== true && json.includes(usage) ? { added: ['stream_options'] } : {};
		expect(requestOf(asked)).toEqual({ json, stream, choices: 1, ...added });
	});

	it('have options of a stream for one only', () => {
		const settings = { defaults: { stream_options: { include_usage: true } } };
		const json = '{"stream":true}';
		expect(requestOf({ json, stream: true, settings }).json).toBe(`{"stream":true,"model":"m",${usage}}`);
		expect(requestOf({ json: '{}', settings }).json).toBe('{"model":"m"}');
		expect(requestOf({ json: `{${usage}}`, settings }).json).toBe(`{${usage},"model":"m"}`);
	});

	it('count the answers that they ask for', () => {
		expect(requestOf({ json: '{}', settings: { force: { n: 3 } } }).choices).toBe(3);
		expect(requestOf({ json: '{"n":2}', choices: 2, settings: { defaults: { n: 3 } } }).choices).toBe(2);
		expect(requestOf({ json: '{"n":2}', choices: 2, settings: { force: { n: null } } }).choices).toBe(1);
	});

	it('know whether the answer is a plain text', () => {
		const isPlain = (force: RequestConfig['force']) => openaiChatProvider.isContinuable(force);
		expect(isPlain({ temperature: 1, response_format: { type: 'text' } })).toBe(true);
		expect(isPlain({ response_format: { type: 'json_object' } })).toBe(false);
		expect(isPlain({ logprobs: true })).toBe(false);
		expect([isPlain({ n: 1 }), isPlain({ n: null }), isPlain({ n: 2 })]).toEqual([true, true, false]);
	});
});

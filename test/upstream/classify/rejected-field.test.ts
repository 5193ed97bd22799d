import { describe, expect, it } from 'vitest';
import { readErrorBody } from '../../../src/dialects/read-error-body.ts';
import { rejectedField } from '../../../src/upstream/classify/rejected-field.ts';

function fieldOf(error: unknown): string | undefined {
	return rejectedField(readErrorBody(400, JSON.stringify(error)));
}

const said = (message: string, param: string | null = null) => ({ error: { message, param } });

describe('the field that a provider does not take', () => {
	it.each([
		["Unsupported parameter: 'max_tokens' is not supported with this model.", 'max_tokens'],
		["Unsupported value: 'temperature' does not support 0.5 with this model.", 'temperature'],
		['Unrecognized request argument supplied: top_k', 'top_k'],
		['top_k: Extra inputs are not permitted', 'top_k'],
		['messages.1.reasoning_content: Extra inputs are not permitted', 'messages[].reasoning_content'],
		["Extra inputs are not permitted, field: 'seed', value: 7", 'seed'],
		['unknown field `seed`, expected one of `model`, `messages`', 'seed'],
		['Invalid JSON payload received. Unknown name "seed": Cannot find field.', 'seed'],
		["('messages.1' : property 'reasoning_content' is unsupported)", 'reasoning_content'],
		['#: extraneous key [top_k] is not permitted', 'top_k'],
		['Model grok-4 does not support parameter presencePenalty.', 'presencePenalty'],
		['Argument not supported on this model: presencePenalty', 'presencePenalty'],
		["Unrecognized key(s) in object: 'foo'", 'foo'],
		['Unsupported parameter(s): `top_k`', 'top_k'],
		['parallel_tool_calls is not supported', 'parallel_tool_calls'],
		['registry.ollama.ai/library/gemma:2b does not support tools', 'tools'],
		['stream_options is not implemented', 'stream_options'],
		['Something is wrong.', undefined],
	])('of %j is %s', (message, field) => {
		expect(fieldOf(said(message))).toBe(field);
	});

	it('is what the error names apart, before its words', () => {
		expect(fieldOf(said("Unknown parameter: 'a'.", 'messages[3].seed'))).toBe('messages[].seed');
		const detail = [{ loc: ['body', 'messages', 0, 'reasoning_content'], msg: 'Extra inputs are not permitted' }];
		expect(fieldOf({ detail })).toBe('messages[].reasoning_content');
	});

	it('is none that could be a sentence', () => {
		expect(fieldOf(said('No.', 'my secret words'))).toBeUndefined();
		expect(fieldOf(said("Unknown parameter: 'my secret words'."))).toBeUndefined();
		expect(fieldOf(said('No.', 'x'.repeat(200)))).toBeUndefined();
	});
});

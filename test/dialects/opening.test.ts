import { expect, it } from 'vitest';
import { openingOf } from '../../src/dialects/opening.ts';

const question = { role: 'user', content: 'Hello' };

it.each([
	['of chat', { messages: [{ role: 'system', content: 'S' }, question, { role: 'assistant', content: 'A' }] }],
	['of chat, in parts', { messages: [{ role: 'developer', content: [{ type: 'text', text: 'S' }] }, question] }],
	[
		'of Messages',
		{ system: [{ type: 'text', text: 'S', cache_control: { type: 'ephemeral' } }], messages: [question] },
	],
	['of Responses', { instructions: 'S', input: [question, { type: 'function_call_output', output: 'x' }] }],
	['of Responses, as one text', { instructions: 'S', input: 'Hello' }],
])('a request %s opens with its instructions and the first message of the user', (_name, body) => {
	expect(openingOf(body)).toEqual(['opening', 'S', 'Hello']);
});

it('marks for a cache, which move from turn to turn, are no part of an opening', () => {
	const image = { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } };
	const marked = { ...image, cache_control: { type: 'ephemeral' } };
	const of = (part: object) => openingOf({ messages: [{ role: 'user', content: [part] }] });
	expect(of(marked)).toEqual(of(image));
	expect(of(image)[1]).toContain('a.png');
});

it('a request without a message of the user is no conversation', () => {
	expect(openingOf({ messages: [{ role: 'assistant', content: 'A' }] })).toEqual([]);
	expect(openingOf({ prompt: 'x' })).toEqual([]);
});

it.each([
	[{ user: 'u', prompt_cache_key: 'k' }, ['prompt_cache_key', 'k']],
	[{ user: 'u', session_id: 's' }, ['session_id', 's']],
	[{ user: '', metadata: { user_id: 'm' } }, ['user_id', 'm']],
	[{ user: 7, prompt_cache_key: null, input: 'Hello' }, ['opening', 'Hello']],
])('%j is named by the first name that it has', (body, name) => {
	expect(openingOf(body)).toEqual(name);
});

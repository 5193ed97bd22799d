import { describe, expect, it } from 'vitest';
import type { Refusal } from '../../../src/contract/refusal.ts';
import { readRequest } from '../../../src/dialects/anthropic-messages/read-request.ts';

const plain = { model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] };

function read(members: object) {
	return readRequest(JSON.stringify({ ...plain, ...members }), { takesHints: true });
}

function refusalOf(members: object): Pick<Refusal, 'param' | 'message' | 'code'> {
	try {
		read(members);
	} catch (error) {
		const { param, message, code } = error as Refusal;
		return { param, message, code };
	}
	throw new Error('it was not refused');
}

describe('a request', () => {
	it('is read as far as Breakwater has to know it', () => {
		const failover = { profile: 'cheap' };
		const { request, wish } = read({
			stream: true,
			models: ['a/b'],
			failover,
			metadata: { quality: 'high', user_id: 'u' },
		});
		expect(request).toMatchObject({
			dialect: 'anthropic-messages',
			stream: true,
			includeUsage: true,
			choices: 1,
			isContinuable: true,
			mayBeSilent: false,
		});
		expect(wish).toMatchObject({ model: 'm', models: ['a/b'], profile: 'cheap', hints: { quality: 'high' } });
		expect(wish.lastUserMessage()).toEqual({ texts: ['Hello'], isOnlyText: true });
		expect(request.borrowed).toBeUndefined();
	});

	it('that wants a document of a schema is not carried on', () => {
		const format = { type: 'json_schema', schema: {} };
		expect(read({ output_config: { format } }).request.isContinuable).toBe(false);
		expect(read({ output_format: format }).request.isContinuable).toBe(false);
		expect(read({ output_config: { effort: 'low' } }).request.isContinuable).toBe(true);
	});

	it('may get silence behind what a tool returned', () => {
		const called = { type: 'tool_use', id: 't', name: 'n', input: {} };
		const messages = [
			...plain.messages,
			{ role: 'assistant', content: [called] },
			{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'x' }] },
		];
		expect(read({ messages }).request.mayBeSilent).toBe(true);
	});

	it('names what only one provider has', () => {
		const document = { type: 'document', source: { type: 'file', file_id: 'file_1' } };
		const { borrowed } = read({ container: 'c_1', messages: [{ role: 'user', content: [document] }] }).request;
		expect(borrowed).toEqual([
			{ id: 'c_1', what: 'container', isNeeded: true },
			{ id: 'file_1', what: 'file_id', isNeeded: true },
		]);
	});
});

describe('a request is refused', () => {
	it.each([
		[{ max_tokens: undefined }, 'max_tokens', /POST \/v1\/chat\/completions/],
		[{ max_tokens: 0 }, 'max_tokens', /positive whole number/],
		[{ max_tokens: 1.5 }, 'max_tokens', /positive whole number/],
		[{ stream: 'yes' }, 'stream', /true or false/],
		[{ model: 7 }, 'model', /string/],
		[{ messages: [] }, 'messages', /at least one/],
		[{ messages: undefined, input: 'x' }, 'messages', /POST \/v1\/responses/],
		[{ messages: ['x'] }, 'messages[0]', /object/],
		[{ messages: [{ role: 'tool', content: '' }] }, 'messages[0].role', /chat\/completions.*tool_result/],
		[{ messages: [{ role: 'developer', content: '' }] }, 'messages[0].role', /'system'/],
		[{ messages: [{ role: 'bot', content: '' }] }, 'messages[0].role', /'bot'/],
		[{ messages: [{ role: 'user' }] }, 'messages[0].content', /a text or a list/],
		[{ messages: [{ role: 'assistant', content: null, tool_calls: [] }] }, 'messages[0].content', /chat\/completions/],
		[{ tools: [{ type: 'function', function: { name: 'f' } }] }, 'tools[0]', /input_schema/],
		[{ models: 'a/b' }, 'models', /list/],
		[{ failover: { profil: 'x' } }, 'failover', /profil/],
	])('%j', (members, param, message) => {
		expect(refusalOf(members)).toMatchObject({
			code: 'invalid_request',
			param,
			message: expect.stringMatching(message),
		});
	});

	it('where a result has no call, once it has to be translated', () => {
		const messages = [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'x' }] }];
		const { request } = read({ messages });
		expect(() => request.conversation?.()).toThrow(/'messages\[0\]' has a 'tool_result'/);
	});
});

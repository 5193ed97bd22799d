import { describe, expect, it } from 'vitest';
import { anthropicMessagesProvider } from '../../../src/dialects/anthropic-messages/anthropic-messages.ts';
import { anthropicCountProvider } from '../../../src/dialects/anthropic-messages/count-tokens.ts';
import { readDocument } from '../../../src/dialects/anthropic-messages/read-document.ts';
import { readRequest } from '../../../src/dialects/anthropic-messages/read-request.ts';
import { unsignedMark } from '../../../src/dialects/anthropic-messages/unsigned.ts';
import { proofId } from '../../../src/dialects/proofs.ts';
import { plainAsk } from '../../helpers/plain-ask.ts';

const signed = { type: 'thinking', thinking: 'Hm', signature: 'of A' };
const encrypted = { type: 'redacted_thinking', data: 'thought of A' };
const ofAnother = { type: 'thinking', thinking: 'Oh', signature: 'of B' };
const unsigned = { type: 'thinking', thinking: 'Ah', signature: unsignedMark };
const call = { type: 'tool_use', id: 'toolu_1', name: 'read_sign', input: {} };
const proofsOfA = [proofId('of A'), proofId('thought of A')];

const question = { role: 'user', content: 'What is written there?' };
const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'quay' }] };

function requestWith(...thoughts: object[]) {
	const messages = [question, { role: 'assistant', content: [...thoughts, call] }, result];
	return readRequest(JSON.stringify({ model: 'default', max_tokens: 10, messages })).request;
}

const dialects = [anthropicMessagesProvider, anthropicCountProvider];

function blocksSent(dialect: (typeof dialects)[number], foreign?: ReadonlySet<string>): unknown[] {
	const request = requestWith(signed, encrypted, ofAnother);
	const ask = {
		request,
		model: 'm',
		...plainAsk,
		foreign,
	};
	return JSON.parse(dialect.render(ask).body).messages[1].content;
}

describe('thoughts that a provider signed', () => {
	it('are noted in a stream and in a document, by their proofs', () => {
		const options = { model: 'm', maxEventLength: 10_000, choices: 1 };
		const reader = anthropicMessagesProvider.newReader(options);
		const events = [
			{ type: 'message_start', message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [] } },
			{ type: 'content_block_start', index: 0, content_block: { ...signed, thinking: '', signature: '' } },
			{ type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hm' } },
			{ type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'of A' } },
			{ type: 'content_block_stop', index: 0 },
			{ type: 'content_block_start', index: 1, content_block: encrypted },
			{ type: 'content_block_stop', index: 1 },
		];
		for (const event of events) reader.feed(Buffer.from(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`));
		expect(reader.made).toEqual(proofsOfA);
		const document = { type: 'message', content: [signed, encrypted, call], stop_reason: 'tool_use' };
		const read = readDocument(JSON.stringify(document), { model: 'm' });
		expect(read).toMatchObject({ is: 'answer', answer: { made: proofsOfA } });
	});

	it('are a hint that a request brings back; our own mark is no proof', () => {
		const [first, second] = proofsOfA;
		expect(requestWith(signed, encrypted, unsigned).borrowed).toEqual([
			{ id: first, what: 'signed thinking', isNeeded: false },
			{ id: second, what: 'signed thinking', isNeeded: false },
		]);
		expect(requestWith().borrowed).toBeUndefined();
	});

	it.each(dialects)('go back to whom they are of, and to nobody else: $path', (dialect) => {
		expect(blocksSent(dialect)).toEqual([signed, encrypted, ofAnother, call]);
		expect(blocksSent(dialect, new Set(proofsOfA))).toEqual([ofAnother, call]);
	});
});

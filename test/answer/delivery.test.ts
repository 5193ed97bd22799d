import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Delivery, DocumentDelivery, type Recipient, StreamDelivery } from '../../src/answer/delivery.ts';
import type { AnswerEvent } from '../../src/contract/answer-parts.ts';
import type { AnswerInfo, AnswerSink } from '../../src/contract/answer-sink.ts';
import type { FailureReport } from '../../src/contract/failure-report.ts';
import { eventOf } from '../../src/dialects/openai-chat/chunk.ts';
import { openaiChatClient } from '../../src/dialects/openai-chat/openai-chat.ts';
import { chunkOf } from '../helpers/upstream.ts';

const info: AnswerInfo = { requestId: 'r', route: 'default', target: 'a/m', attempts: 1 };
const report: FailureReport = {
	status: 502,
	headers: {},
	body: { error: { message: 'broke', type: 'server_error', param: null, code: 'stream_interrupted' } },
};

/** A client that writes down what it is told, in order. */
class Notes implements AnswerSink {
	readonly told: string[] = [];
	text = '';
	isSlow = false;
	/** Has gone in the middle of a write. */
	hasGone = false;

	answer(_info: AnswerInfo, body: Buffer | string): void {
		this.told.push('answer');
		this.text = body.toString();
	}
	fail(): void {
		this.told.push('fail');
	}
	begin(): void {
		this.told.push('begin');
	}
	write(events: string): boolean {
		if (this.hasGone) throw new Error('the client has gone');
		this.told.push('write');
		this.text += events;
		return !this.isSlow;
	}
	end(text: string): void {
		this.told.push('end');
		this.text += text;
	}
	breakOff(_report: FailureReport, text: string): void {
		this.told.push('breakOff');
		this.text += text;
	}
}

function chunk(content: string): AnswerEvent {
	return eventOf({ ...chunkOf({ content }) });
}

/** Whoever asked, as a client of chat completions. */
function to(sink: AnswerSink): Recipient {
	const { request } = openaiChatClient.read('{"messages":[{}]}');
	return { dialect: openaiChatClient, request, requestId: 'r', sink };
}

const contentOf = (json: string) => JSON.parse(json).choices[0].message.content;

describe('to a client that streams', () => {
	it('chunks go out as they come, as events', () => {
		const client = new Notes();
		const delivery = new StreamDelivery(to(client));
		const chunks = [chunk('a'), chunk('b')];
		delivery.begin(info);
		expect(delivery.write(chunks)).toBe(true);
		const text = `data: ${chunks[0]?.raw.data}\n\ndata: ${chunks[1]?.raw.data}\n\n`;
		expect(client.text).toBe(text);
		delivery.finish(info);
		expect(client.told).toEqual(['begin', 'write', 'end']);
		expect(client.text).toBe(`${text}data: [DONE]\n\n`);
	});

	it('a slow one is waited for', () => {
		const client = new Notes();
		client.isSlow = true;
		expect(new StreamDelivery(to(client)).write([chunk('a')])).toBe(false);
	});

	it('an answer that begins again with each attempt is begun once', () => {
		const client = new Notes();
		const delivery = new StreamDelivery(to(client));
		delivery.begin(info);
		delivery.begin({ ...info, target: 'b/m' });
		expect(client.told).toEqual(['begin']);
	});

	it('a sign of life is a comment, and no first word', () => {
		const client = new Notes();
		const delivery = new StreamDelivery(to(client));
		delivery.comment('early');
		expect(client.told).toEqual([]);
		delivery.begin(info);
		delivery.comment('still here');
		expect(client.text).toBe(': still here\n\n');
	});
});

describe('a failure', () => {
	it('before the first word is the answer', () => {
		const client = new Notes();
		new StreamDelivery(to(client)).fail(report);
		expect(client.told).toEqual(['fail']);
	});

	it('halfway through the delivery is an event of the stream, and no end of it', () => {
		const client = new Notes();
		const delivery = new StreamDelivery(to(client));
		delivery.begin(info);
		client.hasGone = true;
		expect(() => delivery.write([chunk('lost')])).toThrow('gone');
		delivery.fail(report);
		expect(client.told).toEqual(['begin', 'breakOff']);
		expect(client.text).toBe(`data: ${JSON.stringify(report.body)}\n\n`);
	});
});

describe('to a client that wants one document', () => {
	it('chunks are put together, and counted while they wait', () => {
		const client = new Notes();
		const delivery = new DocumentDelivery(to(client), true);
		const chunks = [chunk('a'), chunk('b')];
		expect(delivery.write(chunks)).toBe(true);
		expect(delivery.waitingBytes).toBe(chunks.reduce((sum, { raw }) => sum + raw.data.length, 0));
		delivery.finish(info);
		expect(client.told).toEqual(['answer']);
		expect(contentOf(client.text)).toBe('ab');
	});

	it('a document of the provider goes out byte for byte', () => {
		const client = new Notes();
		const delivery = new DocumentDelivery(to(client), false);
		delivery.writeBody(Buffer.from('{"x": 1}'));
		delivery.finish(info);
		expect(client.text).toBe('{"x": 1}');
	});

	it.each([
		['chunks', (delivery: DocumentDelivery) => delivery.write([chunk('first')])],
		['a body', (delivery: DocumentDelivery) => delivery.writeBody('{"first":1}')],
	])('a new try forgets %s of the one before', (_name, write) => {
		const client = new Notes();
		const delivery = new DocumentDelivery(to(client), false);
		write(delivery);
		delivery.reset();
		expect(delivery.waitingBytes).toBe(0);
		delivery.write([chunk('second')]);
		delivery.finish(info);
		expect(contentOf(client.text)).toBe('second');
	});

	it('an answer is carried on only where it can be', () => {
		expect(new DocumentDelivery(to(new Notes()), true).commits).toBe(true);
		expect(new DocumentDelivery(to(new Notes()), false).commits).toBe(false);
	});
});

describe('whatever happens to an answer', () => {
	const deliveries: [string, (client: AnswerSink) => Delivery][] = [
		['a stream', (client) => new StreamDelivery(to(client))],

		['a document', (client) => new DocumentDelivery(to(client), true)],
		['a document that is started over', (client) => new DocumentDelivery(to(client), false)],
	];
	/** Exactly one of the endings of `AnswerSink`. */
	const contract = /^(answer|fail|begin( write)* (end|breakOff))$/;

	it.each(deliveries)('%s keeps to the contract of its client', (_name, deliveryTo) => {
		const step = fc.constantFrom('write', 'comment', 'again');
		fc.assert(
			fc.property(fc.array(step, { maxLength: 8 }), fc.boolean(), (steps, isWhole) => {
				const client = new Notes();
				const delivery = deliveryTo(client);
				let hasBegun = false;
				for (const what of steps) {
					if (what === 'comment') delivery.comment('x');
					if (what === 'again' && !(delivery.commits && hasBegun)) delivery.reset();
					if (what !== 'write') continue;
					if (delivery.commits) delivery.begin(info);
					hasBegun = true;
					delivery.write([chunk('a')]);
				}
				if (isWhole) delivery.finish(info);
				else delivery.fail(report);
				expect(client.told.join(' ')).toMatch(contract);
				expect(client.told.includes('end') || client.told.includes('answer')).toBe(isWhole);
			}),
		);
	});
});

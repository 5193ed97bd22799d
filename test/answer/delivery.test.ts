import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClientChunk } from '../../src/answer/answer-stream.ts';
import { type Delivery, DocumentDelivery, StreamDelivery, WholeStreamDelivery } from '../../src/answer/delivery.ts';
import type { AnswerInfo, AnswerSink } from '../../src/contract/answer-sink.ts';
import type { FailureReport } from '../../src/contract/failure-report.ts';
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
	end(): void {
		this.told.push('end');
	}
	breakOff(): void {
		this.told.push('breakOff');
	}
}

function chunk(content: string): ClientChunk {
	const value = chunkOf({ content });
	return { value, data: JSON.stringify(value) };
}

const contentOf = (json: string) => JSON.parse(json).choices[0].message.content;

describe('to a client that streams', () => {
	it('chunks go out as they come, as events', () => {
		const client = new Notes();
		const delivery = new StreamDelivery(client);
		const chunks = [chunk('a'), chunk('b')];
		delivery.begin(info);
		expect(delivery.write(chunks)).toBe(true);
		expect(client.text).toBe(`data: ${chunks[0]?.data}\n\ndata: ${chunks[1]?.data}\n\n`);
		delivery.finish(info);
		expect(client.told).toEqual(['begin', 'write', 'end']);
	});

	it('a slow one is waited for', () => {
		const client = new Notes();
		client.isSlow = true;
		expect(new StreamDelivery(client).write([chunk('a')])).toBe(false);
	});

	it('an answer that begins again with each attempt is begun once', () => {
		const client = new Notes();
		const delivery = new StreamDelivery(client);
		delivery.begin(info);
		delivery.begin({ ...info, target: 'b/m' });
		expect(client.told).toEqual(['begin']);
	});

	it('a sign of life is a comment, and no first word', () => {
		const client = new Notes();
		const delivery = new StreamDelivery(client);
		delivery.comment('early');
		expect(client.told).toEqual([]);
		delivery.begin(info);
		delivery.comment('still here');
		expect(client.text).toBe(': still here\n\n');
	});
});

describe('to a client that streams whole answers', () => {
	it('nothing goes out before the end, and only of the last try', () => {
		const client = new Notes();
		const delivery = new WholeStreamDelivery(client);
		delivery.write([chunk('first')]);
		expect(delivery.waitingLength).toBeGreaterThan(0);
		delivery.reset();
		expect(delivery.waitingLength).toBe(0);
		delivery.begin();
		delivery.comment();
		delivery.write([chunk('second')]);
		expect(client.told).toEqual([]);
		delivery.finish(info);
		expect(client.told).toEqual(['begin', 'write', 'end']);
		expect(client.text).toContain('second');
		expect(client.text).not.toContain('first');
	});

	it('a failure halfway through the delivery is no error document', () => {
		const client = new Notes();
		const delivery = new WholeStreamDelivery(client);
		client.hasGone = true;
		expect(() => delivery.finish(info)).toThrow('gone');
		delivery.fail(report);
		expect(client.told).toEqual(['begin', 'breakOff']);
	});
});

describe('to a client that wants one document', () => {
	it('chunks are put together, and counted while they wait', () => {
		const client = new Notes();
		const delivery = new DocumentDelivery(client, true);
		const chunks = [chunk('a'), chunk('b')];
		expect(delivery.write(chunks)).toBe(true);
		expect(delivery.waitingLength).toBe(chunks.reduce((sum, { data }) => sum + data.length, 0));
		delivery.finish(info);
		expect(client.told).toEqual(['answer']);
		expect(contentOf(client.text)).toBe('ab');
	});

	it('a document of the provider goes out byte for byte', () => {
		const client = new Notes();
		const delivery = new DocumentDelivery(client, false);
		delivery.writeBody(Buffer.from('{"x": 1}'));
		delivery.finish(info);
		expect(client.text).toBe('{"x": 1}');
	});

	it.each([
		['chunks', (delivery: DocumentDelivery) => delivery.write([chunk('first')])],
		['a body', (delivery: DocumentDelivery) => delivery.writeBody('{"first":1}')],
	])('a new try forgets %s of the one before', (_name, write) => {
		const client = new Notes();
		const delivery = new DocumentDelivery(client, false);
		write(delivery);
		delivery.reset();
		expect(delivery.waitingLength).toBe(0);
		delivery.write([chunk('second')]);
		delivery.finish(info);
		expect(contentOf(client.text)).toBe('second');
	});

	it('an answer is carried on only where it can be', () => {
		expect(new DocumentDelivery(new Notes(), true).commits).toBe(true);
		expect(new DocumentDelivery(new Notes(), false).commits).toBe(false);
	});
});

describe('whatever happens to an answer', () => {
	const deliveries: [string, (client: AnswerSink) => Delivery][] = [
		['a stream', (client) => new StreamDelivery(client)],
		['a stream of whole answers', (client) => new WholeStreamDelivery(client)],
		['a document', (client) => new DocumentDelivery(client, true)],
		['a document that is started over', (client) => new DocumentDelivery(client, false)],
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

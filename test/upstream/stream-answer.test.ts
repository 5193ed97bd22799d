import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamAnswer, type StreamState } from '../../src/upstream/stream-answer.ts';
import { chunkOf, chunksOf } from '../helpers/openai-shapes.ts';
import { contentOf, parseEvents } from '../helpers/sse.ts';

const limit = 100_000;

interface Reading {
	events: string;
	state: StreamState;
	hasContent: boolean;
	isFinished: boolean;
	skippedEvents: number;
}

/** Feeds the pieces to a new answer, then ends the body. */
function read(pieces: readonly Uint8Array[], maxEventLength = limit): Reading {
	const answer = new StreamAnswer('asked-model', maxEventLength);
	const events = pieces.map((piece) => answer.feed(Buffer.from(piece))).join('') + answer.finish();
	const { state, hasContent, isFinished, skippedEvents } = answer;
	return { events, state, hasContent, isFinished, skippedEvents };
}

function readText(text: string, maxEventLength?: number): Reading {
	return read([Buffer.from(text)], maxEventLength);
}

function sse(...events: (string | object)[]): string {
	return events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join('');
}

function split(bytes: Buffer, positions: readonly number[]): Buffer[] {
	const cuts = [...new Set(positions.map((position) => position % (bytes.length + 1)))].sort((a, b) => a - b);
	return [0, ...cuts].map((from, index) => bytes.subarray(from, cuts[index]));
}

const hello = chunkOf({ content: 'Hello' });
const stop = chunkOf({}, 'stop');

describe('a stream cut into pieces', () => {
	const eventArbitrary = fc.record({
		content: fc.string({ unit: fc.oneof(fc.constantFrom('é', '漢', '👩‍👩‍👧', '\u2028', '\ufeff'), fc.fullUnicode()) }),
		before: fc.array(fc.constantFrom(': comment é', ':', 'id: 7', 'retry: 10', 'unknown: x', 'event: message')),
		isPretty: fc.boolean(),
		space: fc.constantFrom('', ' '),
	});
	const streamArbitrary = fc.record({
		events: fc.array(eventArbitrary, { minLength: 1, maxLength: 6 }),
		lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
		bom: fc.constantFrom('', '\ufeff'),
		ending: fc.constantFrom('done', 'finish', 'unclosed'),
	});

	function write({ events, lineEnd, bom, ending }: (typeof streamArbitrary)['generate'] extends never ? never : Stream) {
		const blocks = events.map(({ content, before, isPretty, space }) => {
			const json = JSON.stringify(chunkOf({ content }), null, isPretty ? 1 : undefined);
			return [...before, ...json.split('\n').map((line) => `data:${space}${line}`), '', ''].join(lineEnd);
		});
		const last = ending === 'done' ? '[DONE]' : JSON.stringify(stop);
		const close = ending === 'unclosed' ? '' : lineEnd + lineEnd;
		return Buffer.from(`${bom}${blocks.join('')}data: ${last}${close}`);
	}
});

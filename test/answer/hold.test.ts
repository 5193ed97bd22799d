import { describe, expect, it } from 'vitest';
import { Hold } from '../../src/answer/hold.ts';
import type { AnswerEvent } from '../../src/contract/answer-parts.ts';

function eventOf(number: number): AnswerEvent {
	const value = { choices: [{ index: 0, delta: { content: `${number} é` }, finish_reason: null }] };
	const parts = [{ is: 'text', choice: 0, text: `${number} é` } as const];
	return { parts, model: 'm', raw: { dialect: 'd', data: JSON.stringify(value), value } };
}

function held(count: number): { hold: Hold; events: AnswerEvent[] } {
	const hold = new Hold();
	const events = Array.from({ length: count }, (_, number) => eventOf(number));
	events.forEach((event, number) => {
		hold.add(event, `${number} é`);
	});
	return { hold, events };
}

describe('what waits', () => {
	it.each([0, 1, 511, 512, 513, 2000])('comes out whole and in its order: %i events', (count) => {
		const { hold, events } = held(count);
		expect(hold.isEmpty).toBe(count === 0);
		expect(hold.events).toEqual(events);
		expect(hold.bytes).toBe(events.reduce((sum, { raw }) => sum + Buffer.byteLength(raw.data), 0));
		expect(hold.release()).toEqual({ events, text: events.map((_, number) => `${number} é`).join('') });
		expect([hold.isEmpty, hold.bytes, hold.memory, hold.events.length]).toEqual([true, 0, 0, 0]);
	});

	it('takes less than half the memory where it is much', () => {
		const [few, many] = [held(500).hold, held(50_000).hold];
		expect(many.memory).toBeLessThan((few.memory * 100) / 2);
		expect(many.memory).toBeGreaterThan(many.bytes);
	});

	it('is forgotten where it is taken back', () => {
		const { hold } = held(2000);
		hold.drop();
		hold.add(eventOf(7), '7');
		expect(hold.release()).toEqual({ events: [eventOf(7)], text: '7' });
	});
});

import { expect } from 'vitest';
import type { AttemptTestOptions, WatchedAttempt } from '../helpers/attempt.ts';
import { attemptPerTest } from '../helpers/attempt-per-test.ts';
import { eventually } from '../helpers/fake-timers.ts';
import { type Behaviour, chunkOf, onCommand } from '../helpers/upstream.ts';

/** Called once in a file: streams of an upstream that is new for each of its tests. */
export function streamPerTest() {
	const perTest = attemptPerTest();

	function start(behaviour: Behaviour, options: AttemptTestOptions = {}): WatchedAttempt {
		perTest.upstream.next(behaviour);
		return perTest.start({ stream: true, ...options });
	}

	/** How a stream of these events ends, and what was handed on of it. */
	async function outcomeOf(behaviour: Behaviour, options: AttemptTestOptions = {}) {
		const attempt = start(behaviour, options);
		const { is } = await attempt.over;
		return { is, events: attempt.events, isAnswering: attempt.reports.includes('answering') };
	}

	/** Starts an attempt at a stream whose events are sent one by one: each has been handed on before the test goes on. */
	async function startOnCommand(options: AttemptTestOptions) {
		const { behaviour, asked } = onCommand();
		const attempt = start(behaviour, options);
		const { response, write } = await asked;
		response.setHeader('content-type', 'text/event-stream');
		let sent = '';
		const send = async (event: object) => {
			sent += sse(event);
			await write(sse(event));
			await eventually(() => expect(attempt.events).toBe(sent));
		};
		return { attempt, send };
	}

	return { perTest, start, outcomeOf, startOnCommand };
}

export function sse(...events: object[]): string {
	return events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
}

export const role = chunkOf({ role: 'assistant', content: '' });
export const hello = chunkOf({ content: 'Hello' });
export const stop = chunkOf({}, 'stop');
export const overloaded = {
	error: { message: 'The server is overloaded', type: 'server_error', code: 'server_is_overloaded' },
};

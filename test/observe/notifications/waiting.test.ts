import { beforeEach, describe, expect, test } from 'vitest';
import { type Incident, type IncidentNews, subjectOf } from '../../../src/observe/notifications/incident.ts';
import { Waiting } from '../../../src/observe/notifications/waiting.ts';

let waiting: Waiting;
let now: number;

beforeEach(() => {
	waiting = new Waiting();
	now = 0;
});

function add(news: IncidentNews, provider: string, number = 1): void {
	now += 1;
	const incident: Incident = {
		id: `auth/${provider}/${number}`,
		kind: 'auth',
		provider,
		model: 'm',
		failure: { category: 'AUTH_ERROR' },
		since: now,
		until: now,
	};
	waiting.add(subjectOf(incident), news, incident, now);
}

/** `whole` where the beginning is told with the end, `+n` where so many before it are told by their number. */
const taken = (atMost = 100) =>
	waiting
		.take(atMost)
		.map(({ news, incident, at, isWhole, earlier }) =>
			[news, incident.id.slice(5), `at ${at}`, ...(isWhole ? ['whole'] : []), ...(earlier ? [`+${earlier}`] : [])].join(
				' ',
			),
		);

describe('news of one incident merges', () => {
	test('its end takes the place of its beginning, and says so', () => {
		add('opened', 'a');
		add('opened', 'b');
		add('recovered', 'a');
		expect(taken()).toEqual(['opened b/1 at 2', 'recovered a/1 at 3 whole']);
	});

	test('its end alone is its end, also after a reminder', () => {
		add('opened', 'a');
		expect(taken()).toEqual(['opened a/1 at 1']);
		add('reminder', 'a');
		add('reminder', 'a');
		add('reset', 'a');
		expect(taken()).toEqual(['reset a/1 at 4']);
	});

	test('a reminder is none for whoever was not told of the beginning, and the newest of several', () => {
		add('opened', 'a');
		add('reminder', 'a');
		add('reminder', 'b');
		add('reminder', 'b');
		expect(taken()).toEqual(['opened a/1 at 1', 'reminder b/1 at 4']);
	});
});

test('a provider that comes and goes while nobody can be told makes no more than three tellings, which count the rest', () => {
	add('opened', 'a', 0);
	expect(taken()).toHaveLength(1);
	add('recovered', 'a', 0);
	for (let number = 1; number <= 1000; number += 1) {
		add('opened', 'a', number);
		add('reminder', 'a', number);
		add(number % 2 === 0 ? 'recovered' : 'reset', 'a', number);
	}
	add('opened', 'a', 1001);
	expect(waiting.size).toBe(3);
	expect(taken()).toEqual(['recovered a/0 at 2', 'recovered a/1000 at 3002 whole +999', 'opened a/1001 at 3003']);
	expect(waiting.size).toBe(0);
});

test('what is taken is the oldest, and is counted no more', () => {
	for (const provider of ['a', 'b', 'c']) add('opened', provider);
	add('recovered', 'a');
	expect(taken(2)).toEqual(['opened b/1 at 2', 'opened c/1 at 3']);
	expect(taken()).toEqual(['recovered a/1 at 4 whole']);
	add('opened', 'a', 2);
	add('recovered', 'a', 2);
	expect(taken()).toEqual(['recovered a/2 at 6 whole']);
});

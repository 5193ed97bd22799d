import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { linesPart, page } from '../../bench/clients/page.ts';
import { type Question, sayingTo, signAnswer, wholeAnswer } from '../../bench/clients/provider/model.ts';
import type { Visit } from '../../bench/clients/provider/provider.ts';
import { chainOf, faultIn, type Outcome, type Scenario, scenarios, type Trial } from '../../bench/clients/trials.ts';

function trialOf(name: string): Trial {
	const scenario = scenarios.find((one): one is Scenario => one.name === name);
	if (scenario === undefined) throw new Error(`No scenario is called ${name}.`);
	return { scenario, setting: { first: 'openai', second: 'openai' } };
}

function visitsTo(trial: Trial): Visit[] {
	return chainOf(trial).map(({ provider, deed }, at) => {
		return { provider, deed, path: '/chat/completions', isContinuation: at > 0 };
	});
}

const whole: Outcome = { is: 'answer', answer: wholeAnswer };
const error: Outcome = { is: 'error', error: 'it broke off' };

describe('how a trial is judged', () => {
	const broken = trialOf('broken');
	const unfinished = trialOf('unfinished');
	const faultOf = (trial: Trial, outcome: Outcome, visits = visitsTo(trial)) =>
		faultIn(trial, wholeAnswer, outcome, visits);

	it('finds nothing wrong with a whole answer, nor with an error where nobody can finish', () => {
		expect(faultOf(broken, whole)).toBeUndefined();
		expect(faultOf(unfinished, error)).toBeUndefined();
	});

	it.each([
		['a fragment', { is: 'answer', answer: wholeAnswer.slice(0, 90) }],
		['a part that came twice', { is: 'answer', answer: `${wholeAnswer.slice(0, 90)}${wholeAnswer}` }],
		['an error', error],
		['a client that hangs', { is: 'hung', error: 'no end within 30 s' }],
	] as const)('finds %s where the whole answer could be given', (_what, outcome) => {
		expect(faultOf(broken, outcome)).toBeDefined();
	});

	it.each([
		['a fragment that is taken for the answer', { is: 'answer', answer: wholeAnswer.slice(0, 90) }],
		['a client that hangs', { is: 'hung', error: 'no end within 30 s' }],
	] as const)('finds %s where nobody can finish', (_what, outcome) => {
		expect(faultOf(unfinished, outcome)).toBeDefined();
	});

	it('finds a provider that was not asked, one that should not have been, and one that refused', () => {
		const [first, second] = visitsTo(broken);
		if (first === undefined || second === undefined) throw new Error('The chain has two targets.');
		expect(faultOf(broken, whole, [second])).toBe('openai-a/breaks was not asked');
		expect(faultOf(broken, whole, [first, second, { ...second, deed: 'breaks', provider: 'chat-a' }])).toBe(
			'chat-a/breaks was asked',
		);
		const again = [first, second, { ...second, isContinuation: false }];
		expect(faultOf(broken, whole, again)).toContain('the client asked again');
		const refused = [first, { ...second, mistake: 'messages: a list is required.' }];
		expect(faultOf(broken, whole, refused)).toContain('a list is required');
	});
});

describe('the models of the fake providers', () => {
	const question: Question = {
		model: 'answers',
		stream: true,
		tools: [],
		returned: '',
		said: '',
		endsWithSaid: false,
	};
	const textOf = (asked: Question) => {
		const saying = sayingTo(asked);
		return saying.is === 'text' ? saying.pieces.join('') : saying;
	};

	it('go on with an answer that ends the conversation, and begin with its last words where they are told to', () => {
		const said = wholeAnswer.slice(0, 90);
		expect(textOf({ ...question, said, endsWithSaid: true })).toBe(wholeAnswer.slice(90));
		const again = String(textOf({ ...question, said }));
		expect(wholeAnswer.endsWith(again)).toBe(true);
		expect(said).toContain(again.split(' ').slice(0, 7).join(' '));
	});

	it('know the word on the sign only from the tool', () => {
		const calling = { ...question, model: 'calls', tools: ['other', 'read_sign'] };
		expect(textOf(calling)).toEqual({ is: 'call', tool: 'read_sign', arguments: '{"place":"quay"}' });
		const returned = 'The sign says quay-0123abcd.';
		expect(textOf({ ...calling, returned })).toBe(signAnswer('quay-0123abcd'));
	});
});

it('docs/clients.md shows the lines with which the clients are tried', () => {
	expect(readFileSync(page, 'utf8')).toContain(`<!-- client-lines -->\n${linesPart()}\n<!-- /client-lines -->`);
});

import { expect, it } from 'vitest';
import { casesMermaid, reportMermaid } from '../../../src/verify/report/mermaid.ts';
import { readMermaid } from './mermaid.ts';
import {
	broken,
	holding,
	profileReport,
	providerReport,
	providerSteps,
	report,
	requestSteps,
} from './sample-report.ts';

const failing = report({
	verdict: 'fails',
	providers: [providerReport({ properties: [holding('a'), broken('quota-cools-down', providerSteps)] })],
	profiles: [profileReport({ name: 'cheap', properties: [broken('always-ends', requestSteps), holding('b')] })],
});

it('draws every counterexample, and nothing else, as one diagram', () => {
	const { participants, messages, notes } = readMermaid(reportMermaid(failing));
	expect([...participants.values()]).toEqual([
		'operator',
		'request',
		'openai#1',
		'openai',
		'groq',
		'local',
		'provider APIs',
	]);
	expect(notes.filter((note) => note.includes('breaks'))).toEqual([
		'provider openai#1, openai#2 breaks quota-cools-down: this is what happens instead of quota-cools-down',
		'profile cheap breaks always-ends: this is what happens instead of always-ends',
	]);
	expect(messages).toContain('0 ms: request 1 asks for model m');
	expect(messages).toContain('1 m 30 s: the operator resets it');
	expect(notes).toContain('1 m 30 s: the cooldown timer goes off');
	expect(notes).toContain('→ half-open');
});

it('keeps every character of the words, whatever it means to Mermaid', () => {
	const { messages } = readMermaid(reportMermaid(failing));
	expect(messages).toContain(`0 ms: ${providerSteps[1]?.words}`);
});

it('draws the worst cases where all holds', () => {
	const { notes } = readMermaid(reportMermaid(report()));
	expect(notes.filter((note) => note.startsWith('profile'))).toEqual([
		'profile default, most attempts: 9',
		'profile default, longest wait for the first content: 1 m 25 s',
		'profile default, longest wait for a whole answer: 5 m',
	]);
});

it('has one state of a machine only once, until it changes', () => {
	const { notes } = readMermaid(casesMermaid([{ title: 't', steps: requestSteps }]));
	expect(notes.filter((note) => note === '→ settling')).toHaveLength(1);
});

it('stays within what Mermaid draws, and says what it leaves out', () => {
	const steps = Array.from({ length: 500 }, () => requestSteps).flat();
	const cases = Array.from({ length: 40 }, (_, index) => ({ title: `case ${index}`, steps }));
	const { notes } = readMermaid(casesMermaid(cases));
	expect(notes.join('\n')).toMatch(/and [\d,]+ more steps/);
	expect(notes.at(-1)).toMatch(/\d+ more cases are in the report/);
});

it('draws a step of whom it does not know the provider', () => {
	const words = 'something happens';
	const steps = (['request', 'provider', 'upstream', 'client', 'operator', 'time'] as const).map((by) => ({
		at: 0,
		by,
		words,
		event: { type: 'x' },
	}));
	const { messages, notes } = readMermaid(casesMermaid([{ title: 't', steps }]));
	expect([...messages, ...notes].filter((text) => text === `0 ms: ${words}`)).toHaveLength(6);
});

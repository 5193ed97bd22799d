import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import { explainCase, UnknownProfileError } from '../../../src/verify/play/play.ts';
import { explain, linesOf, yaml } from './explained-case.ts';

describe('whom an entry is about', () => {
	test('the most specific one counts', () => {
		const when = '*: 500; anthropic: 502; anthropic#2: 504; anthropic#2/claude: 529; anthropic/claude: 507';
		expect(linesOf(when).filter((line) => line.includes('anthropic/claude (#1) answers'))[0]).toContain('answers 507');
		const keys = parseConfig(
			yaml
				.replace('default: {', 'other: {')
				.replace(
					'profiles:',
					'profiles:\n  default: { chain: [anthropic/claude], policy: { onError: { SERVER_ERROR: { retries: 0, then: credential } } } }',
				),
			{ file: 'test.yaml', env: {} },
		);
		const { steps } = explainCase(keys, { profile: 'default', when, stream: true });
		expect(steps.map(({ words }) => words).filter((words) => words.includes('answers'))).toEqual([
			'anthropic/claude (#1) answers 507 → SERVER_ERROR',
			'anthropic/claude (#2) answers 529 → SERVER_ERROR.overloaded',
		]);
	});

	test('what is not in the chain is said to change nothing', () => {
		expect(explain('openai: 503', { profile: 'cheap' }).notes).toEqual([
			'`openai` is not in the chain of cheap, so what it does changes nothing.',
		]);
	});

	test('a target is a profile of its own; what is neither is refused', () => {
		expect(explain('', { profile: 'openai/gpt-5.4' }).chain).toEqual(['openai/gpt-5.4']);
		expect(() => explain('', { profile: 'chaep' })).toThrow(UnknownProfileError);
		expect(() => explain('', { profile: 'chaep' })).toThrow(
			"There is no profile or target 'chaep' in test.yaml; did you mean `cheap`?",
		);
		expect(() => explain('', { profile: 'nothing-of-the-kind' })).toThrow('the profiles are default, cheap, safe.');
	});
});

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of the YAML is what is tested.
import { describe, expect, it } from 'vitest';
import { type Case, expectProblems, more, provider, sized, timed } from './problem-cases.ts';
import { problemsOf, read } from './read.ts';

describe('a file that is no configuration', () => {
	const root =
		'the file is not a map of options; indent under it `server`, `logs`, `notifications`, `providers`, `profiles`, `routing`, `health`, `policy`, `budget`, `errorRules`';
	const cases: Case[] = [
		['empty', '', '1:1: the file is empty; it needs `providers` and `profiles`'],
		['only comments', '# a\n', '1:1: the file is empty; it needs `providers` and `profiles`'],
		['a list', '- a\n', `1:1: ${root}`],
		['a text', '\nhello\n', `2:1: ${root}`],
		[
			'several documents',
			more('---\na: 1'),
			'5:1: the file holds several documents; keep one and remove `---` or `...`',
		],
		['a tab', 'providers:\n\ta: 1\n', '2:1: a tab is used as indentation; indent with spaces'],
		[
			'an open quote',
			'a: "b\n',
			'2:1: a character is missing, perhaps `,`, `]`, `}`, a closing quote or the space after `:`; add it',
		],
		[
			'an open bracket',
			'a: [b\n',
			'2:1: the indentation does not fit the lines above, or a bracket above is not closed; align it, or close the bracket',
		],
		[
			'no space after a colon',
			'apiKey:sk-secret\nb: 1\n',
			'1:1: a line without `key: value` is here; put a colon and a space after the key',
		],
		[
			'two keys in a line',
			'a: b: c\n',
			'1:4: two keys are nested in one line; put the inner one on a line of its own, or quote the value',
		],
		['a tag', more('server: !x {}'), '5:9: a tag (`!…`) is not known here; remove it, or put the value in quotes'],
		[
			'a reserved character',
			'a: @b\n',
			'1:4: a value begins with a reserved character (`@`, `%` or a backtick); put it in quotes, or write `${VAR}` for an environment variable',
		],
	];
	it.each(cases)('%s', (...row) => expectProblems(row));
});

describe('keys', () => {
	const cases: Case[] = [
		['unknown at the root', more('polcy: {}'), '5:1: `polcy` is not an option; did you mean `policy`?'],
		[
			'unknown and near nothing',
			more('server: { colour: red }'),
			'5:11: `server.colour` is not an option; choose from `host`, `port`, `hosts`, `corsOrigins`, `clients`, `adminKey`, `adminFrom`, `monitoringKey`, `tls`, `timeouts`, `bodyLimit`, `answerLimit`, `limits`, `unknownModel`, `repairJson`, `drainDelay`, `drainTimeout`',
		],
		[
			'unknown, several',
			more('policy: { timeouts: { frstToken: 1s, iddle: 1s } }'),
			'5:23: `policy.timeouts.frstToken` is not an option; did you mean `firstToken`?',
			'5:38: `policy.timeouts.iddle` is not an option; did you mean `idle`?',
		],
		['twice', more('server:\n  port: 1\n  port: 2'), '7:3: `server.port` is given twice; keep one of the two'],
		['twice at the root', more('profiles: {}'), '5:1: `profiles` is given twice; keep one of the two'],
		['without a value', more('server:'), '5:1: `server` has no value; give it one, or remove the line'],
		['that are a map', more('? {a: 1}\n: 1'), '5:3: the file has a key that cannot be a name; write a plain name'],
		['of the prototype', more('__proto__: 1'), '5:1: the file has a key that cannot be a name; write a plain name'],
		['of Object', more('constructor: 1'), expect.stringContaining('5:1: `constructor` is not an option;')],
		[
			'missing at the root',
			'server: {}\n',
			'1:1: `providers` is missing; add `providers:` with at least one provider',
			'1:1: `profiles` is missing; add `profiles:` with at least one profile and its chain',
		],
		[
			'for nothing',
			'providers: {}\nprofiles: {}\n',
			'1:12: `providers` is empty; define at least one provider',
			'2:11: `profiles` is empty; define at least one profile with a chain',
		],
	];
	it.each(cases)('%s', (...row) => expectProblems(row));
});

describe('values', () => {
	const cases: Case[] = [
		[
			'port too high',
			more('server: { port: 65536 }'),
			'5:17: `server.port` is not a whole number from 0 to 65535; write one',
		],
		[
			'port with a fraction',
			more('server: { port: 1.5 }'),
			'5:17: `server.port` is not a whole number from 0 to 65535; write one',
		],
		['host as a number', more('server: { host: 3 }'), '5:17: `server.host` is not text; put it in quotes'],
		['host as nothing', more('server: { host: "" }'), '5:17: `server.host` is empty; give it a text, or remove it'],
		[
			'size as a number',
			more('server: { bodyLimit: 20 }'),
			`5:22: \`server.bodyLimit\` is not a size with its unit; ${sized}`,
		],
		[
			'size in a strange unit',
			more('server: { answerLimit: 9TB }'),
			`5:24: \`server.answerLimit\` is not a size; ${sized}`,
		],
		[
			'duration as a number',
			more('server: { drainTimeout: 30 }'),
			`5:25: \`server.drainTimeout\` is a number without a unit; ${timed}`,
		],
		[
			'duration as a list',
			more('policy: { timeouts: { idle: [] } }'),
			`5:29: \`policy.timeouts.idle\` is not a duration; ${timed}`,
		],
		[
			'no timeout at all',
			more('policy: { timeouts: { connect: 0s } }'),
			'5:32: `policy.timeouts.connect` is no time at all; write at least `1ms`',
		],
		[
			'no cooldown at all',
			more('policy: { breaker: { cooldown: 0s } }'),
			'5:32: `policy.breaker.cooldown` is no time at all; write at least `1ms`',
		],
		[
			'a duration that fires at once',
			more('policy: { timeouts: { request: 25d } }'),
			'5:32: `policy.timeouts.request` is longer than a timer can run; write at most `24d`',
		],
		[
			'a word',
			more('server: { unknownModel: rejct }'),
			'5:25: `server.unknownModel` is not a value that fits; did you mean `reject`?',
		],
		[
			'a share',
			more('policy: { breaker: { failureRate: 50 } }'),
			'5:35: `policy.breaker.failureRate` is not a number from 0 to 1; write one',
		],
		[
			'infinity',
			more('policy: { retry: { factor: .inf } }'),
			'5:28: `policy.retry.factor` is not a number from 1 to 100; write one',
		],
		[
			'a count',
			more('policy: { breaker: { probes: 0 } }'),
			'5:30: `policy.breaker.probes` is not a whole number from 1 to 1000; write one',
		],
		[
			'a list for a map',
			more('policy: []'),
			'5:9: `policy` is not a map of options; indent under it `timeouts`, `retry`, `breaker`, `onError`, `continuation`, `whenAllDenied`, `emptyAnswer`, `clientRetryWithin`',
		],
		[
			'a flag',
			provider('baseUrl: http://127.0.0.1, models: { m: { prefill: yes } }'),
			'2:59: `providers.a.models.m.prefill` is neither true nor false; write `true` or `false`',
		],
	];
	it.each(cases)('%s', (...row) => expectProblems(row));
});

describe('anchors', () => {
	it('merge, and the own keys win', () => {
		const text = `providers:
  a: &base { baseUrl: http://127.0.0.1:1, headers: { x: "1" }, models: { m: {} } }
  b: { <<: *base, baseUrl: http://127.0.0.1:2 }
  c: { baseUrl: http://127.0.0.1:3, <<: [{ headers: { x: "2" } }, *base] }
profiles: { default: { chain: &chain [a/m] }, other: { chain: *chain } }
`;
		const { providers, profiles: resolved } = read(text);
		expect(providers.b).toMatchObject({ baseUrl: 'http://127.0.0.1:2', headers: { x: '1' }, models: { m: {} } });
		expect(providers.c).toMatchObject({ baseUrl: 'http://127.0.0.1:3', headers: { x: '2' } });
		expect(resolved.other?.chain.map(({ target }) => target)).toEqual(['a/m']);
	});

	it('report one mistake once, however often they repeat it', () => {
		const text = `providers:
  a: &base { baseUrl: http://127.0.0.1:1, policy: { timeouts: { idle: 5 } } }
  b: { <<: *base }
profiles: { default: { chain: [a/m] } }
`;
		expect(problemsOf(text)).toEqual([
			`2:71: \`providers.a.policy.timeouts.idle\` is a number without a unit; ${timed}`,
		]);
	});

	const cases: Case[] = [
		[
			'that are not there',
			'providers: *p\nprofiles: {}\n',
			'1:12: `providers` is an alias of an anchor that does not stand above; define `&name` first',
			'2:11: `profiles` is empty; define at least one profile with a chain',
		],
		[
			'that contain themselves',
			`providers: &p { a: *p }\nprofiles: { q: { chain: [a/m] } }\n`,
			'1:20: `providers.a` is an alias that contains itself; remove it',
		],
		[
			'that merge themselves',
			more('server: &s { <<: *s }'),
			'5:14: `server` has a merge key `<<` that leads to no map above it; give it the `*name` of one',
		],
	];
	it.each(cases)('%s', (...row) => expectProblems(row));

	it('cannot blow a small file up', () => {
		const names = ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
		const bomb = names.map((name, index) => {
			const below = `*${String.fromCharCode(name.charCodeAt(0) - 1)}`;
			return `${name}: &${name} [${Array(9)
				.fill(index === 0 ? 'x' : below)
				.join(',')}]`;
		});
		const problems = problemsOf(`${bomb.join('\n')}\n`);
		expect(problems).toEqual([
			expect.stringContaining('makes the file too large, with more than 20000 values; write fewer'),
		]);
	});
});

describe('a file with many mistakes', () => {
	it('has all of them reported, in order', () => {
		const text = `server: { port: -1 }
providers:
  a: { protocol: simulated, simulate: { tokens: 0 } }
profiles:
  p: { chain: [b/m] }
policy: { retry: { jitter: 2 } }
`;
		expect(problemsOf(text).map((problem) => problem.split(' ')[1])).toEqual([
			'`server.port`',
			'`providers.a.simulate.tokens`',
			'`profiles.p.chain[0]`',
			'`policy.retry.jitter`',
		]);
	});
});

describe('nesting', () => {
	it.each([60, 100_000])('%i levels deep is refused', (levels) => {
		const problems = problemsOf(more(`server: ${'['.repeat(levels)}${']'.repeat(levels)}`));
		expect(problems).toEqual(expect.arrayContaining([expect.stringMatching(/flatten it/)]));
	});
});

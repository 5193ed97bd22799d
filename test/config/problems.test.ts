// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of the YAML is what is tested.
import { describe, expect, it } from 'vitest';
import { problemsOf, read, smallest } from './read.ts';

const sized = 'write a size such as `512KB`, `20MB` or `1GB`';
const timed = 'write a duration such as `500ms`, `90s`, `15m` or `1h30m`';

/** A file that is whole but for what is put into its provider, its profile or its end. */
const provider = (options: string) => `providers:\n  a: { ${options} }\nprofiles: { default: { chain: [a/m] } }\n`;
const simulated = (step: string) => provider(`protocol: simulated, simulate: { script: [ ${step} ] }`);
const profiles = (text: string) => `providers: { openai: { baseUrl: http://127.0.0.1:1 } }\nprofiles:\n${text}`;
const more = (text: string) => `${smallest}${text}\n`;

/** What a file holds, and what is said about it. */
type Case = [name: string, text: string, ...problems: string[]];

function expectProblems([, text, ...problems]: Case): void {
	expect(problemsOf(text)).toEqual(problems);
}

describe('a file that is no configuration', () => {
	const root =
		'the file is not a map of options; indent under it `server`, `logs`, `notifications`, `providers`, `profiles`, `routing`, `policy`, `errorRules`';
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

describe('policy', () => {
	const onError = (text: string) => more(`policy: { onError: { ${text} } }`);
	const cases: Case[] = [
		['a category', onError('TIMEOT: {}'), '5:22: `policy.onError.TIMEOT` is not a category; did you mean `TIMEOUT`?'],
		[
			'a reason',
			onError('TIMEOUT.First: {}'),
			'5:22: `policy.onError.TIMEOUT.First` has a reason that is not in snake_case; write for example `BAD_REQUEST.context_length`',
		],
		[
			'retries',
			onError('TIMEOUT: { retries: 11 }'),
			'5:42: `policy.onError.TIMEOUT.retries` is not a whole number from 0 to 10; write one',
		],
		[
			'a way',
			onError('TIMEOUT: { then: nxt }'),
			'5:39: `policy.onError.TIMEOUT.then` is not a value that fits; did you mean `next`?',
		],
		[
			'a way in a list',
			onError('TIMEOUT: { then: [next, fial] }'),
			'5:46: `policy.onError.TIMEOUT.then[1]` is not a value that fits; did you mean `fail`?',
		],
		[
			'no way',
			onError('TIMEOUT: { then: [] }'),
			'5:39: `policy.onError.TIMEOUT.then` is empty; write one or a list of `next`, `larger-context`, `other-provider`, `credential` and `fail`',
		],
		[
			'an effect',
			more('policy: { breaker: { effects: { TIMEOUT: cont } } }'),
			'5:42: `policy.breaker.effects.TIMEOUT` is not a value that fits; did you mean `count`?',
		],
		[
			'no wait for an opening',
			more('policy: { whenAllDenied: { wait: 0s } }'),
			'5:34: `policy.whenAllDenied.wait` is no time at all; write at least `1ms`',
		],
		...['try-sonest', 'wait', '2s', '{ wiat: 2s }'].map((value): [string, string, string] => [
			`no form of \`whenAllDenied\`: ${value}`,
			more(`policy: { whenAllDenied: ${value} }`),
			'5:26: `policy.whenAllDenied` does not fit; write `fail`, `try-soonest`, or `{ wait: 2s }`',
		]),
		[
			'an empty answer',
			more('policy: { emptyAnswer: retry }'),
			'5:24: `policy.emptyAnswer` is not a value that fits; choose from `fail`, `pass`',
		],
		[
			'a breaker in a profile',
			profiles('  p: { chain: [openai/m], policy: { breaker: { probes: 1 } } }\n'),
			"3:37: `profiles.p.policy.breaker` belongs to a provider, whose one breaker serves all profiles; set it in `policy` or in a provider's `policy`",
		],
		[
			'what a request owns in a provider',
			provider('baseUrl: http://127.0.0.1, policy: { whenAllDenied: fail, timeouts: { request: 1s } }'),
			"2:45: `providers.a.policy.whenAllDenied` belongs to a request, not to a provider; set it in `policy` or in a profile's `policy`",
			"2:78: `providers.a.policy.timeouts.request` belongs to a request, not to a provider; set it in `policy` or in a profile's `policy`",
		],
	];
	it.each(cases)('%s', (...row) => expectProblems(row));
});

describe('providers', () => {
	const header = (text: string) => provider(`baseUrl: http://127.0.0.1, headers: { ${text} }`);
	const key = (text: string) => provider(`baseUrl: http://127.0.0.1, apiKey: ${text}`);
	const unsendable = 'cannot be sent in an HTTP header; give a';
	const noKey = 'visible ASCII characters, without spaces and line breaks';
	const url = 'write for example `https://api.example.com/v1`';
	const cases: Case[] = [
		[
			'no URL',
			provider(''),
			'2:3: `providers.a.baseUrl` is missing; add for example `baseUrl: https://api.example.com/v1`',
		],
		[
			'another scheme',
			provider('baseUrl: ftp://x'),
			`2:17: \`providers.a.baseUrl\` is not an http or https URL; ${url}`,
		],
		[
			'half a URL',
			provider('baseUrl: api.example.com'),
			`2:17: \`providers.a.baseUrl\` is not an http or https URL; ${url}`,
		],
		[
			'credentials in the URL',
			provider('baseUrl: https://u:p@x.y'),
			'2:17: `providers.a.baseUrl` has credentials in the URL; put them in `apiKey` or `headers`',
		],
		[
			'a fragment in the URL',
			provider('baseUrl: "https://x.y/#a"'),
			`2:17: \`providers.a.baseUrl\` has a fragment, which is never sent to a server; ${url}`,
		],
		[
			'the endpoint in the URL',
			provider('baseUrl: https://x.y/v1/chat/completions'),
			'2:17: `providers.a.baseUrl` names one endpoint; write the part before `/chat/completions`',
		],
		[
			'a URL for a simulation',
			provider('protocol: simulated, baseUrl: http://127.0.0.1'),
			'2:29: `providers.a.baseUrl` is not for a simulated provider, which has no address; remove it',
		],
		[
			'a simulation that is none',
			provider('baseUrl: http://127.0.0.1, simulate: {}'),
			'2:35: `providers.a.simulate` is only for a simulated provider; remove it, or add `protocol: simulated`',
		],
		[
			'a protocol',
			provider('protocol: opena'),
			'2:18: `providers.a.protocol` is not a value that fits; did you mean `openai`?',
		],
		[
			'a header of the connection',
			header('Host: x'),
			'2:46: `providers.a.headers.Host` is set by the proxy itself; remove it',
		],
		[
			'a header that is none',
			header('"a b": x'),
			'2:46: `providers.a.headers.a…` is not the name of an HTTP header; write letters, digits and dashes',
		],
		[
			'a header of two lines',
			header('x: "a\\nb"'),
			`2:49: \`providers.a.headers.x\` ${unsendable} text of visible ASCII characters, without line breaks`,
		],
		[
			'a key as a number',
			key('123456'),
			'2:43: `providers.a.apiKey` does not fit; write a key or a list of keys, in quotes',
		],
		[
			'a key as a map',
			key('{ sk-1: 1 }'),
			'2:43: `providers.a.apiKey` does not fit; write a key or a list of keys, in quotes',
		],
		['a key of spaces', key('"  "'), `2:43: \`providers.a.apiKey\` ${unsendable} key of ${noKey}`],
		['a key of two lines', key('"a\\nb"'), `2:43: \`providers.a.apiKey\` ${unsendable} key of ${noKey}`],
		['a key in a list', key('[ok, "kéy"]'), `2:48: \`providers.a.apiKey[1]\` ${unsendable} key of ${noKey}`],
		['no key in a list', key('[]'), '2:43: `providers.a.apiKey` is empty; write a key or a list of keys, in quotes'],
		['a key without a value', key(''), '2:35: `providers.a.apiKey` has no value; give it one, or remove the line'],
		[
			'a name',
			`providers: { "a b": { baseUrl: http://x }, a#b: { baseUrl: http://x }, a/b: { baseUrl: http://x }, 1: { baseUrl: http://x } }\nprofiles: { p: { chain: [c/d] } }`,
			...[14, 44, 72, 100].map((column) => expect.stringMatching(`^1:${column}: .* is not a usable name; write`)),
			'2:26: `profiles.p.chain[0]` names the provider `c`, which is not defined under `providers`; choose from `1`, `a b`, `a#b`, `a/b`',
		],
	];
	it.each(cases)('%s', (...row) => expectProblems(row));
});

describe('profiles', () => {
	const target = 'is not a target; write `provider/model`, such as `openai/gpt-5.4`';
	const cases: Case[] = [
		['a target without a provider', profiles('  p: { chain: [gpt] }\n'), `3:16: \`profiles.p.chain[0]\` ${target}`],
		['a target without a model', profiles('  p: { chain: [openai/] }\n'), `3:16: \`profiles.p.chain[0]\` ${target}`],
		[
			'a provider that is not there',
			profiles('  p: { chain: [openai/m, opneai/m] }\n'),
			'3:26: `profiles.p.chain[1]` names the provider `opneai`, which is not defined under `providers`; did you mean `openai`?',
		],
		[
			'an empty chain',
			profiles('  p: { chain: [] }\n'),
			'3:15: `profiles.p.chain` is empty; write for example `[openai/gpt-5.4, local/qwen]`',
		],
		[
			'a chain of one text',
			profiles('  p: { chain: openai/m }\n'),
			'3:15: `profiles.p.chain` is not a list; write for example `[openai/gpt-5.4, local/qwen]`',
		],
		[
			'a chain too long',
			profiles(`  p: { chain: [${'openai/m,'.repeat(101)}] }\n`),
			'3:15: `profiles.p.chain` has more than 100 entries; remove some',
		],
		[
			'no chain',
			profiles('  p: {}\n'),
			'3:3: `profiles.p.chain` is missing; add `chain: [provider/model]`, or `extends` a profile that has one',
		],
		[
			'extending what is not there',
			profiles('  p: { chain: [openai/m] }\n  q: { extends: pp }\n'),
			'4:17: `profiles.q.extends` names the profile `pp`, which is not defined under `profiles`; did you mean `p`?',
		],
		[
			'extending itself',
			profiles('  p: { extends: p }\n'),
			'3:17: `profiles.p.extends` goes in a circle (p → p); remove one `extends` of it',
		],
		[
			'a circle, and one that leads into it',
			profiles('  z: { extends: b }\n  a: { extends: b }\n  b: { extends: c }\n  c: { extends: a }\n'),
			'4:17: `profiles.a.extends` goes in a circle (a → b → c → a); remove one `extends` of it',
		],
	];
	it.each(cases)('%s', (...row) => expectProblems(row));
});

describe('error rules', () => {
	const rule = (text: string) => more(`errorRules:\n  - ${text}`);
	const cases: Case[] = [
		[
			'without a condition',
			rule('{ as: TIMEOUT }'),
			'6:5: `errorRules[0]` has no condition and would fit every failure; give at least one of status, code, type, message, header, provider',
		],
		['without a verdict', rule('{ status: 418 }'), '6:5: `errorRules[0].as` is missing; add `as: …`'],
		[
			'a status',
			rule('{ status: 1000, as: TIMEOUT }'),
			'6:15: `errorRules[0].status` is not a whole number from 100 to 599; write one',
		],
		[
			'a class',
			rule('{ status: [429, 6xx], as: TIMEOUT }'),
			'6:21: `errorRules[0].status[1]` is not a status; write `429` or `5xx`',
		],
		[
			'a pattern',
			rule('{ message: "sk-(", as: TIMEOUT }'),
			'6:16: `errorRules[0].message` is not a regular expression (Unterminated group); correct it',
		],
		[
			'a pattern of a header',
			rule('{ header: { x: "[" }, as: TIMEOUT }'),
			'6:20: `errorRules[0].header.x` is not a regular expression (Unterminated character class); correct it',
		],
		[
			'a pattern that backtracks',
			rule('{ message: "(?=sk-)b", as: TIMEOUT }'),
			'6:16: `errorRules[0].message` is a regular expression that cannot be matched in linear time; write it without look-aheads, back-references, groups in look-behinds that are not `(?:…)`, and repetitions of more than 1000',
		],
		[
			'a verdict',
			rule('{ code: x, as: TIMEOUTS }'),
			'6:20: `errorRules[0].as` is not a category; did you mean `TIMEOUT`?',
		],
		[
			'a provider',
			rule('{ code: x, provider: [a, bcd], as: TIMEOUT }'),
			'6:30: `errorRules[0].provider[1]` names the provider `bcd`, which is not defined under `providers`; choose from `a`',
		],
		[
			'a code',
			rule('{ code: 3, as: TIMEOUT }'),
			'6:13: `errorRules[0].code` does not fit; write a code or a list of them, in quotes',
		],
	];
	it.each(cases)('%s', (...row) => expectProblems(row));
});

describe('simulation scripts', () => {
	const at = '`providers.a.simulate.script[0]';
	const cases: Case[] = [
		[
			'an option of another step',
			simulated('{ do: hang, status: 500 }'),
			`2:63: ${at}.status\` does not go with \`do: hang\`; remove it, or change \`do\``,
		],
		['a status that is missing', simulated('{ do: status }'), `2:51: ${at}.status\` is missing; add \`status: …\``],
		[
			'a status that is no error',
			simulated('{ do: status, status: 200 }'),
			`2:73: ${at}.status\` is not a whole number from 400 to 599; write one`,
		],
		['something to do', simulated('{ do: stal }'), `2:57: ${at}.do\` is not something to do; did you mean \`stall\`?`],
		['nothing to do', simulated('{ for: 1s }'), `2:51: ${at}.do\` is missing; add \`do: …\``],
		[
			'two extents',
			simulated('{ do: hang, for: 1s, requests: 2 }'),
			`2:51: ${at}\` has both \`for\` and \`requests\`; keep one of the two`,
		],
		['no step', simulated('hang'), `2:51: ${at}\` is not a step; write for example \`- { do: hang, for: 10s }\``],
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

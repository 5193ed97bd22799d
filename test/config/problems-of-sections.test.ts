// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of the YAML is what is tested.
import { describe, expect, it } from 'vitest';
import { type Case, expectProblems, more, profiles, provider, simulated } from './problem-cases.ts';

describe('limits of a provider', () => {
	const a = 'baseUrl: http://a.example/v1';
	const help = (most: string) => `is not a whole number from 1 to ${most}; write one`;
	const cases: Case[] = [
		[
			'no request a minute',
			provider(`${a}, limits: { requestsPerMinute: 0 }`),
			`2:67: \`providers.a.limits.requestsPerMinute\` ${help('1000000000')}`,
		],
		[
			'fewer tokens than none',
			provider(`${a}, limits: { tokensPerMinute: -1 }`),
			`2:65: \`providers.a.limits.tokensPerMinute\` ${help('1000000000000')}`,
		],
		[
			'part of an attempt',
			provider(`${a}, models: { m: { limits: { concurrent: 1.5 } } }`),
			`2:75: \`providers.a.models.m.limits.concurrent\` ${help('1000000')}`,
		],
	];
	it.each(cases)('%s', (...given) => expectProblems(given));
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
	const noSource =
		'is neither a key nor where to fetch one; write it in quotes, or give exactly one of `command`, `file` and `oauth`';
	const uselessEvery = 'has an `every`, which is for a `command` only; remove it';
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
		['a key as a map', key('{ sk-1: 1 }'), `2:43: \`providers.a.apiKey\` ${noSource}`],
		['a key in braces', key('{sk-1}'), `2:43: \`providers.a.apiKey\` ${noSource}`],
		['a key of two sources', key('{ file: a, command: b }'), `2:43: \`providers.a.apiKey\` ${noSource}`],
		['a key of no source', key('[ok, { every: 1h }]'), `2:48: \`providers.a.apiKey[1]\` ${uselessEvery}`],
		['a file that is read every hour', key('{ file: a, every: 1h }'), `2:43: \`providers.a.apiKey\` ${uselessEvery}`],
		[
			'a command that is run without end',
			key('{ command: a, every: 10ms }'),
			'2:64: `providers.a.apiKey.every` is less than a second; write for example `30m`',
		],
		[
			'a command that is a number',
			key('{ command: 1 }'),
			'2:54: `providers.a.apiKey.command` does not fit; write a text for the shell, or a list of a program and its arguments',
		],
		[
			'a command of nothing',
			key('{ command: "" }'),
			'2:54: `providers.a.apiKey.command` is empty; give it a text, or remove it',
		],
		[
			'a file without a name',
			key('{ file: }'),
			'2:45: `providers.a.apiKey.file` has no value; give it one, or remove the line',
		],
		[
			'OAuth in the clear, without a secret, with a word too much',
			key('{ oauth: { tokenUrl: http://login.example.com, clientId: b, scopes: c } }'),
			'2:45: `providers.a.apiKey.oauth.clientSecret` is missing; add `clientSecret: …`',
			'2:64: `providers.a.apiKey.oauth.tokenUrl` would send the client secret unencrypted; write https',
			'2:103: `providers.a.apiKey.oauth.scopes` is not an option; did you mean `scope`?',
		],
		[
			'an OAuth server that is none',
			key('{ oauth: { tokenUrl: login, clientId: b, clientSecret: $SECRET } }'),
			'2:64: `providers.a.apiKey.oauth.tokenUrl` is not an http or https URL; write for example `https://login.example.com/oauth2/token`',
			'2:98: `providers.a.apiKey.oauth.clientSecret` has an environment variable in a notation that is not read here; write `${SECRET}`',
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

describe('budgets', () => {
	const all = (text: string) => more(`budget: { ${text} }`);
	const noAmount = 'is not a number of USD above 0; write one, or leave the budget out';
	const noPeriod = 'is not a period; write `hour`, `day`, `month`, or a duration of a minute or more such as `8h`';
	const ofProfiles = (text: string) => profiles(text);
	const cases: Case[] = [
		['of nothing', all('usd: 0'), `5:16: \`budget.usd\` ${noAmount}`],
		['below nothing', all('usd: -5'), `5:16: \`budget.usd\` ${noAmount}`],
		['in words', all('usd: $5'), `5:16: \`budget.usd\` ${noAmount}`],
		['without an amount', all('per: day'), '5:1: `budget.usd` is missing; add `usd: …`'],
		['for no period', all('usd: 5, per: fortnight'), `5:24: \`budget.per\` ${noPeriod}`],
		['for seconds', all('usd: 5, per: 30s'), `5:24: \`budget.per\` ${noPeriod}`],
		['for a number', all('usd: 5, per: 7'), `5:24: \`budget.per\` ${noPeriod}`],
		[
			'with a warning in percent',
			all('usd: 5, warnAt: 80'),
			'5:27: `budget.warnAt` is not a number from 0.01 to 1; write one',
		],
		[
			'that leads nowhere',
			all('usd: 5, then: refues'),
			'5:25: `budget.then` is neither `refuse` nor a profile; did you mean `refuse`?',
		],
		[
			'that leads to vectors',
			ofProfiles(
				'  p: { chain: [openai/m], budget: { usd: 5, then: v } }\n  v: { for: embeddings, chain: [openai/e] }\n',
			),
			'3:51: `profiles.p.budget.then` leads to `v`, which is for embeddings and answers nothing else; name another profile',
		],
		[
			'that leads to its own profile',
			ofProfiles('  p: { chain: [openai/m], budget: { usd: 5, then: p } }\n'),
			'3:51: `profiles.p.budget.then` is the profile itself; write `refuse`, or a cheaper profile',
		],
		[
			'that go in a circle',
			ofProfiles(
				'  p: { chain: [openai/m], budget: { usd: 5, then: q } }\n  q: { chain: [openai/m], budget: { usd: 5, then: r } }\n  r: { chain: [openai/m], budget: { usd: 5, then: q } }\n',
			),
			'4:51: `profiles.q.budget.then` goes in a circle (q → r → q); let one budget of it `refuse`',
		],
	];
	it.each(cases)('%s', (...row) => expectProblems(row));
});

import { defaultPolicy } from '../../../src/config/policy-schema.ts';
import type { Severity } from '../../../src/verify/report/report.ts';

/**
 * One lint finding: `§` stands where it is expected, and is taken out of the text before it is read. What is `sound` differs
 * from it by little, and gives no such finding.
 */
export interface LintCase {
	rule: string;
	severity: Severity;
	text: string;
	/** What its message must say. */
	says: RegExp;
	sound: string;
}

const providers = `providers:
  a: { baseUrl: https://a.example/v1, apiKey: "\${A_KEY}" }
  b: { baseUrl: https://b.example/v1, apiKey: "\${B_KEY}" }
  c: { baseUrl: https://c.example/v1, apiKey: "\${C_KEY}" }
`;
const profiles = 'profiles:\n  default: { chain: [a/m, b/m, c/m] }\n';

/** Two providers, one profile, and this policy. */
const policy = (text: string) => `${providers}${profiles}policy: { ${text} }\n`;
const chain = (text: string, rest = '') => `${providers}profiles:\n  default: { chain: [${text}] }\n${rest}`;
const effects = (text: string) => policy(`breaker: { effects: { ${text} } }`);
const onError = (text: string) => policy(`onError: { ${text} }`);
/** Facts of the models `a/m`, `b/m` and `c/m`: their windows. */
const windows = (a: string, b: string, c: string, rest = '') =>
	`${[
		['a', a],
		['b', b],
		['c', c],
	].reduce(
		(text, [name, facts]) => text.replace(`  ${name}: {`, `  ${name}: { models: { m: { ${facts} } },`),
		providers,
	)}${rest}`;
const oneProvider = (options: string) =>
	`providers:\n  a: { baseUrl: https://a.example/v1, ${options} }\nprofiles: { default: { chain: [a/m] } }\n`;

/** What a model of OpenAI is said to cost. */
const budgeted = (text: string) =>
	`${text}\nproviders:\n  a: { baseUrl: "https://a.example.com/v1", apiKey: "\${A_KEY}" }\n  b: { baseUrl: "https://b.example.com/v1", apiKey: "\${B_KEY}" }\nprofiles:\n  default: { chain: [a/m, b/m] }\n  cheap: { chain: [b/m] }\n`;
const priced = (text: string, baseUrl = 'https://api.openai.com/v1') =>
	`providers:\n  openai: { baseUrl: "${baseUrl}", apiKey: "\${A_KEY}", models: { gpt-4o: { price: { ${text} } } } }\nprofiles: { default: { chain: [openai/gpt-4o] } }\n`;

const everyEnd = Object.keys(defaultPolicy.onError);
const allFail = everyEnd.map((key) => `${key}: { then: fail }`).join(', ');
const noEffects = everyEnd.map((key) => `${key}: none`).join(', ');

const health = (text: string, model = 'gpt-4o', rest = '') =>
	`providers:\n  openai: { baseUrl: "https://api.openai.com/v1", apiKey: "\${A_KEY}", health: { ${text} }${rest} }\nprofiles: { default: { chain: [openai/${model}] } }\n`;

export const lintCases: readonly LintCase[] = [
	{
		rule: 'health-check-cost',
		severity: 'note',
		text: health('every: 30s, with: §chat'),
		says: /`openai` is checked up to 2,880 times a day with each key by a request to `openai\/gpt-4o`, which costs up to \$0\.1 a day \(where `maxCostPerDay` ends them\); write/,
		sound: health('every: 30s, with: models'),
	},
	{
		rule: 'health-check-cost',
		severity: 'note',
		text: health('every: 30m, with: §chat, maxPerDay: 10'),
		says: /`openai` is checked up to 10 times a day with each key .*, which costs up to \$0\.00185 a day; write/,
		sound: health('every: 30m, maxPerDay: 10'),
	},
	{
		rule: 'health-check-cost',
		severity: 'warning',
		text: health('every: 30s, with: §chat', 'gpt-of-tomorrow'),
		says: /whose price is not known, so that `maxCostPerDay` bounds nothing; give/,
		sound: health('every: 30s, with: chat, maxPerDay: 100', 'gpt-of-tomorrow'),
	},
	{
		rule: 'health-check-without-model',
		severity: 'warning',
		text: `providers:\n  a: { baseUrl: https://a.example/v1 }\n  b: { baseUrl: https://b.example/v1, health: { with: §chat } }\nprofiles: { default: { chain: [a/m] } }\n`,
		says: /no model of it is in a chain or among its `models`, so that it is not checked; write/,
		sound: `providers:\n  a: { baseUrl: https://a.example/v1 }\n  b: { baseUrl: https://b.example/v1, health: { with: chat } }\nprofiles: { default: { chain: [a/m, b/m] } }\n`,
	},
	{
		rule: 'health-check-interval',
		severity: 'note',
		text: health('every: §10s'),
		says: /`openai` is checked every 10 s, and one check of a provider that hangs takes up to 15 s \(`timeouts.connect` and `firstToken`\), so that checks are rarer just then; write/,
		sound: health('every: 15s'),
	},
	{
		rule: 'health-check-list',
		severity: 'note',
		text: `providers:\n  a: { protocol: azure, baseUrl: https://a.openai.azure.com, health: { with: §models } }\nprofiles: { default: { chain: [a/m] } }\n`,
		says: /`a` has no list of its deployments.*; write `with: chat`/,
		sound: `providers:\n  a: { protocol: azure, baseUrl: https://a.openai.azure.com, health: { with: chat } }\nprofiles: { default: { chain: [a/m] } }\n`,
	},
	{
		rule: 'same-target-twice',
		severity: 'warning',
		text: chain('a/m, b/m, §a/m'),
		says: /`a\/m` is step 1 .* as step 3 \(profile `default`\); remove/,
		sound: chain('a/m, b/m, a/n'),
	},
	{
		rule: 'unreachable-target',
		severity: 'warning',
		text: chain('a/m, §b/m, c/m', `policy: { onError: { ${allFail} } }\n`),
		says: /step 2, `b\/m`, is reached only while the provider of `a\/m` is open/,
		sound: chain('a/m, b/m, c/m', `policy: { onError: { ${allFail}, TIMEOUT.connect: { then: next } } }\n`),
	},
	{
		rule: 'unreachable-target',
		severity: 'error',
		text: chain('a/m, §b/m', `policy: { onError: { ${allFail} }, breaker: { effects: { ${noEffects} } } }\n`),
		says: /step 2, `b\/m`, is never reached/,
		sound: chain('a/m', `policy: { onError: { ${allFail} }, breaker: { effects: { ${noEffects} } } }\n`),
	},
	{
		rule: 'no-failover-for',
		severity: 'note',
		text: onError('SERVER_ERROR: { then: §fail }'),
		says: /after a SERVER_ERROR the request ends/,
		sound: onError('AUTH_ERROR: { then: fail }'),
	},
	{
		rule: 'way-never-taken',
		severity: 'warning',
		text: onError('TIMEOUT: { then: §[fail, next] }').replace('then: §', '§then: '),
		says: /after TIMEOUT, `next` in `then` is never reached/,
		sound: onError('TIMEOUT: { then: [next, fail] }'),
	},
	{
		rule: 'way-never-taken',
		severity: 'warning',
		text: onError('BAD_REQUEST.context_length: { §then: [next, larger-context] }'),
		says: /`larger-context` in `then` is never reached/,
		sound: onError('BAD_REQUEST.context_length: { then: [larger-context, next] }'),
	},
	{
		rule: 'smaller-fallback',
		severity: 'warning',
		text: windows('contextWindow: 200000', 'contextWindow: 8192', '', 'profiles: { p: { chain: [a/m, §b/m] } }'),
		says: /`b\/m` has a context window of 8192 tokens and backs up `a\/m` with 200000/,
		sound: windows('contextWindow: 8192', 'contextWindow: 8192', '', 'profiles: { p: { chain: [a/m, b/m] } }'),
	},
	{
		rule: 'smaller-fallback',
		severity: 'note',
		text: windows('contextWindow: 200000', 'contextWindow: 8192', '', 'profiles: { p: { chain: [a/m, §b/m, c/m] } }'),
		says: /longer than 8192 fails here/,
		sound: windows('', 'contextWindow: 8192', '', 'profiles: { p: { chain: [a/m, b/m, c/m] } }'),
	},
	{
		rule: 'larger-context-nowhere',
		severity: 'warning',
		text: windows(
			'contextWindow: 8192',
			'contextWindow: 8192',
			'',
			'profiles: { p: { chain: [a/m, b/m] } }\npolicy: { onError: { BAD_REQUEST.context_length: { then: §larger-context } } }',
		),
		says: /`larger-context` never finds a target/,
		sound: windows(
			'contextWindow: 8192',
			'',
			'',
			'profiles: { p: { chain: [a/m, b/m] } }\npolicy: { onError: { BAD_REQUEST.context_length: { then: larger-context } } }',
		),
	},
	{
		rule: 'no-failover',
		severity: 'note',
		text: `${providers}profiles:\n  p: { §chain: [a/m] }\n`,
		says: /has one target, `a\/m`, so there is no failover \(profile `p`\)/,
		sound: chain('a/m, b/m'),
	},
	{
		rule: 'shared-fate',
		severity: 'warning',
		text: chain('a/m, a/n').replace('chain', '§chain'),
		says: /all 2 targets are with the provider `a`/,
		sound: chain('a/m, a/n, b/m'),
	},
	{
		rule: 'shared-fate',
		severity: 'note',
		text: chain('a/m, a/n')
			.replace('chain', '§chain')
			.replace('"$' + '{A_KEY}"', '["$' + '{A_KEY}", "$' + '{B_KEY}"]'),
		says: /so its outage fails all of them/,
		sound: chain('a/m, a/n, b/m'),
	},
	{
		rule: 'shared-fate',
		severity: 'warning',
		text: chain('a/m, b/m').replace('chain', '§chain').replace('b.example', 'a.example'),
		says: /behind one origin, https:\/\/a\.example,/,
		sound: chain('a/m, b/m'),
	},
	{
		rule: 'shared-fate',
		severity: 'warning',
		text: chain('a/m, b/m').replace('chain', '§chain').replace('b.example', 'a.example').replace('B_KEY', 'A_KEY'),
		says: /behind one credential, that of `a`, under 2 names/,
		sound: chain('a/m, b/m').replace('B_KEY', 'A_KEY'),
	},
	{
		rule: 'chain-outlasts-deadline',
		severity: 'warning',
		text: chain('a/m, b/m, §c/m', 'policy: { timeouts: { firstToken: 30s, response: 20s, request: 1m } }\n'),
		says: /^a streamed request cannot reach step 3, `c\/m`, .* add up to 1 m, and `request` ends it after 1 m/,
		sound: chain('a/m, b/m, c/m', 'policy: { timeouts: { firstToken: 29s, response: 29s, request: 1m } }\n'),
	},
	{
		rule: 'chain-outlasts-deadline',
		severity: 'warning',
		text: `${providers}${profiles}  hasty: { extends: default, policy: { timeouts: { request: §4m } } }\n`,
		says: /^a request that is not streamed cannot reach step 3, .* \(profile `hasty`\); shorten `response`/,
		sound: `${providers}${profiles}  hasty: { extends: default, streamUpstream: true, policy: { timeouts: { request: 4m } } }\n`,
	},
	{
		rule: 'chain-outlasts-deadline',
		severity: 'note',
		text: chain('a/m, b/m, c/m, §a/n'),
		says: /cannot reach step 4, `a\/n`, .* add up to 6 m/,
		sound: chain('a/m, b/m, c/m, a/n', 'policy: { onError: { TIMEOUT: { then: fail } } }\n'),
	},
	{
		rule: 'chain-outlasts-deadline',
		severity: 'warning',
		text: chain(
			'a/m, §b/m',
			'policy: { timeouts: { response: 2m, request: 4m }, onError: { TIMEOUT: { retries: 1 } } }\n',
		),
		says: /cannot reach step 2/,
		sound: chain('a/m, b/m', 'policy: { timeouts: { response: 2m, request: 4m } }\n'),
	},
	{
		rule: 'wait-beyond-deadline',
		severity: 'warning',
		text: policy('whenAllDenied: { wait: §5m }'),
		says: /`wait` of `whenAllDenied` \(5 m\) is not shorter than `request` \(5 m\)/,
		sound: policy('whenAllDenied: { wait: 2s }'),
	},
	{
		rule: 'timeout-beyond-deadline',
		severity: 'warning',
		text: policy('timeouts: { request: §60s }'),
		says: /`response` \(2 m\) can never run out before .*`request` \(1 m\)/,
		sound: policy('timeouts: { request: 60s, response: 20s }'),
	},
	{
		rule: 'timeout-beyond-deadline',
		severity: 'note',
		text: policy('timeouts: { stream: §14s }'),
		says: /`idle` \(15 s\) .* whole stream, `stream` \(14 s\)/,
		sound: policy('timeouts: { stream: 16s, request: 14s, response: 6s, firstToken: 5s }'),
	},
	{
		rule: 'first-token-after-response',
		severity: 'warning',
		text: policy('timeouts: { firstToken: §3m }'),
		says: /`firstToken` \(3 m\), .* `response` \(2 m\)/,
		sound: policy('timeouts: { firstToken: 2m }'),
	},
	{
		rule: 'first-token-cuts-thinking',
		severity: 'warning',
		text: windows(
			'reasons: true',
			'reasons: false',
			'contextWindow: 9',
			`${profiles}policy: { timeouts: { firstToken: §10s } }\n`,
		),
		says: /`a\/m` thinks before its first word, and `firstToken` \(10 s\) cuts it off/,
		sound: windows('reasons: true', 'reasons: false', 'contextWindow: 9', profiles),
	},
	{
		rule: 'rare-keep-alive',
		severity: 'note',
		text: policy('continuation: { keepAlive: §30s }'),
		says: /`keepAlive` \(30 s\) is longer than `idle` \(15 s\)/,
		sound: policy('continuation: { keepAlive: 15s }'),
	},
	{
		rule: 'too-many-attempts',
		severity: 'warning',
		text: onError('SERVER_ERROR: { retries: §6 }'),
		says: /up to 21 upstream calls before an answer begins, not counting those that carry a broken one on, 7 of them on `a\/m`/,
		sound: onError('SERVER_ERROR: { retries: 5 }'),
	},
	{
		rule: 'too-many-attempts',
		severity: 'warning',
		text: onError('SERVER_ERROR: { retries: §4, then: [credential, next] }').replace(
			'"$' + '{A_KEY}"',
			'["$' + '{A_KEY}", "$' + '{D_KEY}", "$' + '{E_KEY}"]',
		),
		says: /up to 25 upstream calls before an answer begins, .*, 15 of them on `a\/m`/,
		sound: onError('SERVER_ERROR: { retries: 4, then: [credential, next] }'),
	},
	{
		rule: 'hint-beyond-deadline',
		severity: 'warning',
		text: `${providers}${profiles}  hasty: { extends: default, policy: { timeouts: { request: §4s } } }\n`,
		says: /`maxRetryAfter` \(5 s\) is not shorter than `request` \(4 s\).*\(profile `hasty`\)/,
		sound: `${providers}${profiles}  patient: { extends: default, policy: { retry: { maxRetryAfter: 10m } } }\n`,
	},
	{
		rule: 'timeout-beyond-deadline',
		severity: 'warning',
		text: policy('timeouts: { request: §2m }'),
		says: /`response` \(2 m\)/,
		sound: policy('timeouts: { request: 121s }'),
	},
	{
		rule: 'hopeless-retries',
		severity: 'warning',
		text: onError('AUTH_ERROR: { retries: §1 }'),
		says: /AUTH_ERROR is retried \(1\).*a rejected key.*never happens/,
		sound: onError('AUTH_ERROR: { retries: 0 }'),
	},
	{
		rule: 'hopeless-retries',
		severity: 'error',
		text: policy('breaker: { effects: { QUOTA_EXCEEDED: count } }, onError: { QUOTA_EXCEEDED: { retries: §2 } }'),
		says: /QUOTA_EXCEEDED is retried \(2\).*so that the same request asks again and meets the same answer/,
		sound: policy('breaker: { effects: { QUOTA_EXCEEDED: count } }'),
	},
	{
		rule: 'hopeless-retries',
		severity: 'warning',
		text: onError('BAD_REQUEST.too_large: { retries: §2, then: fail }'),
		says: /a caller's mistake/,
		sound: onError('SERVER_ERROR.overloaded: { retries: 2, then: fail }'),
	},
	{
		rule: 'timeout-retries',
		severity: 'warning',
		text: onError('TIMEOUT: { retries: §1 }'),
		says: /for up to 20 s of a stream and 4 m of a whole answer/,
		sound: onError('TIMEOUT: { retries: 0 }'),
	},
	{
		rule: 'retries-beyond-threshold',
		severity: 'note',
		text: policy('onError: { NETWORK_ERROR: { retries: 3 } }, breaker: { failureThreshold: §1 }'),
		says: /opens on the first failure \(`failureThreshold`\).* are retried up to 3 times/,
		sound: policy('breaker: { failureThreshold: 2 }, onError: { NETWORK_ERROR: { retries: 9 } }'),
	},
	{
		rule: 'no-backoff',
		severity: 'warning',
		text: policy('retry: { backoff: §0s }'),
		says: /retries follow at once/,
		sound: policy('retry: { backoff: 1ms }'),
	},
	{
		rule: 'backoff-beyond-maximum',
		severity: 'warning',
		text: policy('retry: { backoff: §9s }'),
		says: /`backoff` \(9 s\) is longer than `maxBackoff` \(8 s\)/,
		sound: policy('retry: { backoff: 8s }'),
	},
	{
		rule: 'hint-beyond-deadline',
		severity: 'warning',
		text: policy('retry: { maxRetryAfter: §10m }'),
		says: /`maxRetryAfter` \(10 m\) is not shorter than `request` \(5 m\)/,
		sound: policy('retry: { maxRetryAfter: 1m }'),
	},
	{
		rule: 'cooldown-shorter-than-timeout',
		severity: 'warning',
		text: policy('breaker: { cooldown: §5s }'),
		says: /`cooldown` \(5 s\) is shorter than .*`firstToken` \(10 s\).*\(providers `a`, `b`, `c`\)/,
		sound: policy('breaker: { cooldown: 10s }, timeouts: { response: 10s }'),
	},
	{
		rule: 'cooldown-shorter-than-timeout',
		severity: 'note',
		text: policy('breaker: { cooldown: §10s }'),
		says: /`response` \(2 m\)/,
		sound: policy('breaker: { cooldown: 2m }'),
	},
	{
		rule: 'cooldown-shorter-than-timeout',
		severity: 'warning',
		text: `${providers}${profiles}  slow: { chain: [a/m, b/m], policy: { timeouts: { firstToken: §90s } } }\n`,
		says: /`cooldown` \(1 m\) is shorter than .*`firstToken` \(1 m 30 s\).*\(providers `a`, `b`\)/,
		sound: `${providers}${profiles}  slow: { chain: [a/m, b/m], policy: { timeouts: { firstToken: 60s } } }\n`,
	},
	{
		rule: 'cooldown-beyond-maximum',
		severity: 'note',
		text: policy('breaker: { cooldown: §4m }'),
		says: /`cooldown` \(4 m\) is longer than `maxCooldown` \(3 m\)/,
		sound: policy('breaker: { cooldown: 3m }'),
	},
	{
		rule: 'cooldown-beyond-maximum',
		severity: 'warning',
		text: policy('breaker: { maxCooldown: §30s }'),
		says: /limits nothing/,
		sound: policy('breaker: { maxCooldown: 60s }'),
	},
	{
		rule: 'probe-outlives-deadline',
		severity: 'warning',
		text: policy('breaker: { probeDeadline: §20s }'),
		says: /after `probeDeadline` \(20 s\), but may need `connect` and `response` together \(2 m 5 s\)/,
		sound: policy('breaker: { probeDeadline: 20s }, timeouts: { connect: 1s, response: 10s, request: 20s }'),
	},
	{
		rule: 'short-permanent-cooldown',
		severity: 'warning',
		text: policy('breaker: { authCooldown: §30s }'),
		says: /`authCooldown` \(30 s\) is shorter than `cooldown` \(1 m\): a rejected key/,
		sound: policy('breaker: { authCooldown: 60s }'),
	},
	{
		rule: 'short-permanent-cooldown',
		severity: 'warning',
		text: policy('breaker: { quotaCooldown: §1s }'),
		says: /an empty account/,
		sound: policy('breaker: { quotaCooldown: 2m }'),
	},
	{
		rule: 'one-failure-opens',
		severity: 'warning',
		text: policy('breaker: { failureRate: §0 }'),
		says: /a `failureRate` of 0 and a `minimumVolume` of 20 a single failure/,
		sound: policy('breaker: { failureRate: 0.1 }'),
	},
	{
		rule: 'one-failure-opens',
		severity: 'warning',
		text: policy('breaker: { minimumVolume: §2 }'),
		says: /whatever `failureThreshold` \(3\) says/,
		sound: policy('breaker: { minimumVolume: 3 }'),
	},
	{
		rule: 'rate-never-fills',
		severity: 'note',
		text: policy('breaker: { window: §5s }'),
		says: /`window` \(5 s\) is shorter than `firstToken` \(10 s\)/,
		sound: policy('breaker: { window: 10s }'),
	},
	{
		rule: 'slow-recovery',
		severity: 'note',
		text: policy('breaker: { successThreshold: §50 }'),
		says: /50 probes must succeed .* 1 at a time/,
		sound: policy('breaker: { successThreshold: 50, probes: 5 }'),
	},
	{
		rule: 'bad-request-counts',
		severity: 'error',
		text: effects('BAD_REQUEST: §count'),
		says: /BAD_REQUEST has the effect `count`.*open it for all callers/,
		sound: effects('BAD_REQUEST: none'),
	},
	{
		rule: 'bad-request-counts',
		severity: 'error',
		text: effects('BAD_REQUEST.content_policy: §cool'),
		says: /BAD_REQUEST\.content_policy/,
		sound: effects('UNKNOWN_TRANSIENT: none'),
	},
	{
		rule: 'quota-not-cooled',
		severity: 'error',
		text: effects('QUOTA_EXCEEDED: §none'),
		says: /ran out of credit is asked again and again/,
		sound: effects('QUOTA_EXCEEDED: quota'),
	},
	{
		rule: 'quota-not-cooled',
		severity: 'error',
		text: effects('QUOTA_EXCEEDED: §auth'),
		says: /treated as a rejected key/,
		sound: effects('QUOTA_EXCEEDED.daily: model'),
	},
	{
		rule: 'auth-does-not-open',
		severity: 'error',
		text: effects('AUTH_ERROR: §count'),
		says: /a rejected key is asked again and again/,
		sound: effects('AUTH_ERROR.permission: model'),
	},
	{
		rule: 'auth-does-not-open',
		severity: 'error',
		text: effects('AUTH_ERROR.permission: §none'),
		says: /AUTH_ERROR\.permission has the effect `none`/,
		sound: effects('AUTH_ERROR: auth'),
	},
	{
		rule: 'auth-does-not-open',
		severity: 'error',
		text: effects('AUTH_ERROR: §quota'),
		says: /treated as an empty account/,
		sound: effects('AUTH_ERROR: auth'),
	},
	{
		rule: 'missing-model-opens-provider',
		severity: 'warning',
		text: effects('MODEL_UNAVAILABLE: §count'),
		says: /opens the provider, and its other models are not asked either/,
		sound: effects('MODEL_UNAVAILABLE: none'),
	},
	{
		rule: 'outage-misjudged',
		severity: 'warning',
		text: effects('NETWORK_ERROR: §none'),
		says: /never opened/,
		sound: effects('NETWORK_ERROR.reset: none'),
	},
	{
		rule: 'outage-misjudged',
		severity: 'warning',
		text: effects('SERVER_ERROR.overloaded: §quota'),
		says: /a single failure that passes by itself/,
		sound: effects('SERVER_ERROR.overloaded: cool'),
	},
	{
		rule: 'mistake-passed-on',
		severity: 'warning',
		text: onError('BAD_REQUEST: { then: §next }'),
		says: /the same mistake there/,
		sound: onError('BAD_REQUEST.context_length: { then: next }'),
	},
	{
		rule: 'mistake-passed-on',
		severity: 'note',
		text: onError('BAD_REQUEST.content_policy: { then: §next }'),
		says: /get around the refusal/,
		sound: onError('BAD_REQUEST.content_policy: { then: fail }'),
	},
	{
		rule: 'credential-without-another',
		severity: 'warning',
		text: onError('AUTH_ERROR: { then: §credential }'),
		says: /no provider here has more than one/,
		sound: onError('AUTH_ERROR: { then: credential }').replace('"$' + '{B_KEY}"', '["$' + '{B_KEY}", "$' + '{D_KEY}"]'),
	},
	{
		rule: 'doubtful-continuation',
		severity: 'warning',
		text: policy('continuation: { §categories: [TIMEOUT, BAD_REQUEST] }'),
		says: /`categories` has BAD_REQUEST/,
		sound: policy('continuation: { categories: [TIMEOUT] }'),
	},
	{
		rule: 'forgetful-continuation',
		severity: 'warning',
		text: policy('continuation: { retainedText: §1KB }'),
		says: /keeps 1024 characters/,
		sound: policy('continuation: { retainedText: 4KB }'),
	},
	{
		rule: 'unknown-reason',
		severity: 'warning',
		text: onError('§BAD_REQUEST.contxt_length: { then: next }'),
		says: /did you mean `BAD_REQUEST\.context_length`\?$/,
		sound: onError('BAD_REQUEST.context_length: { then: next }'),
	},
	{
		rule: 'unknown-reason',
		severity: 'warning',
		text: effects('NETWORK_ERROR.overloaded: §cool'),
		says: /did you mean `SERVER_ERROR\.overloaded`\?$/,
		sound: effects('SERVER_ERROR.overloaded: cool'),
	},
	{
		rule: 'unknown-reason',
		severity: 'warning',
		text: effects('RATE_LIMIT.tokens: §count'),
		says: /write `RATE_LIMIT`, or an `errorRules` entry that gives this reason$/,
		sound: `${effects('RATE_LIMIT.tokens: count')}errorRules: [{ code: tokens, as: RATE_LIMIT.tokens }]\n`,
	},
	{
		rule: 'shadowed-error-rule',
		severity: 'warning',
		text: `${providers}${profiles}errorRules:\n  - { status: 5xx, as: SERVER_ERROR }\n  - §{ status: [502, 503], provider: a, as: TIMEOUT }\n`,
		says: /the one in line 8 comes first and matches everything/,
		sound: `${providers}${profiles}errorRules:\n  - { status: 5xx, provider: [b, c], as: SERVER_ERROR }\n  - { status: [502, 503], provider: a, as: TIMEOUT }\n`,
	},
	{
		rule: 'shadowed-error-rule',
		severity: 'warning',
		text: `${providers}${profiles}errorRules:\n  - { message: busy, as: SERVER_ERROR }\n  - §{ message: busy, header: { x-a: b }, as: TIMEOUT }\n`,
		says: /never applies/,
		sound: `${providers}${profiles}errorRules:\n  - { message: busy, header: { x-a: b }, as: SERVER_ERROR }\n  - { message: busy, as: TIMEOUT }\n`,
	},
	{
		rule: 'unused-provider',
		severity: 'warning',
		text: chain('a/m, b/m').replace('  c:', '  §c:'),
		says: /the provider `c`, with its key, is never used/,
		sound: chain('a/m, b/m, c/m'),
	},
	{
		rule: 'unused-provider',
		severity: 'note',
		text: windows('', '', '', 'profiles: { p: { chain: [a/m, b/m] } }').replace('  c:', '  §c:'),
		says: /only requests that name one of its models/,
		sound: windows('', '', '', 'profiles: { p: { chain: [a/m, b/m, c/m] } }'),
	},
	{
		rule: 'same-key-twice',
		severity: 'warning',
		text: oneProvider('apiKey: ["$' + '{A_KEY}", "$' + '{B_KEY}", §"$' + '{A_KEY}"]'),
		says: /key 3 of `a` has the same value as key 1/,
		sound: oneProvider('apiKey: ["$' + '{A_KEY}", "$' + '{B_KEY}"]'),
	},
	{
		rule: 'shared-key',
		severity: 'warning',
		text: chain('a/m, b/m, c/m').replace('"$' + '{B_KEY}"', '§"$' + '{A_KEY}"'),
		says: /`b` is sent the same key as `a`, which is at another address/,
		sound: chain('a/m, b/m, c/m'),
	},
	{
		rule: 'shared-key',
		severity: 'warning',
		text: chain('a/m, b/m, c/m')
			.replace('"$' + '{B_KEY}"', '§"$' + '{A_KEY}"')
			.replace('b.example', 'a.example'),
		says: /`b` and `a` are one account under two names/,
		sound: chain('a/m, b/m, c/m').replace('B_KEY', 'A_KEY').replace('https://b.example', 'http://127.0.0.1:8000'),
	},
	{
		rule: 'silence-on-error',
		severity: 'warning',
		text: onError('§UNKNOWN_TRANSIENT.answer_silent: { then: fail }'),
		says: /^`onError` has no say .* so this entry has no effect; remove it; `emptyAnswer` decides/,
		sound: policy('breaker: { effects: { UNKNOWN_TRANSIENT.answer_silent: count } }, emptyAnswer: pass'),
	},
	{
		rule: 'body-beyond-memory',
		severity: 'warning',
		text: `server: { limits: { memory: §59MB } }\n${providers}${profiles}`,
		says: /^a body of `bodyLimit` \(20MB\) is held 3 times, .* `memory` \(59MB\).*; write a `memory` of at least 60MB/,
		sound: `server: { limits: { memory: 60MB } }\n${providers}${profiles}`,
	},
	{
		rule: 'body-beyond-memory',
		severity: 'warning',
		text: `server: { bodyLimit: §43MB }\n${providers}${profiles}`,
		says: /more than `memory` \(128MB\)/,
		sound: `server: { bodyLimit: 40MB }\n${providers}${profiles}`,
	},
	{
		rule: 'limit-never-reached',
		severity: 'note',
		text: oneProvider('limits: { concurrent: §4097 }'),
		says: /^`a` may have 4,097 attempts .* 4,096 requests/,
		sound: oneProvider('limits: { concurrent: 4096 }'),
	},
	{
		rule: 'limit-never-reached',
		severity: 'note',
		text: oneProvider('limits: { tokensPerMinute: 1000 }, models: { m: { limits: { tokensPerMinute: §1001 } } }'),
		says: /^`tokensPerMinute` of `m` is 1,001, and that of its provider 1,000/,
		sound: oneProvider('limits: { tokensPerMinute: 1000 }, models: { m: { limits: { tokensPerMinute: 1000 } } }'),
	},
	{
		rule: 'limit-never-reached',
		severity: 'note',
		text: `server: { limits: { requests: §200, connections: 100 } }\n${providers}${profiles}`,
		says: /^`requests` is 200, and `connections` lets in 100 callers/,
		sound: `server: { limits: { requests: 100, connections: 100 } }\n${providers}${profiles}`,
	},
	{
		rule: 'limit-never-reached',
		severity: 'note',
		text: `server: { limits: { connectionsPerAddress: §9000 } }\n${providers}${profiles}`,
		says: /^`connectionsPerAddress` is 9,000/,
		// What was lowered stays below defaults that nobody wrote.
		sound: `server: { limits: { requests: 10, connections: 10, connectionsPerAddress: 10 } }\n${providers}${profiles}`,
	},
	{
		rule: 'same-profile',
		severity: 'note',
		text: `${providers}${profiles}  §again: { chain: [a/m, b/m, c/m] }\n`,
		says: /`again` does exactly what `default` in line 6 does/,
		sound: `${providers}${profiles}  again: { extends: default, commit: complete }\n`,
	},
	{
		rule: 'key-in-clear',
		severity: 'warning',
		text: oneProvider('apiKey: "$' + '{A_KEY}"').replace('https://', '§http://'),
		says: /the key of `a`, the prompts and the answers travel unencrypted/,
		sound: oneProvider('apiKey: "$' + '{A_KEY}"').replace('https://a.example', 'http://localhost:1'),
	},
	{
		rule: 'key-in-clear',
		severity: 'warning',
		text: oneProvider('headers: { X-Api-Key: "$' + '{A_KEY}" }').replace('https://', '§http://'),
		says: /the header `x-api-key` of `a`/,
		sound: oneProvider('headers: { X-Title: hello }').replace('https://', 'http://'),
	},
	{
		rule: 'literal-key',
		severity: 'warning',
		text: oneProvider('apiKey: §planted-key'),
		says: /the key of `a` is written into the file itself/,
		sound: oneProvider('apiKey: "$' + '{A_KEY}"'),
	},
	{
		rule: 'literal-key',
		severity: 'warning',
		text: oneProvider(
			'apiKey: { oauth: { tokenUrl: "https://login.example/token", clientId: me, clientSecret: §planted-secret } }',
		),
		says: /the client secret of `a` is written into the file itself/,
		sound: oneProvider('apiKey: { file: /run/secrets/key }'),
	},
	{
		rule: 'key-in-clear',
		severity: 'warning',
		text: oneProvider('apiKey: { command: print-key }').replace('https://', '§http://'),
		says: /the key of `a`, the prompts and the answers travel unencrypted/,
		sound: oneProvider('apiKey: { command: print-key }'),
	},
	{
		rule: 'shared-key',
		severity: 'warning',
		text: chain('a/m, b/m, c/m')
			.replace('"$' + '{A_KEY}"', '{ file: key }')
			.replace('"$' + '{B_KEY}"', '{ file: key }')
			.replace(/apiKey(?=: \{ file: key \} \}\n {2}c)/, '§apiKey'),
		says: /`b` is sent the same key as `a`, which is at another address/,
		sound: chain('a/m, b/m, c/m')
			.replace('"$' + '{A_KEY}"', '{ file: a }')
			.replace('"$' + '{B_KEY}"', '{ file: b }'),
	},
	{
		rule: 'literal-key',
		severity: 'warning',
		text: oneProvider('headers: { Authorization: §"Basic planted-key" }'),
		says: /the header `authorization` of `a`/,
		sound: oneProvider('headers: { Authorization: "Basic $' + '{A_KEY}" }'),
	},
	{
		rule: 'literal-key',
		severity: 'warning',
		text: 'providers:\n  a: { baseUrl: §"https://a.example/v1?key=planted-key" }\nprofiles: { p: { chain: [a/m] } }\n',
		says: /a key in the query of `a`/,
		sound: oneProvider('apiKey: unused').replace('https://a.example', 'http://127.0.0.1:11434'),
	},
	{
		rule: 'literal-key',
		severity: 'warning',
		text: `${providers}${profiles}server: { adminKey: §planted-key-0123456789 }\n`,
		says: /the admin key is written into the file/,
		sound: `${providers}${profiles}server: { adminKey: "\${LONG_KEY}" }\n`,
	},
	{
		rule: 'literal-key',
		severity: 'warning',
		text: `${providers}${profiles}server: { clients: { x: { key: ["\${LONG_KEY}", §planted-key-0123456789] } } }\n`,
		says: /a key of the client `x` is written into the file/,
		sound: `${providers}${profiles}server: { clients: { x: { key: "\${LONG_KEY}" } } }\n`,
	},
	{
		rule: 'mistake-passed-on',
		severity: 'warning',
		text: chain('a/m, b/m', 'policy: { onError: { BAD_REQUEST: { then: §[larger-context] } } }\n').replace(
			'then: §',
			'§then: ',
		),
		says: /write `then: fail` for BAD_REQUEST/,
		sound: chain('a/m', 'policy: { onError: { BAD_REQUEST: { then: next } } }\n'),
	},
	{
		rule: 'larger-context-nowhere',
		severity: 'warning',
		text: windows(
			'contextWindow: 9000',
			'contextWindow: 8192',
			'contextWindow: 8192',
			'profiles: { p: { chain: [a/m, b/m, c/m] } }\npolicy: { onError: { BAD_REQUEST: { then: next }, BAD_REQUEST.context_length: { then: §larger-context } } }',
		),
		says: /none in the chain has a larger/,
		sound: windows(
			'contextWindow: 8192',
			'contextWindow: 8192',
			'',
			'profiles: { p: { chain: [a/m, b/m] } }\npolicy: { onError: { BAD_REQUEST.context_length: { then: [larger-context, next] } } }',
		),
	},
	{
		rule: 'chain-outlasts-deadline',
		severity: 'warning',
		text: chain(
			'a/m, §b/m',
			'policy: { timeouts: { firstToken: 50s, response: 50s, request: 5m }, onError: { TIMEOUT: { retries: 9 } }, breaker: { effects: { TIMEOUT: none } } }\n',
		),
		says: /^a streamed request cannot reach step 2/,
		sound: chain(
			'a/m, b/m',
			'policy: { timeouts: { firstToken: 50s, response: 50s, request: 5m }, onError: { TIMEOUT: { retries: 9 } }, breaker: { failureThreshold: 1 } }\n',
		),
	},
	{
		rule: 'shadowed-error-rule',
		severity: 'warning',
		text: `${providers}${profiles}errorRules:\n  - { status: [429, 503], code: [x, y], as: RATE_LIMIT }\n  - §{ status: 503, code: x, as: TIMEOUT }\n`,
		says: /matches everything that this one matches/,
		sound: `${providers}${profiles}errorRules:\n  - { status: [429, 503], code: x, as: RATE_LIMIT }\n  - { status: 503, code: [x, y], as: TIMEOUT }\n`,
	},
	{
		rule: 'shadowed-error-rule',
		severity: 'warning',
		text: `${providers}${profiles}errorRules:\n  - { type: [x, y], provider: [a, b], as: RATE_LIMIT }\n  - §{ type: y, provider: b, as: TIMEOUT }\n`,
		says: /matches everything that this one matches/,
		sound: `${providers}${profiles}errorRules:\n  - { type: x, provider: a, as: RATE_LIMIT }\n  - { type: x, as: TIMEOUT }\n  - { status: 429, as: TIMEOUT }\n  - { status: 4xx, as: TIMEOUT }\n`,
	},
	{
		rule: 'way-never-taken',
		severity: 'warning',
		text: onError('BAD_REQUEST.unsupported: { §then: [next, other-provider] }'),
		says: /`other-provider` in `then` is never reached/,
		sound: onError('BAD_REQUEST.unsupported: { then: [other-provider, next] }'),
	},
	{
		rule: 'way-never-taken',
		severity: 'warning',
		text: onError('TIMEOUT: { §then: [next, fail, larger-context, credential] }'),
		says: /after TIMEOUT, `larger-context` and `credential` in `then` are never/,
		sound: onError('TIMEOUT: { then: [larger-context, credential, next, fail] }'),
	},
	{
		rule: 'shadowed-error-rule',
		severity: 'warning',
		text: `${providers}${profiles}errorRules:\n  - { message: busy, status: 500, as: SERVER_ERROR }\n  - §{ message: busy, status: 500, as: TIMEOUT }\n`,
		says: /matches everything that this one matches/,
		sound: `${providers}${profiles}errorRules:\n  - { message: busy, status: 500, as: SERVER_ERROR }\n  - { message: gone, status: 500, as: TIMEOUT }\n  - { status: 500, header: { x: a }, as: TIMEOUT }\n  - { status: 500, header: { x: b }, as: TIMEOUT }\n`,
	},
	{
		rule: 'too-many-attempts',
		severity: 'warning',
		text: chain('a/m, b/m, c/m, a/n, b/n, c/n', 'policy: { onError: { SERVER_ERROR: { retries: §3 } } }\n'),
		says: /up to 24 upstream calls/,
		sound: chain('a/m, b/m, c/m, a/n, b/n', 'policy: { onError: { SERVER_ERROR: { retries: 3 } } }\n'),
	},
	{
		rule: 'smaller-fallback',
		severity: 'note',
		text: windows(
			'contextWindow: 9000',
			'contextWindow: 8000',
			'contextWindow: 9000',
			'profiles: { p: { chain: [a/m, §b/m, c/m] } }',
		),
		says: /8000 tokens and backs up `a\/m` with 9000/,
		sound: windows(
			'contextWindow: 8000',
			'contextWindow: 8000',
			'contextWindow: 9000',
			'profiles: { p: { chain: [a/m, b/m, c/m] } }',
		),
	},
	{
		rule: 'open-to-network',
		severity: 'error',
		text: `${providers}${profiles}server: { host: §0.0.0.0 }\n`,
		says: /^Whoever reaches 0\.0\.0\.0 could spend on your providers' keys; give your callers keys .*--host 127\.0\.0\.1\)$/,
		sound: `${providers}${profiles}server: { host: "::1" }\n`,
	},
	{
		rule: 'open-to-network',
		severity: 'error',
		text: `${providers}${profiles}server: { host: §10.0.0.7 }\n`,
		says: /^Whoever reaches 10\.0\.0\.7 could spend/,
		sound: `${providers}${profiles}server: { host: 10.0.0.7, clients: { x: { key: "\${LONG_KEY}" } } }\n`,
	},
	{
		rule: 'open-to-network',
		severity: 'error',
		text: `${providers}${profiles}server: { host: §"::" }\n`,
		says: /^Whoever reaches :: could spend/,
		sound: `${providers}${profiles}server: { host: "127.1" }\n`,
	},
	{
		rule: 'open-to-network',
		severity: 'error',
		text: `${providers}${profiles}server: { host: §"0" }\n`,
		says: /^Whoever reaches 0 could spend/,
		sound: `${providers}${profiles}server: { host: "::ffff:127.0.0.1" }\n`,
	},
	{
		rule: 'open-to-network',
		severity: 'warning',
		text: `${providers}${profiles}server: { host: §gateway.example }\n`,
		says: /^what the name `gateway\.example` stands for is known only when `serve` listens.*: Whoever reaches gateway\.example/,
		sound: `${providers}${profiles}server: { host: gateway.localhost }\n`,
	},
	{
		rule: 'hopeless-retries',
		severity: 'error',
		text: onError('QUOTA_EXCEEDED: { retries: §1 }'),
		says: /where the provider names a wait of at most `maxRetryAfter` \(5 s\), the same request asks again/,
		sound: onError('QUOTA_EXCEEDED: { retries: 0 }'),
	},
	{
		rule: 'hopeless-retries',
		severity: 'error',
		text: policy('breaker: { authCooldown: 5s }, onError: { AUTH_ERROR.permission: { retries: §1 } }'),
		says: /^AUTH_ERROR\.permission is retried .*as `authCooldown` \(5 s\) is no longer than a request waits/,
		sound: policy('breaker: { authCooldown: 5s }'),
	},
	{
		rule: 'hopeless-retries',
		severity: 'warning',
		text: policy('breaker: { authCooldown: 5001ms }, onError: { AUTH_ERROR.permission: { retries: §1 } }'),
		says: /never happens, as the provider opens at once/,
		sound: policy('breaker: { authCooldown: 5001ms }'),
	},
	{
		rule: 'hopeless-retries',
		severity: 'error',
		text: policy(
			'retry: { backoff: 4s, jitter: 0.5 }, breaker: { authCooldown: 6s }, onError: { AUTH_ERROR: { retries: §1 } }',
		),
		says: /`authCooldown` \(6 s\) is no longer than a request waits/,
		sound: policy('retry: { backoff: 4s, jitter: 0.5 }, breaker: { authCooldown: 6s }'),
	},
	{
		rule: 'retries-beyond-threshold',
		severity: 'note',
		text: policy('breaker: { failureThreshold: §1 }'),
		says: /^a provider that opens on the first failure .*: `SERVER_ERROR`, `NETWORK_ERROR` and `UNKNOWN_TRANSIENT` are retried up to 2 times \(providers `a`, `b`, `c`\); raise `failureThreshold`, as one request counts as one failure, or write `retries: 0`$/,
		sound: policy('breaker: { failureThreshold: 2 }'),
	},
	{
		rule: 'too-many-attempts',
		severity: 'warning',
		text: policy('continuation: { maxContinuations: 0 }, onError: { SERVER_ERROR: { retries: §6 } }'),
		says: /up to 21 upstream calls before an answer begins, 7 of them on `a\/m`/,
		// It is not the answers that are carried on which count, nor retries that never happen.
		sound: policy(
			'continuation: { maxContinuations: 20 }, onError: { SERVER_ERROR: { retries: 5 }, AUTH_ERROR: { retries: 9 } }',
		),
	},
	{
		rule: 'too-many-attempts',
		severity: 'warning',
		text: onError('SERVER_ERROR: { retries: §9, then: next }, RATE_LIMIT: { then: [credential, next] }').replace(
			'"$' + '{A_KEY}"',
			'["$' + '{A_KEY}", "$' + '{D_KEY}"]',
		),
		says: /up to 40 upstream calls .*, 20 of them on `a\/m`/,
		sound: chain('a/m, b/m', `policy: { onError: { ${allFail.replace(/ \}/g, ', retries: 10 }')} } }\n`),
	},
	{
		rule: 'same-profile',
		severity: 'note',
		text: `${providers}${profiles}  §again: { extends: default }\n  third: { extends: again }\n`,
		says: /^the profiles `again` and `third` do exactly what `default` in line 6 does; nothing to do if all these names are wanted$/,
		sound: `${providers}${profiles}  again: { extends: default, commit: complete }\n`,
	},
	{
		rule: 'bad-request-counts',
		severity: 'error',
		text: effects('BAD_REQUEST.content_policy: §model'),
		says: /one bad request makes the model unavailable to all callers/,
		sound: effects('BAD_REQUEST.content_policy: none'),
	},
	{
		rule: 'quota-not-cooled',
		severity: 'error',
		text: effects('QUOTA_EXCEEDED: §model'),
		says: /is asked again and again for its other models/,
		sound: effects('QUOTA_EXCEEDED.some_model: model'),
	},
	{
		rule: 'price-in-another-unit',
		severity: 'warning',
		text: priced('input: §0.0000025, output: 0.00001'),
		says: /`openai\/gpt-4o` is said to cost \$0\.0000025 per million input tokens, and costs \$2\.5 in the catalogue of 2026-09-23: that is about 1,000,000 times less, as a price per token is; write/,
		sound: priced('input: 1.25, output: 20'),
	},
	{
		rule: 'price-in-another-unit',
		severity: 'warning',
		text: priced('input: §0.0025, output: 0.01'),
		says: /about 1,000 times less, as a price per thousand tokens is; write/,
		sound: priced('input: 0, output: 0'),
	},
	{
		rule: 'price-in-another-unit',
		severity: 'warning',
		text: priced('input: 2.5, output: §10000'),
		says: /\$10000 per million output tokens, and costs \$10 in the catalogue of 2026-09-23: that is about 1,000 times more; write/,
		sound: priced('input: 0.0000025, output: 0.00001', 'https://llm.example.com/v1'),
	},
	{
		rule: 'budget-without-price',
		severity: 'warning',
		text: budgeted('§budget: { usd: 50 }'),
		says: /the price of `a\/m`, `b\/m` is not known: requests there count for nothing in this budget; write the model's `price`/,
		sound: `${priced('input: 2.5, output: 10')}budget: { usd: 50 }\n`,
	},
	{
		rule: 'budget-without-price',
		severity: 'warning',
		text: budgeted(
			'server: { clients: { web: { key: planted-0123456789abcdef, profiles: [cheap], §budget: { usd: 5 } } } }',
		),
		says: /the price of `b\/m` is not known/,
		sound: budgeted('server: { clients: { web: { key: planted-0123456789abcdef, profiles: [cheap] } } }'),
	},
	{
		rule: 'budget-goes-on',
		severity: 'note',
		text: budgeted('budget: { usd: 50, then: §cheap }'),
		says: /when this budget is spent, requests go to `cheap`, which has no budget: nothing ends what is spent there; give `cheap` a budget that refuses/,
		sound: budgeted('budget: { usd: 50, then: refuse }'),
	},
	{
		rule: 'budget-goes-on',
		severity: 'note',
		text: `${budgeted('budget: { usd: 50, then: §first }')}  first: { extends: default, budget: { usd: 1, then: cheap } }\n`,
		says: /requests go to `cheap`, which has no budget/,
		sound: `${budgeted('budget: { usd: 50, then: first }')}  first: { extends: default, budget: { usd: 1 } }\n`,
	},
];

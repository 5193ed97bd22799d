import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { categories } from '../../machines/failure.ts';
import { jsonSchema } from '../../src/config/json-schema.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problems.ts';
import { targetsOf } from '../../src/config/targets.ts';
import { problemsOf, read, smallest } from './read.ts';

const directory = mkdtempSync(join(tmpdir(), 'config-'));
afterAll(() => rmSync(directory, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
	const file = join(directory, name);
	writeFileSync(file, content);
	return file;
}

function failureOf(run: () => unknown): unknown {
	try {
		return run();
	} catch (error) {
		return error;
	}
}

describe('the smallest file', () => {
	const config = read(smallest);

	it('has every default of the design', () => {
		expect(config.server).toEqual({
			host: '127.0.0.1',
			port: 4010,
			timeouts: { head: 15_000, body: 30_000 },
			bodyLimit: 20 * 1024 ** 2,
			answerLimit: 64 * 1024 ** 2,
			limits: { requests: 4096, connections: 8192, memory: 128 * 1024 ** 2, eventLoopLag: 1000 },
			unknownModel: 'default',
			repairJson: false,
			drainDelay: 0,
			drainTimeout: 30_000,
			adminFrom: 'loopback',
		});
		expect(config.logs).toBeUndefined();
		expect(config.profiles.default?.chain[0]?.policy).toMatchObject({
			timeouts: {
				connect: 5_000,
				firstToken: 10_000,
				idle: 15_000,
				response: 120_000,
				request: 300_000,
				stream: 3_600_000,
			},
			retry: { backoff: 500, factor: 2, maxBackoff: 8_000, jitter: 0.2, maxRetryAfter: 5_000 },
			breaker: {
				failureThreshold: 3,
				failureRate: 0.5,
				window: 60_000,
				minimumVolume: 20,
				cooldown: 60_000,
				cooldownFactor: 2,
				maxCooldown: 180_000,
				cooldownJitter: 0.1,
				probes: 1,
				successThreshold: 1,
				probeDeadline: 300_000,
				authCooldown: 900_000,
				quotaCooldown: 3_600_000,
				modelCooldown: 300_000,
				effects: {
					AUTH_ERROR: 'auth',
					BAD_REQUEST: 'none',
					RATE_LIMIT: 'cool',
					TIMEOUT: 'count',
					MODEL_UNAVAILABLE: 'model',
					QUOTA_EXCEEDED: 'quota',
				},
			},
			onError: {
				AUTH_ERROR: { retries: 0, then: ['credential', 'fail'] },
				'BAD_REQUEST.context_length': { retries: 0, then: ['larger-context'] },
				RATE_LIMIT: { retries: 1, then: ['credential', 'next'] },
				QUOTA_EXCEEDED: { retries: 0, then: ['credential', 'next'] },
				SERVER_ERROR: { retries: 2, then: ['next'] },
			},
			whenAllDenied: 'try-soonest',
		});
	});

	it('says something about every category', () => {
		const { onError, breaker } = read(smallest).providers.a?.policy ?? {};
		expect(Object.keys(onError ?? {})).toEqual(expect.arrayContaining([...categories]));
		expect(Object.keys(breaker?.effects ?? {})).toEqual(expect.arrayContaining([...categories]));
	});

	it('cannot be changed by anyone who shares it', () => {
		const policy = config.profiles.default?.chain[0]?.policy;
		expect(policy && Reflect.set(policy.timeouts, 'idle', 1)).toBe(false);
		expect(Reflect.set(config.providers, 'b', {})).toBe(false);
	});

	it('has no provider that nobody defined', () => {
		expect(config.providers.constructor).toBeUndefined();
		expect(config.profiles.toString).toBeUndefined();
		expect(config.providers.a?.models.constructor).toBeUndefined();
	});
});

describe('a provider', () => {
	const provider = (options: string) =>
		read(`providers:\n  a: { ${options} }\nprofiles: { default: { chain: [a/m] } }\n`).providers.a;

	it('without a key has one credential', () => {
		expect(provider('baseUrl: http://127.0.0.1')?.credentials).toEqual([{ id: 'a', source: 'providers.a.apiKey' }]);
	});

	it('with one key, in a list or not, is named after itself', () => {
		const credentials = [{ id: 'a', apiKey: 'k', source: 'providers.a.apiKey' }];
		expect(provider('baseUrl: http://127.0.0.1, apiKey: k')?.credentials).toEqual(credentials);
		expect(provider('baseUrl: http://127.0.0.1, apiKey: [k]')?.credentials).toMatchObject([{ id: 'a', apiKey: 'k' }]);
	});

	it('with several keys has a credential for each', () => {
		expect(provider('baseUrl: http://127.0.0.1, apiKey: [k, l]')?.credentials).toEqual([
			{ id: 'a#1', apiKey: 'k', source: 'providers.a.apiKey[0]' },
			{ id: 'a#2', apiKey: 'l', source: 'providers.a.apiKey[1]' },
		]);
	});

	it('has its URL without a slash at the end, and its headers in lower case', () => {
		expect(provider('baseUrl: http://127.0.0.1/v1//, headers: { X-Title: t }')).toMatchObject({
			baseUrl: 'http://127.0.0.1/v1',
			headers: { 'x-title': 't' },
		});
	});

	it('that is simulated answers by default', () => {
		expect(provider('protocol: simulated')?.simulate).toEqual({
			firstToken: 80,
			tokenInterval: 15,
			tokens: 40,
			script: [],
		});
	});

	it('that is simulated plays its script', () => {
		const script =
			'[ { do: hang, for: 10s }, { do: status, status: 429, retryAfter: 2s, code: x }, { do: cut, requests: 3, afterTokens: 0 } ]';
		expect(
			provider(`protocol: simulated, simulate: { reply: hi, tokenInterval: 0ms, script: ${script} }`)?.simulate,
		).toEqual({
			firstToken: 80,
			tokenInterval: 0,
			tokens: 40,
			reply: 'hi',
			script: [
				{ do: 'hang', for: 10_000 },
				{ do: 'status', status: 429, retryAfter: 2_000, code: 'x', requests: 1 },
				{ do: 'cut', requests: 3, afterTokens: 0 },
			],
		});
	});
});

describe('the layers of policy', () => {
	const config = read(`providers:
  a:
    baseUrl: http://127.0.0.1
    models: { m: { contextWindow: 10 }, other/model: {} }
    policy: { timeouts: { idle: 3s, connect: 3s }, breaker: { probes: 3, effects: { TIMEOUT.idle: none } } }
  b: { baseUrl: http://127.0.0.1 }
profiles:
  base: { chain: [a/m, b/vendor/x], policy: { timeouts: { connect: 4s, firstToken: 4s }, whenAllDenied: try-soonest } }
  child: { extends: base, policy: { timeouts: { firstToken: 5s } } }
  short: { extends: child, chain: [b/y] }
policy: { timeouts: { idle: 2s, connect: 2s, response: 2s, request: 2s } }
`);
	const timeouts = {
		connect: 4_000,
		firstToken: 5_000,
		response: 2_000,
		request: 2_000,
		stream: 3_600_000,
		thinking: 120_000,
		throughput: 'off',
	};

	it('each override the one below, field by field', () => {
		expect(config.providers.a?.policy.timeouts).toEqual({
			connect: 3_000,
			firstToken: 10_000,
			idle: 3_000,
			response: 2_000,
			request: 2_000,
			stream: 3_600_000,
			thinking: 120_000,
			throughput: 'off',
		});
		expect(config.profiles.child?.policy.timeouts).toEqual({ ...timeouts, idle: 2_000 });
		expect(config.profiles.child?.chain[0]?.policy.timeouts).toEqual({ ...timeouts, idle: 3_000 });
		expect(config.profiles.child?.chain[1]?.policy.timeouts).toEqual({ ...timeouts, idle: 2_000 });
	});

	it('keep the effects that a layer does not name', () => {
		expect(config.providers.a?.policy.breaker.effects).toMatchObject({ 'TIMEOUT.idle': 'none', TIMEOUT: 'count' });
		expect(config.providers.b?.policy.breaker.effects).not.toHaveProperty(['TIMEOUT.idle']);
	});

	it('are taken over with `extends`, the chain too where none is given', () => {
		expect(config.profiles.child?.chain.map(({ target }) => target)).toEqual(['a/m', 'b/vendor/x']);
		expect(config.profiles.short?.chain.map(({ target }) => target)).toEqual(['b/y']);
		expect(config.profiles.short?.policy).toMatchObject({
			whenAllDenied: 'try-soonest',
			timeouts: { firstToken: 5_000 },
		});
	});

	it('leave a target alone that is asked for by itself', () => {
		const targets = targetsOf(config);
		expect(targets.map(({ target }) => target)).toEqual(['a/m', 'b/vendor/x', 'b/y', 'a/other/model']);
		expect(targets[0]).toMatchObject({ provider: 'a', model: 'm', contextWindow: 10 });
		expect(targets[0]?.policy).toEqual(config.providers.a?.policy);
		expect(targets[1]).toMatchObject({ provider: 'b', model: 'vendor/x' });
	});

	it('name the first profile as the default when none is called so', () => {
		expect(config.defaultProfile).toBe('base');
		expect(read(smallest.replace('default:', 'first: { chain: [a/m] }\n  default:')).defaultProfile).toBe('default');
	});
});

describe('an entry of onError', () => {
	const errors = (below: string, above = '{}') =>
		read(`${smallest.replace('/v1 }', `/v1, policy: { onError: ${above} } }`)}policy: { onError: ${below} }\n`)
			.providers.a?.policy.onError;

	it('is completed from the same key one layer down', () => {
		expect(errors('{ TIMEOUT: { retries: 4 } }', '{ TIMEOUT: { then: fail } }')?.TIMEOUT).toEqual({
			retries: 4,
			then: ['fail'],
		});
	});

	it('is completed from its category, of its own layer too and whatever the order', () => {
		expect(errors('{ SERVER_ERROR.overloaded: { then: fail } }')).toMatchObject({
			'SERVER_ERROR.overloaded': { retries: 2, then: ['fail'] },
		});
		expect(errors('{ SERVER_ERROR.overloaded: { then: fail }, SERVER_ERROR: { retries: 5 } }')).toMatchObject({
			'SERVER_ERROR.overloaded': { retries: 5, then: ['fail'] },
		});
	});

	it('keeps the reasons of the defaults when their category changes', () => {
		expect(errors('{ BAD_REQUEST: { then: next } }')).toMatchObject({
			BAD_REQUEST: { then: ['next'] },
			'BAD_REQUEST.context_length': { then: ['larger-context'] },
		});
	});

	it.each([
		['QUOTA_EXCEEDED', 'credential', ['credential', 'next']],
		['AUTH_ERROR', 'credential', ['credential', 'fail']],
		['AUTH_ERROR', '[credential]', ['credential']],
		['AUTH_ERROR', '[credential, next]', ['credential', 'next']],
		['AUTH_ERROR', 'next', ['next']],
	])('%s with %s goes on with %j', (category, then, ways) => {
		expect(errors(`{ ${category}: { then: ${then} } }`)?.[category]?.then).toEqual(ways);
	});

	it('with another credential keeps what the layer below does after it', () => {
		expect(errors('{ AUTH_ERROR: { then: next } }', '{ AUTH_ERROR: { then: credential } }')?.AUTH_ERROR?.then).toEqual([
			'credential',
			'next',
		]);
		expect(
			errors('{ AUTH_ERROR: { then: credential } }', '{ AUTH_ERROR: { then: credential } }')?.AUTH_ERROR?.then,
		).toEqual(['credential', 'fail']);
	});
});

describe('an error rule', () => {
	it('has lists, small letters and numbers', () => {
		const text = `${smallest}errorRules: [ { status: [5XX, "418", 429], code: x, header: { X-A: "^b" }, provider: a, message: "a|b", as: RATE_LIMIT.soft } ]\n`;
		expect(read(text).errorRules).toEqual([
			{
				status: ['5xx', 418, 429],
				code: ['x'],
				header: { 'x-a': '^b' },
				provider: ['a'],
				message: 'a|b',
				as: 'RATE_LIMIT.soft',
			},
		]);
	});
});

describe('a file', () => {
	it('that is not there, or no file, or no text, says so', () => {
		const missing = failureOf(() => loadConfig('no/such.yaml', {}));
		expect(missing).toBeInstanceOf(ConfigError);
		expect(String(missing)).toBe(
			'ConfigError: no/such.yaml:1:1: the file does not exist; create it, or name another one with `--config`',
		);
		expect(String(failureOf(() => loadConfig(directory, {})))).toContain('this is a directory; name a file in it');
		const utf16 = write('utf16.yaml', Buffer.from(`\ufeff${smallest}`, 'utf16le'));
		expect(String(failureOf(() => loadConfig(utf16, {})))).toContain('the file is not UTF-8 text; save it as UTF-8');
	});

	it('with a byte order mark and the line ends of Windows is read', () => {
		const file = write('windows.yaml', `\ufeff${smallest.replaceAll('\n', '\r\n')}`);
		expect(loadConfig(file, {}).defaultProfile).toBe('default');
	});

	it('with problems has one line for each', () => {
		const file = write('bad.yaml', `${smallest}server: { port: -1, hots: x }\n`);
		const error = failureOf(() => loadConfig(file, {}));
		expect(error).toMatchObject({
			problems: [
				{ file, line: 5, column: 17 },
				{ file, line: 5, column: 21 },
			],
		});
		expect(error instanceof Error && error.message.split('\n').map((line) => line.slice(0, file.length + 6))).toEqual([
			`${file}:5:17:`,
			`${file}:5:21:`,
		]);
	});
});

describe('a secret', () => {
	const secret = 'sk-very-secret';
	const files = [
		`providers: { a: { baseUrl: "https://u:${secret}@x.y" } }\n`,
		`providers: { a: { baseUrl: "${secret}" } }\n`,
		`providers: { a: { apiKey: " ${secret}" } }\n`,
		`providers: { a: { apiKey: [ { x: ${secret} } ] } }\n`,
		`providers: { a: { apiKey:${secret} } }\n`,
		`providers: { a: { apiKey=${secret} } }\n`,
		`providers: { a: { headers: { x: "${secret}\\n" } } }\n`,
		`providers: { a: { headers: { Authorization:${secret} } } }\n`,
		`providers: { a: { headers: { "a: ${secret}": 1 } } }\n`,
		`providers:\n  a:\n    apiKey: "${secret}\n`,
		`providers:\n  a:\n    apiKey: @${secret}\n`,
		`providers:\n  a:\n    apiKey: *${secret}\n`,
		`providers:\n  a:\n    apiKey: !${secret} x\n`,
		`providers:\n  a:\n    apiKey: a: ${secret}\n`,
		`providers:\n  a:\n    apiKey: ${secret}\n   x: 1\n`,
		`providers:\n  a:\n    apiKey: "\${${secret}}"\n`,
		`providers: { a: { protocol: "\${S}", baseUrl: "\${S}", apiKey: " \${S}" } }\nprofiles: { p: { extends: "\${S}", chain: ["\${S}/m"] } }\nserver: { port: "\${S}", unknownModel: "\${S}", bodyLimit: "\${S}" }\n`,
		`${smallest}errorRules: [ { message: "\${S}(", as: "\${S}", provider: "\${S}" } ]\n`,
	];
	it.each(files)('is in no problem of %j', (text) => {
		const problems = problemsOf(text, { S: secret });
		expect(problems).not.toEqual([]);
		expect(problems.join('\n')).not.toContain(secret);
	});
});

describe('what is shipped', () => {
	const exampleKeys = { OPENAI_API_KEY: 'k', ANTHROPIC_API_KEY: 'm', OPENROUTER_API_KEY: 'l' };

	it('as an example loads', () => {
		const file = new URL('../../config/gateway.example.yaml', import.meta.url);
		const config = loadConfig(fileURLToPath(file), exampleKeys);
		expect(Object.keys(config.profiles)).toEqual(['default', 'cheap', 'critical', 'embeddings']);
		expect(Object.keys(config.providers)).toEqual(['openai', 'anthropic', 'openrouter', 'local']);
		expect(config.profiles.critical?.chain).toHaveLength(4);
		expect(readFileSync(file, 'utf8').split('\n')[0]).toBe('# yaml-language-server: $schema=./breakwater.schema.json');
	});

	it('as an example shows the defaults', () => {
		const file = new URL('../../config/gateway.example.yaml', import.meta.url);
		const { providers } = loadConfig(fileURLToPath(file), exampleKeys);
		expect(providers.openai?.policy).toEqual(read(smallest).providers.a?.policy);
	});

	it('as a JSON Schema has a sentence for every option', () => {
		const bare: string[] = [];
		const visit = (value: unknown, path: string) => {
			if (typeof value !== 'object' || value === null) return;
			for (const [key, child] of Object.entries(value)) {
				if (key === 'properties') {
					for (const [name, option] of Object.entries(child)) {
						if (!Object.hasOwn(Object(option), 'description')) bare.push(`${path}.${name}`);
					}
				}
				visit(child, `${path}.${key}`);
			}
		};
		visit(jsonSchema(), '');
		expect(bare).toEqual([]);
	});
});

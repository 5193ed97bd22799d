// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of the YAML is what is tested.
import { describe, expect, it } from 'vitest';
import { interpolate } from '../../src/config/interpolate.ts';
import { problemsOf, read, smallest } from './read.ts';

describe('a variable', () => {
	const env = { A: 'one', B: 'two', EMPTY: '', NESTED: '${A}' };

	it.each([
		['plain', 'plain'],
		['${A}', 'one'],
		['${A}-${B}', 'one-two'],
		['${UNSET:-three}', 'three'],
		['${EMPTY:-three}', 'three'],
		['${UNSET:-}', ''],
		['${UNSET:-http://x:1/a-b}', 'http://x:1/a-b'],
		['${A:-three}', 'one'],
		['$${A}', '${A}'],
		['$${A} ${A}', '${A} one'],
		['$A {A} $', '$A {A} $'],
		['${NESTED}', '${A}'],
	])('%s becomes %s', (source, text) => {
		expect(interpolate(source, env)).toMatchObject({ text });
	});

	it.each(['${UNSET}', 'x${EMPTY}', '${constructor}'])('%s is an error that names the variable', (source) => {
		expect(interpolate(source, env)).toEqual({ mistake: expect.stringMatching(/variable (UNSET|EMPTY|constructor),/) });
	});

	it.each(['${', '${A', '${}', '${1A}', '${a-b}', '${A:+x}', '${ A }'])('%s is malformed', (source) => {
		expect(interpolate(source, env)).toEqual({ mistake: expect.stringContaining('malformed') });
	});
});

describe('a variable that is not set', () => {
	it.each(['LITELLM_MASTER_KEY', 'GITHUB_TOKEN', 'ADMIN_SECRET', 'DB_PASSWORD'])(
		'%s is to be set, in no file',
		(name) => {
			expect(interpolate(`\${${name}}`, {})).toEqual({
				mistake: `needs the environment variable ${name}, which is not set; set it`,
			});
		},
	);

	it('may have a default where it is no secret', () => {
		expect(interpolate('${LOCAL_URL}', {})).toEqual({ mistake: expect.stringContaining('`${LOCAL_URL:-default}`') });
	});
});

describe('a variable in a file', () => {
	it('keeps the structure, whatever its value holds', () => {
		const config = read(`${smallest}server: { host: "\${H}" }\n`, { H: 'x, port: 1 }\nprofiles: {}' });
		expect(config.server).toMatchObject({ host: 'x, port: 1 }\nprofiles: {}', port: 4010 });
	});

	it('may stand for a number or a boolean when it stands alone', () => {
		const text = `providers:
  a: { baseUrl: http://127.0.0.1:1, models: { m: { prefill: "\${YES}", contextWindow: "\${N}" } } }
profiles: { default: { chain: [a/m] } }
server: { port: "\${PORT:-4011}" }
policy: { retry: { jitter: "\${J}" }, onError: { TIMEOUT: { retries: "\${N}" } } }
errorRules: [ { status: "\${S}", as: TIMEOUT } ]
`;
		const config = read(text, { YES: 'true', N: '3', J: '0.5', S: '418' });
		expect(config.server.port).toBe(4011);
		expect(config.providers.a?.models.m).toEqual({ prefill: true, contextWindow: 3 });
		expect(config.providers.a?.policy.retry.jitter).toBe(0.5);
		expect(config.providers.a?.policy.onError.TIMEOUT?.retries).toBe(3);
		expect(config.errorRules[0]?.status).toEqual([418]);
	});

	it.each([
		['"1${P}"', '9'],
		['"${P}"', 'nine'],
		['"${P}"', '0x10'],
		['"${P}"', ' 9'],
	])('stands for no number in %s with %j', (port, P) => {
		expect(problemsOf(`${smallest}server: { port: ${port} }\n`, { P })).toEqual([
			'5:17: `server.port` is not a whole number from 0 to 65535; write one',
		]);
	});

	it('is not looked for in quotes of a number that the file holds itself', () => {
		expect(problemsOf(`${smallest}server: { port: "80" }\n`)).toHaveLength(1);
	});

	it('that is not set is reported once, where it stands, and every time', () => {
		const text = `providers:
  a:
    baseUrl: \${BASE}
    apiKey: [ "\${K1}", "\${K2}" ]
profiles: { default: { chain: [ "\${TARGET}" ], extends: "\${P}" } }
server: { port: "\${PORT}" }
`;
		const needs = (name: string) =>
			`needs the environment variable ${name}, which is not set; set it, or write \`\${${name}:-default}\``;
		expect(problemsOf(text, { K1: 'k' })).toEqual([
			`3:14: \`providers.a.baseUrl\` ${needs('BASE')}`,
			`4:24: \`providers.a.apiKey[1]\` ${needs('K2')}`,
			`5:33: \`profiles.default.chain[0]\` ${needs('TARGET')}`,
			`5:57: \`profiles.default.extends\` ${needs('P')}`,
			`6:17: \`server.port\` ${needs('PORT')}`,
		]);
	});
});

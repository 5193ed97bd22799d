// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the configurations take keys from the environment.
import { describe, expect, it } from 'vitest';
import { problemsOf, read, smallest } from './read.ts';

const one = 'planted-key-00000001';
const other = 'planted-key-00000002';
const withServer = (text: string) => `${smallest}server:\n${text}\n`;

describe('keys that are given out', () => {
	it('are read by the names of the clients, one or several each', () => {
		const text = `  clients: { web: { key: "\${WEB}", requestsPerMinute: 600 }, app: { key: [${one}, ${other}] } }\n  adminKey: "\${ADMIN}"`;
		const env = { WEB: 'planted-key-00000003', ADMIN: 'planted-key-00000004' };
		expect(read(withServer(text), env).server).toMatchObject({
			clients: { web: { key: [env.WEB], requestsPerMinute: 600 }, app: { key: [one, other] } },
			adminKey: env.ADMIN,
			adminFrom: 'loopback',
		});
	});

	const place =
		'is not a key to give out; write 16 to 500 visible ASCII characters without spaces, such as `openssl rand -hex 32` prints';
	const same = (path: string) => `is the same key as \`${path}\`; give each its own`;
	const cases: [string, string, ...string[]][] = [
		['too short', '  adminKey: planted-short', `6:13: \`server.adminKey\` ${place}`],
		[
			'with a space',
			'  clients: { web: { key: "planted key 00000001" } }',
			`6:26: \`server.clients.web.key\` ${place}`,
		],
		['not ASCII', '  clients: { web: { key: [plantéd-key-0000001] } }', `6:27: \`server.clients.web.key[0]\` ${place}`],
		['too long', `  adminKey: ${'x'.repeat(501)}`, `6:13: \`server.adminKey\` ${place}`],
		['empty', '  adminKey: ""', `6:13: \`server.adminKey\` ${place}`],
		['none', '  clients: { web: {} }', '6:14: `server.clients.web.key` is missing; add `key: …`'],
		[
			'an empty list',
			'  clients: { web: { key: [] } }',
			'6:26: `server.clients.web.key` is empty; write a key or a list of keys, in quotes',
		],
		['no client', '  clients: {}', '6:12: `server.clients` is empty; add a client with its key, or remove it'],
		[
			'a name with a slash',
			`  clients: { a/b: { key: ${one} } }`,
			expect.stringContaining('6:14: `server.clients.a/b` is not a usable name'),
		],
		[
			'no limit at all',
			`  clients: { web: { key: ${one}, requestsPerMinute: 0 } }`,
			expect.stringContaining('is not a whole number from 1'),
		],
		[
			'no tokens at all',
			`  clients: { web: { key: ${one}, tokensPerMinute: 0 } }`,
			expect.stringMatching(
				/^6:\d+: `server\.clients\.web\.tokensPerMinute` is not a whole number from 1 to 1000000000/,
			),
		],
		[
			'less than no request in flight',
			`  clients: { web: { key: ${one}, concurrent: -2 } }`,
			expect.stringMatching(/^6:\d+: `server\.clients\.web\.concurrent` is not a whole number from 1 to 1000000/),
		],
		[
			'no profile at all',
			`  clients: { web: { key: ${one}, profiles: [] } }`,
			expect.stringMatching(/^6:\d+: `server\.clients\.web\.profiles` is empty; write names of profiles/),
		],
		[
			'a profile that is not there',
			`  clients: { web: { key: ${one}, profiles: [defualt] } }`,
			expect.stringMatching(
				/^6:\d+: `server\.clients\.web\.profiles\[0\]` names the profile `defualt`, which is not defined under `profiles`; did you mean `default`\?/,
			),
		],
		[
			'twice in a list',
			`  clients: { web: { key: [${one}, ${one}] } }`,
			`6:49: \`server.clients.web.key[1]\` ${same('server.clients.web.key[0]')}`,
		],
		[
			'of two clients',
			`  clients:\n    web: { key: ${one} }\n    app: { key: [${other}, ${one}] }`,
			`8:40: \`server.clients.app.key[1]\` ${same('server.clients.web.key')}`,
		],
		[
			'of a client and the admin API',
			`  clients: { web: { key: ${one} } }\n  adminKey: ${one}`,
			`6:26: \`server.clients.web.key\` ${same('server.adminKey')}`,
		],
		[
			'of the admin API and of monitoring',
			`  adminKey: ${one}\n  monitoringKey: ${one}`,
			`7:18: \`server.monitoringKey\` ${same('server.adminKey')}`,
		],
		[
			'by an alias',
			`  adminKey: &k ${one}\n  clients: { web: { key: *k } }`,
			expect.stringContaining(same('server.adminKey')),
		],
		[
			'by a variable',
			'  adminKey: "${KEY}"\n  clients: { web: { key: "${KEY}" } }',
			expect.stringContaining(same('server.adminKey')),
		],
		[
			'for nobody',
			'  adminFrom: lan',
			'6:14: `server.adminFrom` is not a value that fits; choose from `loopback`, `anywhere`',
		],
	];

	it.each(cases)('%s: refused at its place, and not repeated', (_name, text, ...problems) => {
		const found = problemsOf(withServer(text), { KEY: one });
		expect(found).toEqual(problems);
		expect(found.join('\n')).not.toContain('planted');
	});
});

describe('logs', () => {
	it('has defaults for everything', () => {
		expect(read(`${smallest}logs: {}\n`).logs).toEqual({ folder: 'logs', maxSize: 100 * 1024 ** 2, keep: 14 });
	});

	it.each(['logs: logs', 'logs: { folder: "" }', 'logs: { keep: 0 }', 'logs: { maxSize: 5 }', 'logs: { keep: 14d }'])(
		'refuses %s',
		(text) => {
			expect(problemsOf(`${smallest}${text}\n`)).toHaveLength(1);
		},
	);
});

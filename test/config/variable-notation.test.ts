// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of the YAML is what is tested.
import { describe, expect, it } from 'vitest';
import { problemsOf, read } from './read.ts';

const provider = (options: string) => `providers:\n  a: { ${options} }\nprofiles: { default: { chain: [a/m] } }\n`;
const key = (value: string) => provider(`baseUrl: http://127.0.0.1:1, apiKey: ${value}`);
const foreign = 'has an environment variable in a notation that is not read here; write';

describe('a variable in the notation of another tool', () => {
	it.each([
		'$OPENAI_API_KEY',
		'"$OPENAI_API_KEY"',
		'" $OPENAI_API_KEY "',
		'$env:OPENAI_API_KEY',
		'"%OPENAI_API_KEY%"',
		'"{{OPENAI_API_KEY}}"',
		'"{{ env.OPENAI_API_KEY }}"',
		'"${{ secrets.OPENAI_API_KEY }}"',
		'"{OPENAI_API_KEY}"',
		'{OPENAI_API_KEY}',
		'{{ OPENAI_API_KEY }}',
		'process.env.OPENAI_API_KEY',
		'os.environ/OPENAI_API_KEY',
		`"os.environ['OPENAI_API_KEY']"`,
		'"env:OPENAI_API_KEY"',
		'OPENAI_API_KEY',
		'"${UNSET:-$OPENAI_API_KEY}"',
	])('is refused with the right spelling: apiKey: %s', (value) => {
		expect(problemsOf(key(value))).toEqual([`2:45: \`providers.a.apiKey\` ${foreign} \`\${OPENAI_API_KEY}\``]);
	});

	it.each(['${OPENAI_API_KEY', '"${ OPENAI_API_KEY }"', '"${env:OPENAI_API_KEY}"', '"${secrets.OPENAI_API_KEY}"'])(
		'malformed, with the right spelling: apiKey: %s',
		(value) => {
			// In a block, as a brace that is open in `{…}` is a mistake of YAML.
			const text = `providers:\n  a:\n    baseUrl: http://127.0.0.1:1\n    apiKey: ${value}\nprofiles: { default: { chain: [a/m] } }\n`;
			expect(problemsOf(text)).toEqual([
				'4:13: `providers.a.apiKey` has a malformed `${`; write `${OPENAI_API_KEY}`, or `$${` for a literal `${`',
			]);
		},
	);

	it.each(['"${A-b}"', '"${A:=b}"'])('malformed, with a default: %s', (value) => {
		expect(problemsOf(key(value))).toEqual([expect.stringContaining('write `${A:-…}`')]);
	});

	it('that is a command is not run', () => {
		expect(problemsOf(key('$(cat /run/secrets/key)'))).toEqual([
			'2:45: `providers.a.apiKey` is a command; write `apiKey: { command: "…" }`, with what stands between the brackets',
		]);
		expect(problemsOf(key('"`pass openai`"'))).toHaveLength(1);
	});

	it('is found in lists, headers, addresses, callers and webhooks', () => {
		const text = `providers:
  a:
    baseUrl: https://$HOST/v1
    apiKey: [sk-1, $KEY_2]
    headers: { Authorization: Bearer $TOKEN, X-A: "%A_B%" }
  b: { baseUrl: "http://{{host}}/v1" }
profiles: { default: { chain: [ { target: a/m, headers: { X-B: $X_B } } ] } }
server: { adminKey: $ADMIN_KEY, clients: { web: { key: [ "%WEB_KEY%" ] } } }
notifications: { webhooks: [ { url: $SLACK_URL } ] }
logs: { directory: $HOME/logs }
`;
		expect(problemsOf(text).map((line) => line.replace(/ has .*write/, ''))).toEqual([
			'3:14: `providers.a.baseUrl` `${HOST}`',
			'4:20: `providers.a.apiKey[1]` `${KEY_2}`',
			'5:31: `providers.a.headers.Authorization` `${TOKEN}`',
			'5:51: `providers.a.headers.X-A` `${A_B}`',
			'6:17: `providers.b.baseUrl` `${VAR}`',
			'7:64: `profiles.default.chain[0].headers.X-B` `${X_B}`',
			'8:21: `server.adminKey` `${ADMIN_KEY}`',
			'8:58: `server.clients.web.key[0]` `${WEB_KEY}`',
			'9:37: `notifications.webhooks[0].url` `${SLACK_URL}`',
			expect.stringContaining('10:'),
		]);
	});

	it('is not shown where it may be a secret with a dollar in front', () => {
		expect(problemsOf(key('$ecretABC123'))).toEqual([`2:45: \`providers.a.apiKey\` ${foreign} \`\${VAR}\``]);
		expect(problemsOf(key('$openai_key'), { openai_key: 'x' })).toEqual([expect.stringContaining('`${openai_key}`')]);
	});
});

describe('a dollar that is none of a variable', () => {
	it.each(['sk-a$bc', 'a%20b%2Fc', 'pa$$WORD-1', 'sk-proj-{a}', 'x$', '$5', '100%'])(
		'goes through: apiKey: %s',
		(value) => {
			expect(read(key(`"${value}"`)).providers.a?.credentials[0]?.apiKey).toBe(value);
		},
	);

	it('goes through out of the environment', () => {
		expect(read(key('"${K}"'), { K: '$OPENAI_API_KEY' }).providers.a?.credentials[0]?.apiKey).toBe('$OPENAI_API_KEY');
	});

	it('goes through in what a model gets, and in regular expressions', () => {
		const text = `${provider('baseUrl: "http://127.0.0.1:1/a%20b", request: { defaults: { stop: ["$END", "{{X}}"] } }, models: { m: { request: { force: { user: $USER } } } }')}errorRules: [ { message: "^busy$|$FOO", as: TIMEOUT } ]\n`;
		expect(problemsOf(text)).toEqual([]);
	});
});

describe('one misspelled key', () => {
	const chains = 'profiles:\n  default: { chain: [a/m, b/m, c/m, d/m] }\n  cheap: { chain: [b/m, c/m] }\n';
	it.each(['provider', 'Providers', 'provders', 'porviders'])('%s for providers is one mistake', (wrong) => {
		const text = `${wrong}:\n  a: { baseUrl: http://127.0.0.1:1 }\n${chains}`;
		expect(problemsOf(text)).toEqual([`1:1: \`${wrong}\` is not an option; did you mean \`providers\`?`]);
	});

	it('another word for providers is two: what it is not, and what is missing', () => {
		const text = `backends:\n  a: { baseUrl: http://127.0.0.1:1 }\n${chains}`;
		expect(problemsOf(text)).toEqual([
			'1:1: `providers` is missing; add `providers:` with at least one provider',
			expect.stringContaining('1:1: `backends` is not an option; choose from'),
		]);
	});

	it('profile for profiles is one mistake, with routing too', () => {
		const text =
			'providers: { a: { baseUrl: http://127.0.0.1:1 } }\nprofile: { cheap: { chain: [a/m] } }\nrouting: { hints: { quality: { low: cheap } } }\n';
		expect(problemsOf(text)).toEqual(['2:1: `profile` is not an option; did you mean `profiles`?']);
	});

	it('profiles that are missing beside providers are not taken for a slip', () => {
		expect(problemsOf('providers: { a: { baseUrl: http://127.0.0.1:1 } }\n')).toEqual([
			'1:1: `profiles` is missing; add `profiles:` with at least one profile and its chain',
		]);
	});

	it.each([
		[provider('base_url: http://127.0.0.1:1'), '2:8: `providers.a.base_url` is not an option; did you mean `baseUrl`?'],
		[
			'providers: { a: { baseUrl: http://127.0.0.1:1 } }\nprofiles: { default: { chains: [a/m] } }\n',
			'2:24: `profiles.default.chains` is not an option; did you mean `chain`?',
		],
	])('inside of an entry is one mistake', (text, problem) => {
		expect(problemsOf(text)).toEqual([problem]);
	});
});

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts show the notation of the YAML.
import { describe, expect, test } from 'vitest';
import { problemsOf, read, smallest } from './read.ts';

const hook = 'https://hooks.example.com/services/PLANTED-SECRET';

test('without them nobody is notified', () => {
	expect(read(smallest).notifications).toBeUndefined();
});

test('one webhook is enough; the rest has defaults', () => {
	const { notifications } = read(`${smallest}notifications: { webhooks: [{ url: "${hook}" }] }\n`);
	expect(notifications).toEqual({ webhooks: [{ url: hook, format: 'json', headers: {} }], reminder: 6 * 3_600_000 });
});

test('everything that can be said', () => {
	const text = `${smallest}notifications:
  reminder: 90m
  downAfter: 10m
  webhooks:
    - { url: "\${ALERT_URL}", headers: { Authorization: "Bearer \${ALERT_TOKEN}" } }
    - { url: "\${SLACK_URL}", format: slack }
`;
	const env = { ALERT_URL: 'http://127.0.0.1:9/x?y=z', ALERT_TOKEN: 'token', SLACK_URL: hook };
	expect(read(text, env).notifications).toEqual({
		reminder: 90 * 60_000,
		downAfter: 10 * 60_000,
		webhooks: [
			{ url: env.ALERT_URL, format: 'json', headers: { authorization: 'Bearer token' } },
			{ url: hook, format: 'slack', headers: {} },
		],
	});
});

test('a reminder of nothing is none', () => {
	expect(
		read(`${smallest}notifications: { reminder: 0s, webhooks: [{ url: "${hook}" }] }\n`).notifications?.reminder,
	).toBe(0);
});

describe('a webhook that is none is refused where it stands, without a word of it', () => {
	const help = 'write for example `https://hooks.example.com/alerts`, or a variable that holds it';
	test.each([
		['ftp://host/PLANTED', `is not an http or https URL; ${help}`],
		['hooks.example.com/PLANTED', `is not an http or https URL; ${help}`],
		['https://', `is not an http or https URL; ${help}`],
		['https://exa mple.com/PLANTED', `is not an http or https URL; ${help}`],
		['https://host:99999/PLANTED', `is not an http or https URL; ${help}`],
		['https://user:PLANTED@host/', 'has credentials before its host; send them in `headers`'],
		['https://host/x#PLANTED', `has a fragment, which is never sent to a server; ${help}`],
	])('%s', (url, problem) => {
		const text = `${smallest}notifications:\n  webhooks:\n    - url: "${url}"\n`;
		expect(problemsOf(text)).toEqual([`7:12: \`notifications.webhooks[0].url\` ${problem}`]);
		expect(problemsOf(text.replace(url, '${HOOK}'), { HOOK: url })).toEqual([
			`7:12: \`notifications.webhooks[0].url\` ${problem}`,
		]);
	});

	test.each([
		[
			'webhooks: []',
			'5:28: `notifications.webhooks` is empty; write for example `- { url: "https://hooks.example.com/alerts" }`',
		],
		['reminder: 6h', '5:1: `notifications.webhooks` is missing; add `webhooks: …`'],
		['webhooks: [{ format: slack }]', '5:29: `notifications.webhooks[0].url` is missing; add `url: …`'],
		[
			'webhooks: [https://host/PLANTED]',
			'5:29: `notifications.webhooks[0]` is not a map of options; indent under it `url`, `format`, `headers`',
		],
		[
			'webhooks: [{ url: "${UNSET}" }]',
			'5:36: `notifications.webhooks[0].url` needs the environment variable UNSET, which is not set; set it, or write `${UNSET:-default}`',
		],
		[
			`webhooks: [{ url: "${hook}", format: teams }]`,
			expect.stringMatching(/^5:\d+: `notifications\.webhooks\[0\]\.format` is not a value that fits; .*slack/),
		],
		[
			`webhooks: [{ url: "${hook}", headers: { Host: x } }]`,
			expect.stringMatching(/headers\.Host` is set by the proxy itself/),
		],
		[`reminder: 6, webhooks: [{ url: "${hook}" }]`, expect.stringMatching(/reminder` is a number without a unit/)],
		[`downAfter: 0s, webhooks: [{ url: "${hook}" }]`, expect.stringMatching(/downAfter` is no time at all/)],
		[`remind: 6h, webhooks: [{ url: "${hook}" }]`, expect.stringMatching(/remind` is not an option; .*reminder/)],
	])('%s', (fields, problem) => {
		const problems = problemsOf(`${smallest}notifications: { ${fields} }\n`);
		expect(problems).toEqual([problem]);
		expect(problems.join()).not.toContain('PLANTED');
	});
});

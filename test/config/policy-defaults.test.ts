import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import type { ZodType } from 'zod';
import { type Option, option } from '../../src/config/fields.ts';
import * as options from '../../src/config/policy-defaults.ts';
import { readDuration, writtenDuration } from '../../src/values/durations.ts';

const declared = { ...options };
const root = resolve(import.meta.dirname, '../..');
const sections = ['timeouts', 'retry', 'breaker', 'continuation'] as const;
type Options = Readonly<Record<string, Option<ZodType>>>;
type Declared = typeof declared;

const smallest = 'providers: { a: { baseUrl: http://127.0.0.1:1 } }\nprofiles: { default: { chain: [a/m] } }\n';

/** The declaration with every duration scaled, and every count and every choice changed. */
function changed(scale: number): Declared {
	const changedSection = (options: Options) =>
		Object.fromEntries(
			Object.entries(options).map(([name, { schema, written, sentence }]) => {
				const type = (schema as Option<ZodType>['schema']).unwrap() as ZodType;
				return [name, option(type, changedValue(written, scale) as never, sentence)];
			}),
		);
	return {
		...declared,
		...Object.fromEntries(sections.map((name) => [name, changedSection(declared[name])])),
		whenAllDenied: option(declared.whenAllDenied.schema.unwrap(), 'try-soonest', declared.whenAllDenied.sentence),
		onError: {
			...declared.onError,
			preset: Object.fromEntries(
				Object.entries(declared.onError.preset).map(([key, entry]) => [key, { ...entry, retries: entry.retries + 2 }]),
			),
		},
	};
}

function changedValue(written: unknown, scale: number): unknown {
	if (typeof written === 'number') return Number.isInteger(written) ? written + 1 : written / 2;
	if (Array.isArray(written)) return written.slice(1);
	if (typeof written !== 'string' || written === 'off') return written;
	const reading = readDuration(written);
	return 'value' in reading ? writtenDuration(Math.round(reading.value * scale)) : '64KB';
}

const importers = async () => ({
	...(await import('../../src/import/failproxy.ts')),
	...(await import('../../src/import/openrouter.ts')),
	...(await import('../../src/import/draft-text.ts')),
	...(await import('../../src/config/load.ts')),
	...(await import('../../src/config/policy-schema.ts')),
	known: (await import('../../src/config/known-models.ts')).loadKnownModels(),
});

describe.each([0.25, 1, 4])('when every default is changed, and durations are %d times as long', (scale) => {
	const wanted = scale === 1 ? declared : changed(scale);
	let folder: string;

	beforeAll(() => {
		folder = mkdtempSync(join(tmpdir(), 'breakwater-'));
		vi.resetModules();
		vi.doMock('../../src/config/policy-defaults.ts', () => wanted);
	});

	afterAll(() => {
		vi.doUnmock('../../src/config/policy-defaults.ts');
		vi.resetModules();
		rmSync(folder, { recursive: true });
	});

	it('a file that says nothing has them', async () => {
		const { readConfigText } = await importers();
		const { policy } = readConfigText(smallest, { file: 'f.yaml', env: {} }).config.profiles.default ?? {};
		const { timeouts, retry, continuation } = policy ?? {};
		for (const [name, given] of Object.entries({ timeouts, retry, continuation })) {
			const presets = Object.entries(wanted[name as 'retry']).map(([key, { preset }]) => [key, preset]);
			expect(given).toEqual(Object.fromEntries(presets));
		}
		expect(policy?.onError).toEqual(wanted.onError.preset);
		expect(policy?.whenAllDenied).toBe(wanted.whenAllDenied.preset);
	});

	it('the JSON schema shows them, with the sentences', async () => {
		const { jsonSchema } = await import('../../src/config/json-schema.ts');
		const schema = JSON.parse(JSON.stringify(jsonSchema()));
		for (const section of sections) {
			for (const [name, { written, sentence }] of Object.entries<Option<ZodType>>(wanted[section])) {
				const shown = schema.properties.policy.properties[section].properties[name];
				expect(shown.default).toEqual(written);
				expect(shown.description).toContain(
					`${sentence} Default: ${typeof written === 'object' ? '' : `\`${written}\``}`,
				);
			}
		}
	});

	it('the comments of `init` show them, and mean them', async () => {
		const { policyLines } = await import('../../src/setup/policy-comments.ts');
		const { readConfigText, defaultPolicy } = await importers();
		const lines = policyLines({}).map((line) => line.replace(/^# /, ''));
		for (const section of sections) {
			for (const { sentence } of Object.values<Option<ZodType>>(wanted[section])) {
				expect(lines.filter((line) => line.endsWith(`# ${sentence}`))).toHaveLength(1);
			}
		}
		const text = `${smallest}${lines.join('\n')}\n`;
		expect(readConfigText(text, { file: 'f.yaml', env: {} }).config.providers.a?.policy).toEqual(defaultPolicy);
	});

	it('`init` gives a slow model its minute, and no less than the default', async () => {
		const { configText } = await import('../../src/setup/config-text.ts');
		const { readConfigText } = await importers();
		const text = configText(
			{
				port: 1,
				leftOut: [],
				providers: [{ name: 'a', title: 'A', baseUrl: 'http://127.0.0.1:1/v1', isLocal: true, models: { m: {} } }],
				profiles: [{ name: 'default', purpose: 'all', chain: ['a/m'] }],
			},
			{ hasSchema: false },
		);
		const { firstToken } = readConfigText(text, { file: 'f.yaml', env: {} }).config.providers.a?.policy.timeouts ?? {};
		expect(firstToken).toBe(Math.max(60_000, wanted.timeouts.firstToken.preset));
	});

	/** What an imported configuration sets in a part of a policy, as it is written. */
	const writtenIn = (text: string, ...path: string[]): Record<string, unknown> =>
		path.reduce((value, key) => value?.[key] ?? {}, parse(text));

	const importGroup = async (endpoints: readonly object[]) => {
		const { importFailProxy, draftText, readConfigText, defaultPolicy, known } = await importers();
		writeFileSync(join(folder, 'group.json'), JSON.stringify(endpoints));
		const draft = importFailProxy(folder, known);
		const text = draftText(draft, String);
		const { config } = readConfigText(text, { file: 'f.yaml', env: { API_KEY: 'k', A_API_KEY: 'k' } });
		return { text, config, defaultPolicy };
	};
	const endpoint = { baseurl: 'https://api.a.example/v1', apikey: '$A_API_KEY' };

	it.each([[[undefined]], [[undefined, undefined]], [[1]], [[20]], [[200, 200]], [[4000, undefined, undefined]]])(
		'an import of endpoints with timeouts of %j s means the same',
		async (timeouts) => {
			const endpoints = timeouts.map((timeout, index) => ({ ...endpoint, model: `m${index}`, timeout }));
			const { text, config, defaultPolicy } = await importGroup(endpoints);
			const name = Object.keys(config.providers)[0] ?? '';
			const { response, connect, request } = defaultPolicy.timeouts;
			const { breaker } = config.providers[name]?.policy ?? defaultPolicy;
			const longestMs = 1000 * Math.max(...timeouts.map((timeout) => timeout ?? 0));

			const sum = timeouts.reduce((total: number, timeout) => total + (timeout ?? response / 1000) * 1000, 0);
			expect(config.profiles.group?.policy.timeouts.request).toBe(Math.max(sum, request));
			expect(breaker.cooldown).toBe(Math.max(longestMs, defaultPolicy.breaker.cooldown));
			expect(breaker.maxCooldown).toBe(Math.max(breaker.cooldown, defaultPolicy.breaker.maxCooldown));
			expect(breaker.probeDeadline).toBe(Math.max(longestMs + 2 * connect, defaultPolicy.breaker.probeDeadline));
			expect(breaker.failureThreshold).toBe(defaultPolicy.breaker.failureThreshold);

			const times = writtenIn(text, 'providers', name, 'policy', 'breaker');
			const isDefault = ([key, value]: [string, unknown]) => value === wanted.breaker[key as 'cooldown'].written;
			expect(Object.entries(times).filter(isDefault)).toEqual([]);
			const hasDeadline = 'request' in writtenIn(text, 'profiles', 'group', 'policy', 'timeouts');
			expect(hasDeadline).toBe(sum > request);
		},
	);

	it('an import of a fallback file means the same', async () => {
		const { importOpenRouter, draftText, readConfigText, defaultPolicy } = await importers();
		const file = join(folder, 'fallback.yaml');
		writeFileSync(file, 'default_chain: [a/b, { id: c/d, timeout: 90 }]\nsettings: { disable_duration_seconds: 60 }\n');
		const text = draftText(importOpenRouter(file), String);
		const { config } = readConfigText(text, { file: 'f.yaml', env: { OPENROUTER_API_KEY: 'k' } });
		const { breaker, timeouts } = config.providers.openrouter?.policy ?? defaultPolicy;
		expect(breaker).toMatchObject({
			failureThreshold: defaultPolicy.breaker.failureThreshold,
			cooldown: 90_000,
			modelCooldown: 60_000,
		});
		const { request, response } = defaultPolicy.timeouts;
		expect(config.profiles.default?.policy.timeouts.request).toBe(Math.max(request, response + 90_000));
		expect(timeouts.response).toBe(response);
	});

	it('a lint rule that names one names the declared', async () => {
		const { lint, lintText } = await import('../../src/verify/lint/lint.ts');
		const { readConfigText } = await importers();
		const text = `${smallest}policy: { continuation: { retainedText: 1KB } }\n`;
		const findings = lint(readConfigText(text, { file: 'f.yaml', env: {} }));
		const texts = findings.map((finding) => lintText('f.yaml', finding));
		expect(texts.join('\n')).toContain(`the default of ${wanted.continuation.retainedText.written},`);
	});
});

describe('the sentence of an option', () => {
	const files = ['src', 'machines'].flatMap((folder) =>
		readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
			.filter((name) => name.endsWith('.ts'))
			.map((name) => join(root, folder, name)),
	);
	const texts = files.map((file) => ({ file, text: readFileSync(file, 'utf8').replace(/\s*\n\s*(?:\*\s*)?/g, ' ') }));
	const sentences = sections.flatMap((section) =>
		Object.values<Option<ZodType>>(declared[section]).map(({ sentence }) => sentence),
	);

	it.each(sentences)('“%s” is written once', (sentence) => {
		const start = sentence.replace(/[.;:,][^.;:,]*$/, '');
		const holders = texts.filter(({ text }) => text.toLowerCase().includes(start.toLowerCase()));
		expect(holders.map(({ file }) => file)).toEqual([join(root, 'src/config/policy-defaults.ts')]);
	});
});

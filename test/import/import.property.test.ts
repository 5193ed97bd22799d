// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of variables, as foreign files may have it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadKnownModels } from '../../src/config/known-models.ts';
import type { ImportDraft } from '../../src/import/draft.ts';
import { draftText } from '../../src/import/draft-text.ts';
import { importFailProxy } from '../../src/import/failproxy.ts';
import { noticeText } from '../../src/import/notice.ts';
import { importOpenRouter } from '../../src/import/openrouter.ts';
import { verify } from '../../src/import/verify.ts';
import { runs } from '../helpers/runs.ts';

const known = loadKnownModels();
let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'breakwater-'));
});

afterEach(() => {
	rmSync(folder, { recursive: true });
});

const text = fc.string({ unit: 'binary', maxLength: 12 });
const junk = fc.oneof(
	fc.jsonValue({ maxDepth: 1 }),
	text,
	fc.double(),
	fc.constantFrom('${HOME}', '__proto__', '- a: b', '#x'),
);
const mostly = <T>(value: fc.Arbitrary<T>) => fc.oneof({ weight: 5, arbitrary: value }, { weight: 1, arbitrary: junk });

/** What was imported can be read back and linted, and nothing that is printed has a key or moves a cursor. */
function expectSound(draft: ImportDraft): void {
	const yaml = draftText(draft, String);
	expect(`${yaml}${draft.notices.map(noticeText).join('\n')}`).not.toMatch(/PLANTEDKEY|[^\P{Cc}\n]/u);
	if (draft.profiles.length > 0) expect(() => verify(yaml, 'f.yaml', draft, {})).not.toThrow();
	else expect(draft.notices.some(({ severity }) => severity === 'error')).toBe(true);
}

test('whatever is in a FailProxy folder', () => {
	const host = fc.oneof(
		fc.domain(),
		fc.ipV4(),
		fc.constantFrom('localhost', '[::1]', 'openrouter.ai', 'LLM.CHUTES.AI'),
	);
	const path = fc.constantFrom('', '/', '/v1', '/v1/', '/api/v3/chat/completions', '/x?y=1', '/${a}');
	const endpoint = fc.record(
		{
			name: mostly(text),
			baseurl: mostly(fc.tuple(host, path).map(([name, rest]) => `https://${name}${rest}`)),
			apikey: mostly(fc.integer({ min: 0, max: 3 }).map((index) => `PLANTEDKEY-${index}`)),
			model: mostly(fc.constantFrom('m', 'a/b:c', 'x y', '${m}', 'yes', "it's")),
			timeout: mostly(fc.double({ min: 1e-9, max: 3e6, noNaN: true })),
			type: mostly(fc.constantFrom('openrouter', 'chutes')),
			temperature: mostly(fc.double({ min: 0, max: 2, noNaN: true })),
			max_tokens: mostly(fc.integer({ min: 1 })),
			stream: mostly(fc.boolean()),
		},
		{ requiredKeys: ['baseurl', 'model'] },
	);
	const name = fc.oneof(fc.constantFrom('a', 'b', '7', 'my group', '推理', '__proto__', 'on'), fc.domain());
	const groups = fc.dictionary(name, mostly(fc.array(mostly(endpoint), { maxLength: 6 })), { minKeys: 1, maxKeys: 4 });
	fc.assert(
		fc.property(groups, (content) => {
			rmSync(folder, { recursive: true });
			folder = mkdtempSync(join(tmpdir(), 'breakwater-'));
			for (const [group, value] of Object.entries(content)) {
				writeFileSync(join(folder, `${group}.json`), JSON.stringify(value) ?? '');
			}
			expectSound(importFailProxy(folder, known));
		}),
		runs(150),
	);
});

test('whatever is in an OpenRouter fallback file', () => {
	const model = mostly(fc.constantFrom('a/b', 'openrouter/auto', 'x', 'a b/c', '${m}/n'));
	const entry = fc.oneof(
		model,
		fc.record({ id: model, priority: junk, timeout: mostly(fc.nat()), max_retries: mostly(fc.nat(12)) }),
	);
	const chain = mostly(fc.array(entry, { maxLength: 5 }));
	const settings = fc.dictionary(
		fc.constantFrom('max_retries', 'timeout', 'disable_duration_ms', 'health_window_hours', 'skip_threshold', 'x'),
		mostly(fc.double({ min: 0, max: 2000, noNaN: true })),
	);
	const task = fc.oneof(fc.constantFrom('default', 'Code', 'code', '7', '', '__proto__', ' '), text);
	const file = fc.record(
		{
			default_chain: chain,
			task_chains: mostly(fc.dictionary(task, chain, { maxKeys: 4 })),
			settings: mostly(settings),
		},
		{ requiredKeys: [] },
	);
	fc.assert(
		fc.property(file, fc.boolean(), (content, isInner) => {
			const path = join(folder, 'fallback.json');
			writeFileSync(path, JSON.stringify(isInner ? { fallback: content } : content));
			expectSound(importOpenRouter(path));
		}),
		runs(150),
	);
});

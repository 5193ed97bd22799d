import { expect, test } from 'vitest';
import { explainedText } from '../../../src/verify/play/play-text.ts';
import { explain } from './explained-case.ts';

test('for people: the chain, what was before, the steps, the end and what is after', () => {
	const text = explainedText(explain('openai: open 40s; anthropic: 401'), 100);
	expect(text).toMatch(/^profile default, streamed: openai\/gpt-5\.4 → anthropic\/claude → local\/qwen:7b\n/);
	expect(text).toContain('\nBefore:\n  openai  open until +40 s (because of failures)\n');
	expect(text).toContain('\nThe client gets 502 provider_auth_failed after 0 ms, 2 attempts.\n');
	expect(text).toContain('\nAfterwards:\n  openai       open until +40 s');
	expect(text).toContain('(jitter) have their middle value');
	for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(112);
});

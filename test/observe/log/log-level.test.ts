import { expect, it } from 'vitest';
import { createLog } from '../../../src/observe/log/log.ts';

it.each([
	['DEBUG', 20],
	['Warn', 40],
	[' error ', 50],
	['TRUE', 20],
	['False', 50],
	['', 30],
])('LOG_LEVEL=%j is taken in whatever case', (level, value) => {
	const shown: string[] = [];
	const log = createLog(level, undefined, { shown: { write: (line: string) => void shown.push(line) } });
	expect(log.levelVal).toBe(value);
	expect(shown).toEqual([]);
});

it.each(['loud', 'toString', '__PROTO__'])('LOG_LEVEL=%j is none, and the log says so', (level) => {
	const shown: string[] = [];
	const log = createLog(level, undefined, { shown: { write: (line: string) => void shown.push(line) } });
	expect(log.level).toBe('info');
	expect(shown.join()).toContain('LOG_LEVEL is not a level');
});

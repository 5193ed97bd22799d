import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { generatedFiles } from '../../src/generate/write-generated.ts';

it.each(generatedFiles())('$file is up to date; `npm run generate` writes it', ({ file, text }) => {
	expect(readFileSync(file, 'utf8') === text, basename(file)).toBe(true);
});

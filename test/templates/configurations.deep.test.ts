import { expect, it } from 'vitest';
import { readConfigText } from '../../src/config/load.ts';
import { checkConfig } from '../../src/verify/check-config.ts';
import { fileText, requiredEnvironment } from './documented.ts';
import { configMapOf } from './kubernetes.ts';

const files = ['config/compact.yaml', 'config/real-world.yaml', 'config/production.yaml', 'deploy/kubernetes.yaml'];

it.each(files)('%s holds, whatever happens', (file) => {
	const documentation = fileText(file);
	const text = file.startsWith('deploy') ? configMapOf(documentation) : documentation;
	const read = readConfigText(text, { file, env: requiredEnvironment(documentation) });
	expect(checkConfig(read).verdict).toBe('holds');
});

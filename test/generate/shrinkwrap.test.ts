import { expect, test } from 'vitest';
import { type Lock, shrinkwrapOf } from '../../src/generate/shrinkwrap.ts';
import { fileText } from '../templates/documented.ts';

test('what is published names the version and the checksum of all that is installed with it, and nothing else', () => {
	const lock: Lock = {
		lockfileVersion: 3,
		packages: {
			'': { name: 'p', dependencies: { a: '^1' }, devDependencies: { b: '^2' } },
			'node_modules/a': { version: '1.2.3', resolved: 'https://registry.example/a.tgz', integrity: 'sha512-a' },
			'node_modules/b': { version: '2.0.0', integrity: 'sha512-b', dev: true },
			'node_modules/c': { version: '3.0.0', integrity: 'sha512-c', optional: true },
		},
	};
	expect(shrinkwrapOf(lock)).toEqual({
		lockfileVersion: 3,
		packages: {
			'': { name: 'p', dependencies: { a: '^1' } },
			'node_modules/a': { version: '1.2.3', integrity: 'sha512-a' },
			'node_modules/c': { version: '3.0.0', integrity: 'sha512-c', optional: true },
		},
	});
});

test('the lock file has what it is made of', () => {
	const { packages } = shrinkwrapOf(JSON.parse(fileText('package-lock.json')));
	const { dependencies } = JSON.parse(fileText('package.json'));
	for (const name of Object.keys(dependencies)) {
		expect(packages[`node_modules/${name}`]).toMatchObject({
			version: expect.any(String),
			integrity: expect.any(String),
		});
	}
	expect(packages['node_modules/vitest']).toBeUndefined();
	expect(JSON.stringify(packages)).not.toMatch(/https?:\/\/[^"]*\.tgz/);
});

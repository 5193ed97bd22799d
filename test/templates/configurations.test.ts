import { describe, expect, it } from 'vitest';
import { loadKnownModels } from '../../src/config/known-models.ts';
import { readConfigText } from '../../src/config/load.ts';
import { lint } from '../../src/verify/lint/lint.ts';
import { documentedVariables, fileText, requiredEnvironment, usedVariables } from './documented.ts';
import { configMapOf } from './kubernetes.ts';

const manifest = fileText('deploy/kubernetes.yaml');
const templates = ['config/compact.yaml', 'config/real-world.yaml', 'config/production.yaml'].map((file) => {
	const text = fileText(file);
	return { file, text, documentation: text };
});
const shared = ['config/production.yaml', 'deploy/kubernetes.yaml'];

describe.each([...templates, { file: 'deploy/kubernetes.yaml', text: configMapOf(manifest), documentation: manifest }])(
	'$file',
	({ file, text, documentation }) => {
		const env = requiredEnvironment(documentation);
		const read = (variables: Record<string, string>) => readConfigText(text, { file, env: variables });

		it('lists the variables that it uses, each with whether it is needed', () => {
			const used = [...usedVariables(text)].map(([name, { hasDefault }]) => [name, !hasDefault]);
			const listed = documentedVariables(documentation).map(({ name, isRequired }) => [name, isRequired]);
			expect(listed.toSorted()).toEqual(used.toSorted());
			expect(used.length).toBeGreaterThan(1);
		});

		it('is read with the required variables alone, and with none of them missing', () => {
			expect(() => read(env)).not.toThrow();
			for (const name of Object.keys(env)) expect(() => read({ ...env, [name]: '' })).toThrow(name);
		});

		it('has nothing that an expert would warn of', () => {
			expect(lint(read(env)).filter(({ severity }) => severity !== 'note')).toEqual([]);
		});

		it('asks for models that exist, as far as is known', () => {
			const { providers } = loadKnownModels();
			const { config } = read(env);
			const targets = Object.values(config.profiles).flatMap(({ chain }) => chain);
			const unknown = targets.filter(({ provider, model }) => {
				const known = providers[provider];
				return known !== undefined && !Object.hasOwn(known.models, model);
			});
			expect(unknown.map(({ target }) => target)).toEqual([]);
			const addresses = Object.values(config.providers).filter(({ name }) => providers[name] !== undefined);
			for (const { name, baseUrl } of addresses) expect(baseUrl).toBe(providers[name]?.baseUrl);
		});
	},
);

it('opens to the network only what asks its callers for keys', () => {
	for (const file of shared) {
		const text = fileText(file);
		const source = file.startsWith('deploy') ? configMapOf(text) : text;
		const { server, notifications } = readConfigText(source, { file, env: requiredEnvironment(text) }).config;
		expect(Object.keys(server.clients ?? {})).toEqual(['app', 'batch']);
		expect(server.adminKey).toBeDefined();
		expect(server.adminFrom).toBe('loopback');
		expect(server.unknownModel).toBe('reject');
		expect(notifications?.webhooks).toHaveLength(1);
	}
});

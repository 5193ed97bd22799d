import { stringify } from 'yaml';
import type { Config } from '../../src/config/config.ts';
import { loadKnownModels } from '../../src/config/known-models.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { ImportDraft } from '../../src/import/draft.ts';
import { draftText } from '../../src/import/draft-text.ts';
import { importLitellm } from '../../src/import/litellm.ts';
import { folderPerTest } from '../helpers/folder-per-test.ts';

export const known = loadKnownModels();

/** Called once in a file: the import of a configuration of LiteLLM, given as its YAML or as what that says. */
export function litellmPerTest(): (content: unknown) => ImportDraft {
	const folder = folderPerTest();
	return (content) => {
		const text = typeof content === 'string' ? content : stringify(content);
		return importLitellm(folder.write('config.yaml', text), known);
	};
}

export function configOf(draft: ImportDraft): Config {
	const keys = [...draft.keys].map(([name, key]) => [name, key || `value-of-${name}-0123456789`]);
	const addresses = (draft.variables ?? []).map((name) => [name, 'https://from-elsewhere.example/v1']);
	const env = Object.fromEntries([...keys, ...addresses]);
	return parseConfig(draftText(draft, String), { file: 'imported.yaml', env });
}

export const chainOf = (config: Config, profile: string) => config.profiles[profile]?.chain.map(({ target }) => target);
export const messages = ({ notices }: ImportDraft, severity?: string) =>
	notices.flatMap((notice) => (severity === undefined || notice.severity === severity ? [notice.message] : []));

/** One deployment `a` of `openai/m`, with these parameters. */
export const one = (params: object = {}, more: object = {}) => ({
	model_list: [{ model_name: 'a', litellm_params: { model: 'openai/m', ...params } }],
	...more,
});
/** A deployment for each model, under its own name. */
export const several = (names: readonly string[], more: object = {}) => ({
	model_list: names.map((name) => ({ model_name: name, litellm_params: { model: `groq/${name}` } })),
	...more,
});

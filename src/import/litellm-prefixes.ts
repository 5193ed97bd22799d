import type { ProviderConfig } from '../config/config.ts';
import type { KnownModels } from '../config/known-models.ts';

/** How LiteLLM's word before a model is asked here. */
export interface Prefix {
	/** What its provider is called. */
	name: string;
	protocol: Exclude<ProviderConfig['protocol'], 'simulated'>;
	/** Absent where only the file knows it. */
	baseUrl?: string;
	/** The variable that LiteLLM takes the key from where the file gives none; absent where none is needed. */
	keyFrom?: string | undefined;
	/** The variable that it takes the address from. */
	baseFrom?: string;
	/** Its addresses have no version there, and need one here. */
	addsVersion?: true;
}

type Own = Omit<Prefix, 'protocol' | 'name'> & { name?: string };

/**
 * Those whose provider `config/known-models.yaml` has (https://docs.litellm.ai/docs/providers): its name there, where that is another,
 * and the variable of the key, where that is not the first there.
 */
const ofKnown: Readonly<Record<string, Own>> = {
	openai: {},
	'text-completion-openai': { name: 'openai' },
	anthropic: {},
	azure: { keyFrom: 'AZURE_API_KEY', baseFrom: 'AZURE_API_BASE' },
	gemini: {},
	deepseek: {},
	mistral: {},
	xai: {},
	moonshot: {},
	groq: {},
	cerebras: {},
	together_ai: { name: 'together', keyFrom: 'TOGETHERAI_API_KEY' },
	fireworks_ai: { name: 'fireworks' },
	openrouter: {},
	perplexity: { keyFrom: 'PERPLEXITYAI_API_KEY' },
};

/** Others that speak the OpenAI API. */
const ofOthers: Readonly<Record<string, Own>> = {
	ollama: { baseUrl: 'http://localhost:11434/v1', addsVersion: true },
	ollama_chat: { name: 'ollama', baseUrl: 'http://localhost:11434/v1', addsVersion: true },
	hosted_vllm: { name: 'vllm', baseFrom: 'HOSTED_VLLM_API_BASE' },
	lm_studio: { name: 'lmstudio', baseFrom: 'LM_STUDIO_API_BASE' },
	llamafile: { baseUrl: 'http://127.0.0.1:8080/v1' },
	xinference: { baseFrom: 'XINFERENCE_API_BASE' },
	openai_like: { baseFrom: 'OPENAI_LIKE_API_BASE', keyFrom: 'OPENAI_LIKE_API_KEY' },
	custom_openai: { baseFrom: 'OPENAI_API_BASE', keyFrom: 'OPENAI_API_KEY' },
	litellm_proxy: { baseFrom: 'LITELLM_PROXY_API_BASE', keyFrom: 'LITELLM_PROXY_API_KEY' },
	nvidia_nim: { baseUrl: 'https://integrate.api.nvidia.com/v1', keyFrom: 'NVIDIA_NIM_API_KEY' },
	deepinfra: { baseUrl: 'https://api.deepinfra.com/v1/openai', keyFrom: 'DEEPINFRA_API_KEY' },
	sambanova: { baseUrl: 'https://api.sambanova.ai/v1', keyFrom: 'SAMBANOVA_API_KEY' },
};

/** @param word `openai` of `openai/gpt-4o`. @returns undefined where Breakwater has no protocol for it */
export function prefixOf(word: string, { providers }: KnownModels): Prefix | undefined {
	const own = Object.hasOwn(ofKnown, word) ? ofKnown[word] : undefined;
	const name = own?.name ?? word;
	const known = own === undefined ? undefined : providers[name];
	if (known !== undefined) {
		const { protocol, baseUrl, keys } = known;
		// Where the protocol knows the address, nothing has to be said.
		const address = protocol === 'openai' ? { baseUrl } : {};
		return { name, protocol: spoken(protocol), keyFrom: keys[0], ...address, ...own };
	}
	const other = Object.hasOwn(ofOthers, word) ? ofOthers[word] : undefined;
	return other === undefined ? undefined : { name: word.replaceAll('_', '-'), protocol: 'openai', ...other };
}

function spoken(protocol: ProviderConfig['protocol']): Prefix['protocol'] {
	return protocol === 'simulated' ? 'openai' : protocol;
}

/** Names without a word before them that LiteLLM knows to be of OpenAI, or of Anthropic. */
const bareNames: readonly [word: string, names: RegExp][] = [
	['openai', /^(gpt-|chatgpt-|o\d|ft:|text-embedding-|davinci-|babbage-|codex-|computer-use-)/],
	['anthropic', /^claude-/],
];

/**
 * Takes `provider/model` apart, as LiteLLM does.
 * @param custom the `custom_llm_provider`, which wins
 * @returns undefined where no provider is named that Breakwater can ask
 */
export function splitModel(
	written: string,
	custom: unknown,
	known: KnownModels,
): { prefix: Prefix; word: string; model: string } | undefined {
	const slash = written.indexOf('/');
	const before = slash === -1 ? undefined : written.slice(0, slash);
	const word =
		typeof custom === 'string' ? custom : (before ?? bareNames.find(([, names]) => names.test(written))?.[0]);
	const prefix = word === undefined ? undefined : prefixOf(word, known);
	if (word === undefined || prefix === undefined) return undefined;
	return { prefix, word, model: before === word ? written.slice(slash + 1) : written };
}

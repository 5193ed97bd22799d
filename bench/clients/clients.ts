import type { Errand, Setting } from './trials.ts';

/** What is asked at which endpoint. */
export type Speech = 'chat' | 'responses' | 'messages' | 'completions' | 'embeddings';

/** How a client is led to Breakwater, as it is shown in docs/clients.md, and done here with another port. */
export interface Lines {
	readonly variables: Readonly<Record<string, string>>;
	/** Where variables do not do: a file of settings, from the home of the user. */
	readonly file?: { readonly path: string; readonly text: string };
	/** What stands in the program, for the page alone. */
	readonly code?: string;
	/** Why these lines and no fewer, and what else is to be known of them: for the page alone. */
	readonly reason?: string;
}

export interface Client {
	/** The name of its package, and what of it where there are several. */
	readonly name: string;
	readonly package: string;
	readonly speaks: Speech;
	readonly errands: readonly Errand[];
	readonly lines: Lines;
	readonly runs: Program | Command;
}

/** A program that asks through a library: one in `programs/`, or in `python/` where it ends with `.py`. */
export interface Program {
	readonly is: 'program';
	readonly file: string;
	/** Variables that only a test needs. */
	readonly variables?: Readonly<Record<string, string>>;
}

/** A program for the terminal, started once for each question. */
export interface Command {
	readonly is: 'command';
	readonly program: string;
	arguments(model: string, question: string): readonly string[];
	/** Variables that only a test needs. */
	readonly variables?: Readonly<Record<string, string>>;
}

/** The address in all lines. */
export const shownAddress = 'http://127.0.0.1:4010';

const openaiLines: Lines = {
	variables: { OPENAI_BASE_URL: `${shownAddress}/v1`, OPENAI_API_KEY: 'unused' },
};

const agentsLines: Lines = {
	variables: { ...openaiLines.variables, OPENAI_AGENTS_DISABLE_TRACING: '1' },
	reason: 'Without the last line every run is reported to OpenAI, with the key.',
};

const anthropicLines: Lines = {
	variables: { ANTHROPIC_BASE_URL: shownAddress, ANTHROPIC_API_KEY: 'unused' },
};

const claudeCodeLines: Lines = {
	variables: { ...anthropicLines.variables, ANTHROPIC_MODEL: 'code', ANTHROPIC_DEFAULT_HAIKU_MODEL: 'cheap' },
	reason: `The last two are profiles, here two that \`init\` writes: what you ask goes to the first, what it asks on the side to the second.
Without them it asks for Anthropic's models by name: these go to \`default\`, or get a 404 where \`server.unknownModel\` is \`reject\`, as
\`import litellm\` writes it. What is set to \`opus\` or \`sonnet\` goes where \`ANTHROPIC_DEFAULT_OPUS_MODEL\` and
\`ANTHROPIC_DEFAULT_SONNET_MODEL\` say. It counts on a window of a million tokens, unless \`CLAUDE_CODE_MAX_CONTEXT_TOKENS\` names that of
the smallest model of the profile.`,
};

const codexSettings = `model = "default"
model_provider = "breakwater"

[model_providers.breakwater]
name = "Breakwater"
base_url = "${shownAddress}/v1"
env_key = "BREAKWATER_API_KEY"
wire_api = "responses"
`;

const all: readonly Errand[] = ['whole', 'stream', 'turns', 'tool'];

/** Those for the terminal stream whatever they ask. */
const streamed: readonly Errand[] = ['stream', 'tool'];

const program = (file: string): Program => ({ is: 'program', file });

export const nodeClients: readonly Client[] = [
	{
		name: 'openai, chat.completions',
		package: 'openai',
		speaks: 'chat',
		errands: all,
		lines: openaiLines,
		runs: program('openai-chat.js'),
	},
	{
		name: 'openai, responses',
		package: 'openai',
		speaks: 'responses',
		errands: all,
		lines: openaiLines,
		runs: program('openai-responses.js'),
	},
	{
		name: 'openai, completions',
		package: 'openai',
		speaks: 'completions',
		errands: ['whole', 'stream'],
		lines: openaiLines,
		runs: program('openai-completions.js'),
	},
	{
		name: 'openai, embeddings',
		package: 'openai',
		speaks: 'embeddings',
		errands: ['whole'],
		lines: openaiLines,
		runs: program('openai-embeddings.js'),
	},
	{
		name: '@anthropic-ai/sdk',
		package: '@anthropic-ai/sdk',
		speaks: 'messages',
		errands: all,
		lines: anthropicLines,
		runs: program('anthropic-sdk.js'),
	},
	{
		name: '@ai-sdk/openai',
		package: '@ai-sdk/openai',
		speaks: 'responses',
		errands: all,
		lines: {
			...openaiLines,
			code: `const middleware = defaultSettingsMiddleware({ settings: { providerOptions: { openai: { store: false } } } });
const model = wrapLanguageModel({ model: openai('default'), middleware });`,
			reason:
				'Unless it is told to store nothing, it refers to earlier answers by an id, which only the provider that wrote them can follow: there is no failover then.',
		},
		runs: program('ai-sdk-openai.js'),
	},
	{
		name: '@ai-sdk/openai-compatible',
		package: '@ai-sdk/openai-compatible',
		speaks: 'chat',
		errands: all,
		lines: {
			...openaiLines,
			code: `const model = createOpenAICompatible({ name: 'breakwater', baseURL: process.env.OPENAI_BASE_URL })('default');`,
		},
		runs: program('ai-sdk-openai-compatible.js'),
	},
	{
		name: '@ai-sdk/anthropic',
		package: '@ai-sdk/anthropic',
		speaks: 'messages',
		errands: all,
		lines: { variables: { ANTHROPIC_BASE_URL: `${shownAddress}/v1`, ANTHROPIC_API_KEY: 'unused' } },
		runs: program('ai-sdk-anthropic.js'),
	},
	{
		name: '@openai/agents',
		package: '@openai/agents',
		speaks: 'responses',
		errands: all,
		lines: agentsLines,
		runs: program('openai-agents.js'),
	},
	{
		name: '@langchain/openai',
		package: '@langchain/openai',
		speaks: 'chat',
		errands: all,
		lines: openaiLines,
		runs: program('langchain-openai.js'),
	},
	{
		name: 'Codex',
		package: '@openai/codex',
		speaks: 'responses',
		errands: streamed,
		lines: {
			variables: { BREAKWATER_API_KEY: 'unused' },
			file: { path: '.codex/config.toml', text: codexSettings },
		},
		runs: {
			is: 'command',
			program: 'codex',
			arguments: (model, question) => [
				'exec',
				'--skip-git-repo-check',
				...['--sandbox', 'danger-full-access'],
				// It asks five times for a stream that breaks, and waits longer each time.
				...['-c', 'model_providers.breakwater.stream_max_retries=1'],
				...['--model', model],
				question,
			],
		},
	},
	{
		name: 'Claude Code',
		package: '@anthropic-ai/claude-code',
		speaks: 'messages',
		errands: streamed,
		lines: claudeCodeLines,
		runs: {
			is: 'command',
			program: 'claude',
			arguments: (model, question) => ['--print', '--model', model, '--allowedTools', 'Bash', '--', question],
			// It asks ten times for an answer that breaks, and waits longer each time.
			variables: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', CLAUDE_CODE_MAX_RETRIES: '1' },
		},
	},
];

export const pythonClients: readonly Client[] = [
	{
		name: 'openai, chat.completions',
		package: 'openai',
		speaks: 'chat',
		errands: all,
		lines: openaiLines,
		runs: program('openai_chat.py'),
	},
	{
		name: 'openai, responses',
		package: 'openai',
		speaks: 'responses',
		errands: all,
		lines: openaiLines,
		runs: program('openai_responses.py'),
	},
	{
		name: 'anthropic',
		package: 'anthropic',
		speaks: 'messages',
		errands: all,
		lines: anthropicLines,
		runs: program('anthropic_sdk.py'),
	},
	{
		name: 'openai-agents',
		package: 'openai-agents',
		speaks: 'responses',
		errands: all,
		lines: agentsLines,
		runs: program('openai_agents.py'),
	},
	{
		name: 'langchain-openai',
		package: 'langchain-openai',
		speaks: 'chat',
		errands: all,
		lines: openaiLines,
		runs: program('langchain_openai_chat.py'),
	},
	{
		name: 'pydantic-ai, openai:NAME',
		package: 'pydantic-ai-slim',
		speaks: 'responses',
		errands: all,
		lines: openaiLines,
		runs: program('pydantic_ai_openai.py'),
	},
	{
		name: 'litellm, openai/NAME',
		package: 'litellm',
		speaks: 'chat',
		errands: all,
		lines: openaiLines,
		// Else it fetches the prices of all models when it is imported.
		runs: { ...program('litellm_openai.py'), variables: { LITELLM_LOCAL_MODEL_COST_MAP: 'True' } },
	},
];

/** Behind Breakwater stand providers that a client could ask itself, then those that it could not, then one of each. */
export function settingsOf({ speaks }: Pick<Client, 'speaks'>): readonly Setting[] {
	return settings[speaks];
}

const settings: Readonly<Record<Speech, readonly Setting[]>> = {
	chat: [both('openai'), both('responses'), both('anthropic'), { first: 'openai', second: 'anthropic' }],
	responses: [both('openai'), both('chat'), both('anthropic'), { first: 'openai', second: 'anthropic' }],
	messages: [both('anthropic'), both('responses'), both('chat'), { first: 'anthropic', second: 'chat' }],
	completions: [both('openai'), both('chat'), both('anthropic'), { first: 'openai', second: 'chat' }],
	embeddings: [both('openai')],
};

function both(kind: Setting['first']): Setting {
	return { first: kind, second: kind };
}

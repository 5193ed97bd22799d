import type { Config } from '../config/config.ts';

/** A tool that people use, and the lines that point it at the proxy. */
export interface NextStep {
	tool: string;
	lines: readonly string[];
}

/**
 * How the tools that people use are pointed at the proxy.
 * @param address such as `http://127.0.0.1:4010`
 */
export function nextSteps(address: string, config: Config): NextStep[] {
	const url = `${address}/v1`;
	const profile = config.defaultProfile;
	const [client] = Object.keys(config.server.clients ?? {});
	// The SDKs refuse to start without a key, though the proxy may want none.
	const key = client === undefined ? 'none-needed' : `KEY-OF-${client}`;
	const header = client === undefined ? '' : ` -H 'authorization: Bearer ${key}'`;
	const body = JSON.stringify({ model: profile, messages: [{ role: 'user', content: 'Hello' }] });
	return [
		{
			tool: 'curl',
			lines: [`curl ${url}/chat/completions -H 'content-type: application/json'${header} -d '${body}'`],
		},
		{
			tool: 'any tool that uses an openai SDK',
			lines: [
				'# In the shell of that tool: where Breakwater starts, it would take the place of a key of its own.',
				`export OPENAI_BASE_URL=${url} OPENAI_API_KEY=${key}`,
			],
		},
		{
			tool: 'openai for Python',
			lines: [
				'from openai import OpenAI',
				`client = OpenAI(base_url="${url}", api_key="${key}")`,
				`answer = client.chat.completions.create(model="${profile}", messages=[{"role": "user", "content": "Hello"}])`,
				'print(answer.choices[0].message.content)',
			],
		},
		{
			tool: 'openai for Node',
			lines: [
				"import OpenAI from 'openai';",
				`const client = new OpenAI({ baseURL: '${url}', apiKey: '${key}' });`,
				`const answer = await client.chat.completions.create({ model: '${profile}', messages: [{ role: 'user', content: 'Hello' }] });`,
				'console.log(answer.choices[0].message.content);',
			],
		},
		{
			tool: 'LangChain (Python)',
			lines: [
				'from langchain_openai import ChatOpenAI',
				`model = ChatOpenAI(base_url="${url}", api_key="${key}", model="${profile}")`,
			],
		},
		{
			tool: 'Aider',
			lines: [`aider --openai-api-base ${url} --openai-api-key ${key} --model openai/${codeProfile(config)}`],
		},
		{
			tool: 'Continue (config.yaml)',
			lines: [
				'models:',
				'  - name: Breakwater',
				'    provider: openai',
				`    model: ${codeProfile(config)}`,
				`    apiBase: ${url}`,
				`    apiKey: ${key}`,
			],
		},
		{
			tool: 'Open WebUI',
			lines: [
				`OPENAI_API_BASE_URL=${url} OPENAI_API_KEY=${key} open-webui serve`,
				'# in Docker 127.0.0.1 is the container itself: run it with --network host',
			],
		},
		...anthropicSteps(address, key, config),
		codexStep(url, key, config),
	];
}

/** Anthropic's own clients add the `/v1` themselves. */
function anthropicSteps(address: string, key: string, config: Config): NextStep[] {
	return [
		{
			tool: 'Claude Code',
			lines: [
				'# In the shell of Claude Code: where Breakwater starts, they would take the place of the address and key of Anthropic.',
				`export ANTHROPIC_BASE_URL=${address} ANTHROPIC_API_KEY=${key}`,
				`export ANTHROPIC_MODEL=${codeProfile(config)} ANTHROPIC_DEFAULT_HAIKU_MODEL=${profileOr('cheap', config)}`,
			],
		},
		{
			tool: 'anthropic for Python',
			lines: [
				'from anthropic import Anthropic',
				`client = Anthropic(base_url="${address}", api_key="${key}")`,
				`answer = client.messages.create(model="${config.defaultProfile}", max_tokens=1024, messages=[{"role": "user", "content": "Hello"}])`,
				'print(answer.content)',
			],
		},
		{
			tool: 'anthropic for Node',
			lines: [
				"import Anthropic from '@anthropic-ai/sdk';",
				`const client = new Anthropic({ baseURL: '${address}', apiKey: '${key}' });`,
				`const answer = await client.messages.create({ model: '${config.defaultProfile}', max_tokens: 1024, messages: [{ role: 'user', content: 'Hello' }] });`,
				'console.log(answer.content);',
			],
		},
	];
}

function codexStep(url: string, key: string, config: Config): NextStep {
	return {
		tool: 'Codex (~/.codex/config.toml)',
		lines: [
			`# and in its shell: export BREAKWATER_API_KEY=${key}`,
			`model = "${codeProfile(config)}"`,
			'model_provider = "breakwater"',
			'[model_providers.breakwater]',
			'name = "Breakwater"',
			`base_url = "${url}"`,
			'env_key = "BREAKWATER_API_KEY"',
			'wire_api = "responses"',
		],
	};
}

function codeProfile(config: Config): string {
	return profileOr('code', config);
}

/** @returns the profile of this name, and the default one where there is none */
function profileOr(name: string, { profiles, defaultProfile }: Config): string {
	return Object.hasOwn(profiles, name) ? name : defaultProfile;
}

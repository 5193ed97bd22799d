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
		{
			tool: "tools that speak only Anthropic's API, such as Claude Code",
			lines: [
				'# Breakwater speaks the OpenAI API. Such a tool needs a translator in between (claude-code-router, LiteLLM),',
				`# whose OpenAI-compatible upstream is ${url} with the model ${codeProfile(config)}.`,
			],
		},
	];
}

function codeProfile({ profiles, defaultProfile }: Config): string {
	return Object.hasOwn(profiles, 'code') ? 'code' : defaultProfile;
}

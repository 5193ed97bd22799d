import type { LintCase } from './lint-cases.ts';

const providers = (ofB: string) => `providers:
  a: { baseUrl: https://a.example/v1, apiKey: "\${A_KEY}" }
  b: { baseUrl: https://b.example/v1, apiKey: "\${B_KEY}"${ofB} }
`;
const profile = (text: string) => `profiles:\n  default: { ${text} }\n`;

/** Which endpoints targets have, and what stands in for what. */
export const dialectCases: readonly LintCase[] = [
	{
		rule: 'mixed-embeddings',
		severity: 'error',
		text: `${providers('')}${profile('for: embeddings, chain: [a/embed-large, §b/nomic-embed]')}`,
		says: /`b\/nomic-embed` is another model than `a\/embed-large`/,
		sound: `${providers(', models: { nomic-embed: { sameAs: embed-large } }')}${profile('for: embeddings, chain: [a/embed-large, b/nomic-embed]')}`,
	},
	{
		rule: 'target-without-endpoint',
		severity: 'warning',
		text: `${providers(', endpoints: [embeddings]')}${profile('chain: [a/m, §b/m]')}`,
		says: /`b\/m` is never asked: it has no endpoint for answers/,
		sound: `${providers(', endpoints: [embeddings, chat]')}${profile('chain: [a/m, b/m]')}`,
	},
	{
		rule: 'unknown-endpoint',
		severity: 'warning',
		text: `${providers(', endpoints: [chat, §messages]')}${profile('chain: [a/m, b/m]')}`,
		says: /of the protocol `openai` have no endpoint `messages`/,
		sound: `${providers(', endpoints: [chat]')}${profile('chain: [a/m, b/m]')}`,
	},
];

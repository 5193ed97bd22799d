import { parseConfig } from '../../../src/config/load.ts';
import { type CaseOptions, explainCase } from '../../../src/verify/play/play.ts';

/** A chain of three providers, of which one has two keys. */
export const yaml = `
providers:
  openai: { baseUrl: "https://api.example/v1", apiKey: "sk-very-secret", models: { gpt-5.4: { reasons: false } } }
  anthropic: { baseUrl: "https://other.example/v1", apiKey: [key-aaaa, key-bbbb] }
  local: { baseUrl: "http://127.0.0.1:9/v1", streamUpstream: true, policy: { timeouts: { firstToken: 60s } } }
profiles:
  default: { chain: [openai/gpt-5.4, anthropic/claude, "local/qwen:7b"] }
  cheap: { chain: ["local/qwen:7b"] }
  safe: { chain: [openai/gpt-5.4, "local/qwen:7b"], commit: complete }
errorRules:
  - { provider: openai, message: "loading", as: MODEL_UNAVAILABLE.loading }
`;

const config = parseConfig(yaml, { file: 'test.yaml', env: {} });

/** @param when the script of the case; of `default`, streamed, where the options say nothing else */
export function explain(when: string, options: Partial<CaseOptions> = {}) {
	return explainCase(config, { profile: 'default', when, stream: true, ...options });
}

/** When, and in what words. */
export function linesOf(when: string, options: Partial<CaseOptions> = {}): string[] {
	return explain(when, options).steps.map(({ at, words }) => `${at} ${words}`);
}

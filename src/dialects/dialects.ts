import type { ClientDialect, Protocol, ProviderDialect } from '../contract/dialect.ts';
import { anthropicMessagesClient } from './anthropic-messages/anthropic-messages.ts';
import { anthropicCountClient } from './anthropic-messages/count-tokens.ts';
import { openaiChatClient, openaiChatProvider } from './openai-chat/openai-chat.ts';
import { openaiCompletionsClient } from './openai-completions/openai-completions.ts';
import { openaiEmbeddingsClient } from './openai-embeddings/openai-embeddings.ts';
import { openaiResponsesClient } from './openai-responses/openai-responses.ts';
import { anthropic } from './protocols/anthropic.ts';
import { azure } from './protocols/azure.ts';
import { openai } from './protocols/openai.ts';

/** What Breakwater speaks to its callers, each at its own path. */
export const clientDialects: readonly ClientDialect[] = [
	openaiChatClient,
	openaiResponsesClient,
	anthropicMessagesClient,
	anthropicCountClient,
	openaiCompletionsClient,
	openaiEmbeddingsClient,
];

/** A simulated provider takes what OpenAI's chat takes; everything else is translated to that. */
const simulated: Protocol = {
	...openai,
	name: 'simulated',
	endpoints: { chat: openaiChatProvider },
	usualEndpoints: () => ['chat'],
};

/** What it speaks to providers, by the `protocol` of the configuration. */
export const protocols: Readonly<Record<string, Protocol>> = { openai, anthropic, azure, simulated };

/** What a provider has of its protocol. */
export interface Offer {
	/** Those that it is said to have; undefined: the usual ones. */
	readonly endpoints?: readonly string[] | undefined;
	readonly baseUrl?: string;
	readonly apiVersion?: string;
}

/** The endpoints in which a model answers. @param ofModel those that it is said to have; undefined: all of its provider's */
export function endpointsOf(
	protocol: Protocol,
	offer: Offer,
	ofModel: readonly string[] | undefined,
): readonly string[] {
	const endpoints = offer.endpoints ?? protocol.usualEndpoints(offer);
	return endpoints.filter((endpoint) => ofModel?.includes(endpoint) !== false);
}

/**
 * The dialect in which a provider is asked for what came in another, or in the same.
 * @param endpoints those in which it answers
 * @param model by its name there
 * @returns undefined where it cannot be asked for it at all
 */
export function dialectFor(
	client: Pick<ClientDialect, 'askedIn' | 'name'>,
	protocol: Protocol,
	endpoints: readonly string[],
	model: string,
): ProviderDialect | undefined {
	const spoken = endpoints.flatMap((endpoint) => protocol.endpoints[endpoint] ?? []);
	const possible = client.askedIn.flatMap((name) => spoken.find((one) => one.name === name) ?? []);
	return (
		possible.find(({ name, isSecondBest }) => name === client.name || isSecondBest?.(model) !== true) ?? possible[0]
	);
}
